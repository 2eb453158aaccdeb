import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gatewayNodeFlags } from '../../../program/node-flags.ts'
import { ok } from '../../../program/result.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { channel } from '../dialects/carillon.ts'
import type { Contender, Launch, LaunchOptions } from './contender.ts'

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Limits that protect a gateway from strangers, and that the measures would reach. All other options have their defaults. */
const limits = { UPGRADE_RATE_PER_S: '100000', UPGRADE_BURST: '100000', EMIT_RATE_PER_S: '100000', EMIT_BURST: '100000' }

export const carillon: Contender = {
  name: 'carillon',
  title: 'Carillon',
  dialect: 'carillon',
  resumes: true,
  prepare: () => Promise.resolve(ok(packageJson.version)),
  launch: (options) => launch(options),
}

/** A pod beside others, one of which keeps the dead letters of these partitions. It differs only with Kafka. */
export const carillonWithoutDeadLetters: Contender = {
  ...carillon,
  name: 'carillon-no-dead-letters',
  title: 'Carillon, dead letters elsewhere',
  launch: (options) => {
    const launched = launch(options)
    return { ...launched, env: { ...launched.env, KAFKA_DLQ: 'false' } }
  },
}

/** Pods that share a secret: a client that comes back shows a resume ticket, so that no signature is verified for it. */
export const carillonWithTickets: Contender = {
  ...carillon,
  name: 'carillon-tickets',
  title: 'Carillon, resume tickets',
  launch: (options) => {
    const launched = launch(options)
    const file = 'ticket-keys'
    return {
      ...launched,
      env: { ...launched.env, TICKET_KEYS_FILE: join(options.directory, file) },
      files: { ...launched.files, [file]: options.ticketSecret },
    }
  },
}

function launch({ port, issuer, kafka }: LaunchOptions): Launch {
  return {
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      ...gatewayNodeFlags,
      fileOf(kafka === null ? '../servers/carillon.ts' : '../../../gateway/main.ts'),
    ],
    env: {
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      CHANNEL: channel,
      HOST: '127.0.0.1',
      INTERNAL_HOST: '127.0.0.1',
      PORT: String(port),
      INTERNAL_PORT: String(port + 1),
      KAFKA_BROKERS: kafka?.brokers.join(',') ?? '127.0.0.1:1',
      ...(kafka === null ? {} : { KAFKA_TOPIC: kafka.topic, KAFKA_CREATE_TOPIC: 'on', KAFKA_PRODUCE_TIMEOUT_MS: '10000' }),
      JWT_KEYS_FILE: issuer.keysFile,
      JWT_ISSUER: issuer.issuer,
      JWT_AUDIENCE: issuer.audience,
      ALLOWED_ORIGINS: 'https://bench.invalid',
      ...limits,
    },
    files: {},
    publishPort: port,
    readyUrl: `http://127.0.0.1:${port + 1}/readyz`,
  }
}
