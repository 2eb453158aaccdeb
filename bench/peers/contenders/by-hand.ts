import { ok } from '../../../program/result.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import type { Contender } from './contender.ts'
import { installNpm } from './install-npm.ts'
import { nodeLaunch } from './node-launch.ts'

const socketIoPackages = { 'socket.io': '4.8.4', bufferutil: '4.1.0', 'utf-8-validate': '6.0.6' }

export const socketio: Contender = {
  name: 'socketio',
  title: 'Socket.IO',
  dialect: 'socketio',
  resumes: true,
  prepare: (options) => installNpm({ title: 'Socket.IO', main: 'socket.io', packages: socketIoPackages }, options),
  launch: (options) => nodeLaunch('socketio', options),
}

export const ws: Contender = {
  name: 'ws',
  title: 'ws, by hand',
  dialect: 'plain',
  resumes: false,
  prepare: () => Promise.resolve(ok(packageJson.dependencies.ws)),
  launch: (options) => nodeLaunch('ws', options),
}

/** Floor of all figures: see servers/bare.ts. */
export const bare: Contender = {
  name: 'bare',
  title: 'bare node:net',
  dialect: 'bare',
  resumes: false,
  leavesOut: { stalled: 'it is the floor for speed, and has no limits', loss: 'it is the floor for speed, and keeps nothing' },
  prepare: () => Promise.resolve(ok(process.versions.node)),
  launch: (options) => ({ ...nodeLaunch('bare', options), publishPort: options.port + 1 }),
}
