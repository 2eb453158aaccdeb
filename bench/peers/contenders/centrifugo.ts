import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failed, ok, type Result } from '../../../program/result.ts'
import { findCommand } from '../../../scripts/find-command.ts'
import { personalNamespace } from '../dialects/centrifugo.ts'
import type { Contender, Launch, LaunchOptions, PrepareOptions } from './contender.ts'
import { runStep } from './run-step.ts'

const version = '6.9.1'
const module = 'github.com/centrifugal/centrifugo/v6'
const binaryOf = (directory: string): string => join(directory, 'centrifugo')

/** In its fastest mode: it keeps nothing for clients that come back. */
export const centrifugo: Contender = {
  name: 'centrifugo',
  title: 'Centrifugo',
  dialect: 'centrifugo',
  resumes: false,
  prepare,
  launch: (options) => launch(options, {}),
}

/** With history in memory, from which returning clients recover: the nearest to what Carillon always does. */
export const centrifugoRecovery: Contender = {
  ...centrifugo,
  name: 'centrifugo-recovery',
  title: 'Centrifugo, recovery on',
  resumes: true,
  launch: (options) => launch(options, { history_size: 300, history_ttl: '300s', force_recovery: true }),
}

/** `go install` takes no module with replacements; a module that names it as its tool builds it. */
async function prepare({ directory, say }: PrepareOptions): Promise<Result<string, string>> {
  if (isBuilt(directory)) return ok(version)
  if (findCommand('go') === null) return failed('it is built with Go, and there is no `go` on the PATH')
  mkdirSync(directory, { recursive: true })
  if (!existsSync(join(directory, 'go.mod')))
    writeFileSync(join(directory, 'go.mod'), 'module carillon.invalid/peers/centrifugo\n\ngo 1.25\n')
  say(`fetching and building Centrifugo ${version}, which takes some minutes the first time`)
  const steps = [
    ['go', 'get', '-tool', `${module}@v${version}`],
    ['go', 'build', '-trimpath', '-ldflags', `-s -w -X ${module}/internal/build.Version=${version}`, '-o', binaryOf(directory), module],
  ]
  for (const [command = '', ...args] of steps) {
    const step = await runStep(command, args, directory)
    if (!step.ok) return step
  }
  return isBuilt(directory) ? ok(version) : failed('the built version is not the pinned one')
}

function isBuilt(directory: string): boolean {
  return existsSync(binaryOf(directory)) && spawnSync(binaryOf(directory), ['version'], { encoding: 'utf8' }).stdout.includes(version)
}

type History = Readonly<Record<string, string | number | boolean>>

function launch(options: LaunchOptions, history: History): Launch {
  const { directory, buildDirectory, port } = options
  return {
    command: binaryOf(buildDirectory),
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
