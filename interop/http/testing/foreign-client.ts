import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { places } from '../places.ts'

/** A program that drives a foreign client. */
export interface ForeignProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** A running foreign program. It writes lines of a kind and a JSON text: `open {"protocol":"cloudevents.json"}`, `message <event>`. */
export interface ForeignClient {
  /** Texts of all lines of a kind so far. */
  texts(kind: string): readonly string[]
  /** Resolves when the program has written this many lines of a kind. @throws with its last output when the program ends before */
  until(kind: string, count: number): Promise<void>
  /** Resolves when the program has ended by itself. @throws with its last output when it does not exit with 0 */
  ended(): Promise<void>
  /** Ends the program in any state. */
  kill(): Promise<void>
}

const limitMs = 25_000
const source = (path: string): string => fileURLToPath(new URL(`../clients/${path}`, import.meta.url))

/**
 *
 * @param packages folders with packages; of two that hold the same package the first counts
 */
export const pythonProgram = (script: string, args: readonly string[], packages: readonly string[] = [places.python]): ForeignProgram => ({
  command: 'python3',
  args: [source(`python/${script}`), ...args],
  environment: { PYTHONPATH: packages.join(':'), PYTHONDONTWRITEBYTECODE: '1' },
})

export const goProgram = (client: string, args: readonly string[]): ForeignProgram => ({
  command: places.goBinary,
  args: [client, ...args],
  environment: {},
})

export const nodeProgram = (script: string, args: readonly string[]): ForeignProgram => ({
  command: process.execPath,
  args: [source(`node/${script}`), ...args],
  environment: { INTEROP_PACKAGES: places.node },
})

export const javaProgram = (mode: string, args: readonly string[]): ForeignProgram => ({
  command: 'java',
  args: ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', places.java, 'Clients', mode, ...args],
  environment: {},
})

export const curlStream = (args: readonly string[]): ForeignProgram => ({
  command: 'bash',
  args: [source('curl/stream.sh'), ...args],
  environment: {},
})

/** Starts a program, and ends it after 25 seconds. @param input its standard input */
export function startForeign({ command, args, environment }: ForeignProgram, input = ''): ForeignClient {
  // A group of its own: a script's children end with it.
  const child = spawn(command, args, { env: { ...process.env, ...environment }, stdio: 'pipe', detached: true })
  const written = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text
      for (const look of watchers) look()
    })
  }
  // A program that fails early closes its input; the error below has the reason.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const killGroup = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL')
  }
  const timer = setTimeout(killGroup, limitMs)
  const exited = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(String(error)))
    child.once('close', (status, signal) => resolve(status ?? signal ?? 'unknown'))
  }).finally(() => clearTimeout(timer))
  const texts = (kind: string): readonly string[] =>
    written.stdout
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []))
  const ending = (code: number | string, missing: string): Error =>
    new Error(`${command} ended with ${code}${missing}:\n${`${written.stdout}${written.stderr}`.slice(-2_000)}`)
  return {
    texts,
    until: (kind, count) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (texts(kind).length < count) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
        void exited.then((code) => reject(ending(code, ` before line ${count} of ${kind}`)))
      }),
    ended: async () => {
      const code = await exited
      if (code !== 0) throw ending(code, '')
    },
    kill: async () => {
      killGroup()
      await exited
    },
  }
}
