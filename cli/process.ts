/** What the processes of both commands have in common: streams, signals, the exit code and the version. */
import { readFileSync } from 'node:fs'
import { escapeControls } from '../program/log/escape-controls.ts'
import { type Exit, exitCodes } from './exit-codes.ts'

/** Set by scripts/build/cli.ts in the bundle, which has no package.json beside it. */
declare const CARILLON_VERSION: string | undefined

/** Runs a command until it ends, or until it ends itself after Ctrl-C. Sets the exit code. */
export async function runProcess(command: (argv: readonly string[], interrupted: AbortSignal) => Promise<Exit>): Promise<void> {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // A second Ctrl-C ends the process at once, for the case that the end hangs.
      if (interrupt.signal.aborted) process.exit(exitCodes.failed)
      interrupt.abort()
    })
  // The reader has left, as `head` does: nothing reads the output.
  process.stdout.on('error', () => interrupt.abort())
  process.exitCode = exitCodes[await command(process.argv.slice(2), interrupt.signal)]
  // A read that waits for more input would keep the process alive.
  process.stdin.destroy()
}

export function writeOut(text: string): void {
  process.stdout.write(text)
}

/** Writes to standard error. A server chose parts of the texts. */
export function writeError(text: string): void {
  process.stderr.write(text.split('\n').map(escapeControls).join('\n'))
}

export function readVersion(): string {
  if (typeof CARILLON_VERSION === 'string') return CARILLON_VERSION
  // A file of this repository.
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }).version
}
