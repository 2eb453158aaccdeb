import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { failed, type Result } from '../../../program/result.ts'
import type { Contender, PrepareOptions } from './contender.ts'
import { installNpm } from './install-npm.ts'
import { nodeLaunch } from './node-launch.ts'

const version = '1.4.5'
const binaryOf = (directory: string): string => join(directory, 'node_modules/bun/bin/bun.exe')

/** `Bun.serve`, whose WebSockets are those of uWebSockets. The npm package brings the binary. */
export const bun: Contender = {
  name: 'bun',
  title: 'Bun',
  dialect: 'plain',
  build: 'bun',
  resumes: false,
  leavesOut: { loss: 'as ws, by hand: it keeps nothing for clients that come back' },
  prepare: installBun,
  launch: (options) => {
    const { args, ...launch } = nodeLaunch('bun', options)
    return { ...launch, command: binaryOf(options.buildDirectory), args: args.slice(-1) }
  },
}

async function installBun(options: PrepareOptions): Promise<Result<string, string>> {
  const installed = await installNpm({ title: 'Bun', main: 'bun', packages: { bun: version } }, options)
  if (!installed.ok) return installed
  // Its script of installation puts the binary of this system there, unless npm runs no scripts.
  const run = spawnSync(binaryOf(options.directory), ['--version'], { encoding: 'utf8' })
  return run.stdout?.trim() === version
    ? installed
    : failed('its binary does not run. Allow npm to run scripts of installation (`ignore-scripts`).')
}
