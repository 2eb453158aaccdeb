import { spawn } from 'node:child_process'
import { StepFailure } from './step-failure.ts'

export interface CommandResult {
  /** 127 when the command does not exist, as in a shell; 124 after the time-out. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** Standard input. */
  readonly input?: string
  /** Milliseconds until it gets SIGTERM. */
  readonly timeoutMs?: number
  /** Called with each line of its outputs, as it arrives. */
  readonly onLine?: (line: string) => void
}

/** Runs a command to its end. Never rejects: the result has every failure. */
export type Run = (command: string, words: readonly string[], options?: CommandOptions) => Promise<CommandResult>

/**
 *
 * @param env whole environment of all commands
 */
export function createRun(env: Readonly<Record<string, string | undefined>>): Run {
  return (command, words, { input, timeoutMs, onLine } = {}) =>
    new Promise((resolve) => {
      const child = spawn(command, words, { env: { ...env }, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
      const output = { stdout: '', stderr: '' }
      let isLate = false
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => {
              isLate = true
              child.kill('SIGTERM')
            }, timeoutMs)
      const read =
        (name: keyof typeof output) =>
        (chunk: string): void => {
          output[name] += chunk
          for (const line of chunk.split('\n')) if (line.trim() !== '') onLine?.(line.trim())
        }
      child.stdout?.setEncoding('utf8').on('data', read('stdout'))
      child.stderr?.setEncoding('utf8').on('data', read('stderr'))
      const settle = (code: number, more = ''): void => {
        clearTimeout(timer)
        resolve({ code, stdout: output.stdout, stderr: output.stderr + more })
      }
      child.once('error', (error) => settle(127, error.message))
      child.once('close', (code) =>
        settle(isLate ? 124 : (code ?? 1), isLate ? `${command} was ended after ${(timeoutMs ?? 0) / 1000} s` : ''),
      )
      // A command that ends without reading its input is reported by its exit code.
      child.stdin?.on('error', () => {}).end(input)
    })
}

/**
 *
 * @returns the output of the command @throws StepFailure when its exit code is not 0
 */
export async function must(result: Promise<CommandResult>, what: string, todo = ''): Promise<string> {
  const { code, stdout, stderr } = await result
  if (code === 0) return stdout
  throw new StepFailure(`${what} (exit code ${code}).`, { why: lastLines(stderr.trim() === '' ? stdout : stderr, 20), todo })
}

export function lastLines(text: string, count: number): readonly string[] {
  return text.trimEnd().split('\n').slice(-count)
}
