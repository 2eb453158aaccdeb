import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { failed, ok, type Result } from '../../../program/result.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import type { ServerEnvironment } from '../servers/environment.ts'
import type { Contender, Launch, LaunchOptions, PrepareOptions } from './contender.ts'
import { runStep } from './run-step.ts'

const socketIoPackages = { 'socket.io': '4.8.4', bufferutil: '4.1.0', 'utf-8-validate': '6.0.6' }

export const socketio: Contender = {
  name: 'socketio',
  title: 'Socket.IO',
  dialect: 'socketio',
  resumes: true,
  prepare: installSocketIo,
  launch: (options) => launch('socketio', options),
}

export const ws: Contender = {
  name: 'ws',
  title: 'ws, by hand',
  dialect: 'plain',
  resumes: false,
  prepare: () => Promise.resolve(ok(packageJson.dependencies.ws)),
  launch: (options) => launch('ws', options),
}

/** Floor of all figures: see servers/bare.ts. */
export const bare: Contender = {
  name: 'bare',
  title: 'bare node:net',
  dialect: 'bare',
  resumes: false,
  prepare: () => Promise.resolve(ok(process.versions.node)),
  launch: (options) => ({ ...launch('bare', options), publishPort: options.port + 1 }),
}

function launch(server: 'socketio' | 'ws' | 'bare', { port, key, issuer, buildDirectory }: LaunchOptions): Launch {
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

async function installSocketIo({ directory, say }: PrepareOptions): Promise<Result<string, string>> {
  const version = socketIoPackages['socket.io']
  if (installedVersion(directory) === version) return ok(version)
  say(`installing Socket.IO ${version}`)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies: socketIoPackages }))
  const step = await runStep('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], directory)
  if (!step.ok) return step
  return installedVersion(directory) === version ? ok(version) : failed('the installed version is not the pinned one')
}

function installedVersion(directory: string): string | null {
  const file = join(directory, 'node_modules/socket.io/package.json')
  // Its own package.json.
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version : null
}
