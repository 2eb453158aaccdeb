import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { AnswerMessage, AnswerOf, Calls, ParameterOf } from './calls.ts'

export interface ChildOptions {
  /** Processor of the child, where `taskset` exists and the machine has as many. */
  readonly cpu: number
  readonly execArgv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A child process of the benchmark, which answers calls. */
export interface Child<C extends Calls> {
  readonly pid: number
  call<M extends keyof C & string>(method: M, parameter: ParameterOf<C, M>): Promise<AnswerOf<C, M>>
  stop(): Promise<void>
}

/**
 *
 * @param module TypeScript file that calls `answerCalls`
 */
export function startChild<C extends Calls>(module: URL, options: ChildOptions): Child<C> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...(options.execArgv ?? []), fileURLToPath(module)]
  const [command = process.execPath, ...args] = pinned(options.cpu, node)
  const spawned = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ...options.env } })
  const waiting = waitForAnswers(spawned)
  let lastId = 0
  return {
    pid: spawned.pid ?? 0,
    call: (method, parameter) =>
      new Promise((resolve, reject) => {
        lastId += 1
        // The child answers as the same `Calls` declares.
        waiting.set(lastId, { resolve: resolve as (answer: unknown) => void, reject })
        spawned.send({ id: lastId, method, parameter })
      }),
    stop: async () => {
      if (spawned.exitCode !== null || spawned.signalCode !== null) return
      const exited = once(spawned, 'exit')
      spawned.kill('SIGKILL')
      await exited
    },
  }
}

interface Waiter {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

function waitForAnswers(child: ChildProcess): Map<number, Waiter> {
  const waiting = new Map<number, Waiter>()
  child.on('message', (message: AnswerMessage) => {
    const waiter = waiting.get(message.id)
    waiting.delete(message.id)
    if ('error' in message) waiter?.reject(new Error(`in a process of the benchmark: ${message.error}`))
    else waiter?.resolve(message.answer)
  })
  child.on('exit', (code, signal) => {
    for (const waiter of waiting.values()) waiter.reject(new Error(`a process of the benchmark ended (${signal ?? `exit ${code}`})`))
    waiting.clear()
  })
  return waiting
}

const hasTaskset = process.platform === 'linux' && spawnSync('taskset', ['--version']).status === 0

/** Returns a command pinned to a processor, where `taskset` exists and the machine has as many. */
export const pinned = (cpu: number, command: readonly string[]): readonly string[] =>
  canPin(cpu) ? ['taskset', '-c', String(cpu), ...command] : command

const canPin = (cpu: number): boolean => hasTaskset && cpu < availableParallelism()
