import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRestartableGateway, type RestartableGateway } from '../../testing/processes/gateway-process.ts'
import type { Issuer } from './tokens.ts'

export const channel = 'proof'

export interface GatewaySettings {
  readonly brokers: readonly string[]
  readonly issuer: Issuer
  /** Options besides those of every proof. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts two gateways on one Kafka. @param ends gets what ends them */
export async function startGateways(
  { brokers, issuer, env: more = {} }: GatewaySettings,
  ends: (() => Promise<unknown> | void)[],
): Promise<readonly RestartableGateway[]> {
  const directory = await mkdtemp(join(tmpdir(), 'carillon-proof-'))
  ends.push(() => rm(directory, { recursive: true }))
  const keysFile = join(directory, 'jwks.json')
  await writeFile(keysFile, issuer.jwks)
  const env = {
    NODE_ENV: 'production',
    CHANNEL: channel,
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_TOPIC: 'proof',
    KAFKA_CREATE_TOPIC: 'on',
    JWT_KEYS_FILE: keysFile,
    JWT_ISSUER: issuer.issuer,
    JWT_AUDIENCE: issuer.audience,
    ALLOWED_ORIGINS: 'https://proof.invalid',
    DRAIN_MS: '2000',
    KAFKA_PRODUCE_TIMEOUT_MS: '10000',
    EMIT_RATE_PER_S: '100000',
    EMIT_BURST: '100000',
    ...more,
  }
  const gateways = [await createRestartableGateway('A', env), await createRestartableGateway('B', env)]
  for (const gateway of gateways) {
    ends.push(() => gateway.kill())
    await gateway.start()
  }
  return gateways
}

/** Returns the port for the next attempt, as a load balancer would choose it. */
export const portOf = (gateways: readonly RestartableGateway[], random: () => number): number =>
  gateways[Math.floor(random() * gateways.length)]?.port ?? 1
