import { join } from 'node:path'
import { buildGo, type GoProgram } from './build-go.ts'
import type { Contender, Launch, LaunchOptions } from './contender.ts'

const program: GoProgram = {
  title: 'NATS',
  module: 'github.com/nats-io/nats-server/v2',
  version: '2.15.2',
  binary: 'nats-server',
  versionArgs: ['--version'],
  linkerFlags: '',
}

/** Time for which the clients of the rig wait. The default of 2 s is too short for a storm on one processor. */
const authorizationTimeoutS = 30

/** Core NATS with its WebSocket listener. */
export const nats: Contender = {
  name: 'nats',
  title: 'NATS',
  dialect: 'nats',
  resumes: false,
  leavesOut: { loss: 'as ws, by hand: without JetStream it keeps nothing for clients that come back' },
  prepare: (options) => buildGo(program, options),
  launch,
}

function launch({ directory, buildDirectory, port, issuer }: LaunchOptions): Launch {
  const publishPort = port + 1
  const { operatorToken, accountId, accountToken } = issuer.nats
  return {
    command: join(buildDirectory, program.binary),
    args: ['--config', join(directory, 'nats.conf')],
    env: {},
    // JSON is a form of its configuration language. Options that are not here have their defaults.
    files: {
      'nats.conf': JSON.stringify({
        host: '127.0.0.1',
        port: publishPort,
        websocket: { host: '127.0.0.1', port, no_tls: true, compression: false, authorization: { timeout: authorizationTimeoutS } },
        operator: operatorToken,
        resolver: 'MEMORY',
        resolver_preload: { [accountId]: accountToken },
      }),
    },
    publishPort,
    readyUrl: null,
  }
}
