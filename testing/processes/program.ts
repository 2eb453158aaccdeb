import { spawn } from 'node:child_process'

/** A program of this repository as a process of its own. */
export interface Program {
  /** Undefined: it did not start. */
  readonly pid: number | undefined
  readonly stdout: string
  readonly stderr: string
  /** Log lines so far. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** Resolves with the first log line of this message. @throws when the process ends before */
  line(message: string): Promise<Readonly<Record<string, unknown>>>
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  signal(signal: NodeJS.Signals): void
  /** Sends SIGKILL and waits for the end. Idempotent. */
  kill(): Promise<void>
}

export interface ProgramOptions {
  /** Whole environment, but for PATH: the machine's own variables do not count. */
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Flags of Node.js. @default none */
  readonly nodeFlags?: readonly string[]
  /** Called with each chunk of stdout and stderr. */
  readonly onOutput?: (text: string) => void
}

/** @param main path of its main.ts */
export function spawnProgram(main: string, { env = {}, args = [], nodeFlags = [], onOutput }: ProgramOptions = {}): Program {
  const child = spawn(process.execPath, [...nodeFlags, main, ...args], {
    env: { PATH: process.env['PATH'], LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      written[stream] += chunk.toString()
      onOutput?.(chunk.toString())
      for (const look of watchers) look()
    })
  }
  // `close` comes after the end of the pipes, so all output has been read by then.
  const exited = new Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  )
  const lines = (): readonly Readonly<Record<string, unknown>>[] =>
    written.stdout
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Readonly<Record<string, unknown>>] : [])) // the log writes objects
  return {
    pid: child.pid,
    get stdout() {
      return written.stdout
    },
    get stderr() {
      return written.stderr
    },
    get lines() {
      return lines()
    },
    line: (message) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines().find(({ msg }) => msg === message)
          if (found === undefined) return
          watchers.delete(look)
          resolve(found)
        }
        watchers.add(look)
        look()
        void exited.then(({ code }) =>
          reject(new Error(`it ended with ${code} before it said ${JSON.stringify(message)}:\n${written.stdout}${written.stderr}`)),
        )
      }),
    exited,
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
