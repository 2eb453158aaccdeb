import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { createJwtAuthenticator } from '../../gateway/adapters/jose/authenticator.ts'
import {
  createTestIssuer,
  goodClaims,
  testAudience,
  testIssuerName,
  type TestIssuer,
} from '../../gateway/adapters/jose/testing/test-issuer.ts'
import { parseOptions } from '../../gateway/config/parse-options.ts'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { createRecordingMetrics } from '../../gateway/testing/recording-metrics.ts'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { pythonProgram, startForeign } from './testing/foreign-client.ts'
import { checkMessages } from './testing/sample-events.ts'
import { tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

const client = { name: 'websockets', version: versionOf('websockets') }

describe('tokens of a key file', () => {
  const trial = tabulate('tokens')
  const folder = mkdtempSync(join(tmpdir(), 'carillon-keys-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** A gateway with the rules of production, on the in-process log. */
  const startProduction = async (keys: string, more: Readonly<Record<string, string>> = {}): Promise<TestGateway> => {
    const path = join(folder, 'keys.json')
    writeFileSync(path, keys)
    const env = {
      NODE_ENV: 'production',
      PORT: '0',
      INTERNAL_PORT: '0',
      HOST: '127.0.0.1',
      INTERNAL_HOST: '127.0.0.1',
      KAFKA_BROKERS: '127.0.0.1:9092',
      JWT_KEYS_FILE: path,
      JWT_ISSUER: testIssuerName,
      JWT_AUDIENCE: testAudience,
      ALLOWED_ORIGINS: 'https://console.example',
      ...more,
    }
    const config = parseOptions(env, { readable: () => true })
    if (!config.ok) throw new Error(JSON.stringify(config.error))
    const authenticator = createJwtAuthenticator(config.value, {
      logger: createRecordingLogger().logger,
      metrics: createRecordingMetrics().metrics,
      now: Date.now,
    })
    return startTestGateway({ env, adapters: { authenticator, keys: authenticator } })
  }

  const keysOf = ({ jwk }: TestIssuer): string => JSON.stringify({ keys: [jwk] })

  const connectWith = async (issuer: TestIssuer, keys: string, more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> => {
    const gateway = await startProduction(keys, more)
    const foreign = startForeign(
      pythonProgram('websockets_client.py', [`${gateway.socketUrl}?cursor=latest`, await issuer.sign(goodClaims(Date.now())), 'header']),
    )
    try {
      await foreign.until('message', 1).catch(() => undefined) // A refusal ends the program.
      return [...checkMessages(foreign.texts('message')), ...foreign.texts('refused')]
    } finally {
      await foreign.kill()
      await gateway.stop()
    }
  }

  trial({
    client,
    what: 'connects with a token of a key file that begins with a byte order mark',
    arrives: ['!resumed'],
    act: async () => {
      const issuer = await createTestIssuer()
      return connectWith(issuer, `\uFEFF${keysOf(issuer)}`)
    },
  })

  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']) {
    trial({
      client,
      what: `connects with a token of the algorithm ${alg}, which its key names`,
      arrives: ['!resumed'],
      act: async () => {
        const issuer = await createTestIssuer({ alg })
        return connectWith(issuer, keysOf(issuer), { JWT_ALGORITHMS: 'RS256,PS256,ES256,EdDSA,Ed25519' })
      },
    })
  }

  trial({
    client,
    what: 'is refused with a token of another key',
    arrives: ['{"status": 401}'],
    act: async () => connectWith(await createTestIssuer(), keysOf(await createTestIssuer())),
  })

  trial({
    client,
    what: 'connects with roles below a Keycloak client of the name my.console, and receives an event for these roles',
    arrives: ['!resumed', 'for admins', 'last'],
    act: async () => {
      const issuer = await createTestIssuer()
      const gateway = await startProduction(keysOf(issuer), { JWT_CLAIM_ROLES: 'resource_access.my.console.roles' })
      const token = await issuer.sign(
        goodClaims(Date.now(), { org_id: 'o1', resource_access: { 'my.console': { roles: ['admin'] } }, scope: 'carillon.emit' }),
      )
      const foreign = startForeign(pythonProgram('websockets_client.py', [`${gateway.socketUrl}?cursor=latest`, token, 'header']))
      const emit = async (message: unknown): Promise<void> => {
        const answer = await gateway.emit(message, { authorization: `Bearer ${token}` })
        if (answer.status !== 202) throw new Error(`the message was answered with ${answer.status}: ${await answer.text()}`)
      }
      try {
        await foreign.until('message', 1)
        // One organization each: both events are in one partition, and arrive in this order.
        await emit({ id: 'for admins', type: 'interop.roles', organizations: ['o1'], roles: ['admin'] })
        await emit({ id: 'last', type: 'interop.last', organizations: ['o1'] })
        await foreign.ended()
        return checkMessages(foreign.texts('message'))
      } finally {
        await foreign.kill()
        await gateway.stop()
      }
    },
  })
})
