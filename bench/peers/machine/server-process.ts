import { messageOf } from '../../../program/message-of.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pinned } from '../../lib/child.ts'
import type { Launch } from '../contenders/contender.ts'
import { familyOf, hasEnded, type ProcessUsage, readUsage } from './proc.ts'

/** A running server, on a processor of its own. */
export interface ServerProcess {
  readonly port: number
  readonly publishPort: number
  usage(): ProcessUsage
  isRunning(): boolean
  /** Sends SIGTERM, and SIGKILL after the deadline. Resolves when it has ended. */
  stop(deadlineMs?: number): Promise<void>
  /** Sends SIGKILL. Resolves when it has ended. */
  kill(): Promise<void>
}

export interface StartOptions {
  readonly title: string
  readonly launch: Launch
  readonly port: number
  readonly directory: string
  readonly cpu: number
  readonly timeoutMs: number
}

const keptCharacters = 2_000

/** Resolves when it is ready. @throws Error when it ends before, or takes too long */
export async function startServer(options: StartOptions): Promise<ServerProcess> {
  const { launch, directory, cpu } = options
  for (const [name, text] of Object.entries(launch.files)) writeFileSync(join(directory, name), text)
  const [command = '', ...args] = pinned(cpu, [launch.command, ...launch.args])
  const child = spawn(command, args, {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...launch.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own, so that SIGKILL ends what it has started as well.
    detached: true,
  })
  const complaints = { tail: '' }
  child.stderr.on('data', (chunk: Buffer) => void (complaints.tail = (complaints.tail + chunk.toString()).slice(-keptCharacters)))
  // It must not outlive an interrupted run.
  const killAtExit = (): void => killGroup(child)
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  const kill = (): Promise<void> => end(child, () => killGroup(child))
  try {
    await untilReady(child, options)
  } catch (error) {
    await kill()
    throw new Error(`${messageOf(error)}\n${complaints.tail}`, { cause: error })
  }
  // A started process has an id. `taskset` becomes the command that it starts.
  const pid = child.pid ?? 0
  return {
    port: options.port,
    publishPort: launch.publishPort,
    usage: () => readUsage(pid),
    isRunning: () => isRunning(child),
    stop: async (deadlineMs = 20_000) => {
      const timer = setTimeout(() => void kill(), deadlineMs)
      await end(child, () => void child.kill('SIGTERM'))
      clearTimeout(timer)
    },
    kill,
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

/** A process that could not start has no id. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has ended.
  }
}

async function end(child: ChildProcess, signal: () => void): Promise<void> {
  if (!isRunning(child)) return
  const exited = once(child, 'exit')
  const family = familyOf(child.pid ?? 0)
  signal()
  await exited
  // Its children hold the port a little longer.
  while (!family.every(hasEnded)) await sleep(10)
}

async function untilReady(child: ChildProcess, { title, launch, port, timeoutMs }: StartOptions): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs
  while (!(await isReady(launch.readyUrl, port))) {
    if (!isRunning(child)) throw new Error(`${title} ended (${String(child.exitCode ?? child.signalCode)}) before it was ready`)
    if (Date.now() > deadlineMs) throw new Error(`${title} was not ready after ${timeoutMs / 1000} s`)
    await sleep(25)
  }
}

async function isReady(url: string | null, port: number): Promise<boolean> {
  // Not listening, or not answering in time: not ready.
  if (url !== null)
    return fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
      (answer) => answer.ok,
      () => false,
    )
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
