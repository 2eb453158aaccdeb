/** The process: arguments, streams, signals and the exit code. */
import { createReadStream, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { escapeControls } from '../program/log/escape-controls.ts'
import { exitCodes } from './exit-codes.ts'
import { run } from './run.ts'
import type { World } from './world.ts'

/** Set by scripts/build/cli.ts in the bundle, which has no package.json beside it. */
declare const CARILLON_VERSION: string | undefined

const oldestNode = 20

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < oldestNode) {
    process.stderr.write(
      `carillon: Node.js ${process.versions.node} is too old. Install Node.js ${oldestNode} or later; 22 has WebSocket.\n`,
    )
    process.exitCode = exitCodes.failed
    return
  }
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // A second Ctrl-C ends the process at once, for the case that the end hangs.
      if (interrupt.signal.aborted) process.exit(exitCodes.failed)
      interrupt.abort()
    })
  // The reader has left, as `head` does: nothing reads the output.
  process.stdout.on('error', () => interrupt.abort())
  process.exitCode = exitCodes[await run(process.argv.slice(2), createWorld(interrupt.signal), readVersion())]
  // A read that waits for more input would keep the process alive.
  process.stdin.destroy()
}

function createWorld(interrupted: AbortSignal): World {
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    pendingBytes: () => process.stdout.writableLength,
    // A server chose parts of the texts.
    err: (text) => void process.stderr.write(text.split('\n').map(escapeControls).join('\n')),
    // Ctrl-C ends a read that waits for more input.
    stdin: () => addAbortSignal(interrupted, process.stdin),
    chunks: (path) => createReadStream(path),
    readFile: (path) => readFileSync(path, 'utf8'),
    writeFile: (path, text) => {
      writeFileSync(`${path}.new`, text)
      renameSync(`${path}.new`, path)
    },
    isFile: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
    interrupted,
    now: Date.now,
    random: Math.random,
    WebSocket: globalThis.WebSocket,
  }
}

function readVersion(): string {
  if (typeof CARILLON_VERSION === 'string') return CARILLON_VERSION
  // A file of this repository.
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string }).version
}

await main()
