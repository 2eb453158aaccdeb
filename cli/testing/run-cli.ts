import type { Exit } from '../exit-codes.ts'
import { run } from '../run.ts'
import type { World } from '../world.ts'

/** A run of the program in this process, with files and streams in memory. */
export interface CliRun {
  readonly stdout: string
  readonly stderr: string
  readonly files: ReadonlyMap<string, string>
  readonly exit: Promise<Exit>
  /** Does what Ctrl-C does. */
  interrupt(): void
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  readonly stdin?: string
  readonly world?: Partial<World>
}

export function startCli(argv: readonly string[], { env = {}, files = {}, stdin = '', world = {} }: CliOptions = {}): CliRun {
  const written = { stdout: '', stderr: '' }
  const kept = new Map(Object.entries(files))
  const interrupt = new AbortController()
  const readFile = (path: string): string => {
    const text = kept.get(path)
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`)
    return text
  }
  const exit = run(
    argv,
    {
      env,
      out: (text) => void (written.stdout += text),
      err: (text) => void (written.stderr += text),
      pendingBytes: () => 0,
      stdin: () => chunksOf(() => stdin),
      chunks: (path) => chunksOf(() => readFile(path)),
      readFile,
      writeFile: (path, text) => void kept.set(path, text),
      isFile: (path) => kept.has(path),
      interrupted: interrupt.signal,
      now: Date.now,
      random: () => 0,
      WebSocket: globalThis.WebSocket,
      ...world,
    },
    '0.0.0-test',
  )
  return {
    get stdout() {
      return written.stdout
    },
    get stderr() {
      return written.stderr
    },
    files: kept,
    exit,
    interrupt: () => interrupt.abort(),
  }
}

/** Small chunks, so that lines are cut in the middle. */
async function* chunksOf(read: () => string): AsyncIterable<Buffer> {
  const bytes = Buffer.from(read())
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
}

/** Runs the program to its end. */
export async function runCli(
  argv: readonly string[],
  options: CliOptions = {},
): Promise<{ readonly exit: Exit; readonly stdout: string; readonly stderr: string }> {
  const started = startCli(argv, options)
  const exit = await started.exit
  return { exit, stdout: started.stdout, stderr: started.stderr }
}
