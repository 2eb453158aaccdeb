import { join } from 'node:path'
import { personalNamespace } from '../dialects/centrifugo.ts'
import { buildGo, type GoProgram } from './build-go.ts'
import type { Contender, Launch, LaunchOptions } from './contender.ts'

const version = '6.9.1'
const module = 'github.com/centrifugal/centrifugo/v6'
const program: GoProgram = {
  title: 'Centrifugo',
  module,
  version,
  binary: 'centrifugo',
  versionArgs: ['version'],
  linkerFlags: `-X ${module}/internal/build.Version=${version}`,
}

/** In its fastest mode: it keeps nothing for clients that come back. */
export const centrifugo: Contender = {
  name: 'centrifugo',
  title: 'Centrifugo',
  dialect: 'centrifugo',
  resumes: false,
  leavesOut: { loss: 'it keeps nothing for clients that come back; *recovery on* does' },
  prepare: (options) => buildGo(program, options),
  launch: (options) => launch(options, {}),
}

/** With history in memory, from which returning clients recover: the nearest to what Carillon always does. */
export const centrifugoRecovery: Contender = {
  ...centrifugo,
  name: 'centrifugo-recovery',
  title: 'Centrifugo, recovery on',
  resumes: true,
  leavesOut: {
    stalled: 'as Centrifugo: history changes nothing here',
    storm: 'as Centrifugo: its history went with the process',
    targeted: 'as Centrifugo: history changes little here',
  },
  launch: (options) => launch(options, { history_size: 300, history_ttl: '300s', force_recovery: true }),
}

type History = Readonly<Record<string, string | number | boolean>>

function launch(options: LaunchOptions, history: History): Launch {
  const { directory, buildDirectory, port } = options
  return {
    command: join(buildDirectory, program.binary),
    args: ['--config', join(directory, 'centrifugo.json')],
    env: {},
    files: { 'centrifugo.json': JSON.stringify(configOf(options, history), null, 2) },
    publishPort: port,
    readyUrl: `http://127.0.0.1:${port}/health`,
  }
}

/** Settings that its documentation gives for production; the two buffers are its own advice for less memory per connection. */
function configOf({ port, key, issuer, kafka }: LaunchOptions, history: History): object {
  return {
    http_server: { address: '127.0.0.1', port },
    log: { level: 'error' },
    client: {
      token: { ecdsa_public_key: issuer.publicKeyPem, issuer: issuer.issuer, audience: issuer.audience },
      allowed_origins: ['https://bench.invalid'],
      subscribe_to_user_personal_channel: { enabled: true, personal_channel_namespace: personalNamespace },
    },
    websocket: { use_write_buffer_pool: true, read_buffer_size: 512 },
    http_api: { key },
    health: { enabled: true },
    channel: { without_namespace: history, namespaces: [{ name: personalNamespace, ...history }] },
    ...(kafka === null ? {} : { consumers: [consumerOf(kafka)] }),
  }
}

function consumerOf({ brokers, topic }: { readonly brokers: readonly string[]; readonly topic: string }): object {
  const kafka = { brokers, topics: [topic], consumer_group: 'centrifugo', publication_data_mode: { enabled: true } }
  return { enabled: true, name: 'bench', type: 'kafka', kafka }
}
