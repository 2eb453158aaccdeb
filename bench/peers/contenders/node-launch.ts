import { fileURLToPath } from 'node:url'
import type { ServerEnvironment } from '../servers/environment.ts'
import type { Launch, LaunchOptions } from './contender.ts'

/** Returns the command for a server of `servers/` that takes its publications on the port of its clients. */
export function nodeLaunch(server: 'socketio' | 'ws' | 'bare' | 'nchan' | 'bun', options: LaunchOptions): Launch {
  const { port, key, issuer, buildDirectory } = options
  const environment: ServerEnvironment = {
    port,
    publishPort: port + 1,
    key,
    keysFile: issuer.keysFile,
    issuer: issuer.issuer,
    audience: issuer.audience,
    packages: buildDirectory,
  }
  return {
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL(`../servers/${server}.ts`, import.meta.url))],
    env: { NODE_ENV: 'production', PEERS_SERVER: JSON.stringify(environment) },
    files: {},
    publishPort: port,
    readyUrl: null,
  }
}
