/** The process of the command `carillon`. */
import { createReadStream, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { addAbortSignal } from 'node:stream'
import { exitCodes } from './exit-codes.ts'
import { readVersion, runProcess, writeError, writeOut } from './process.ts'
import { run } from './run.ts'
import type { World } from './world.ts'

const oldestNode = 20

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < oldestNode) {
    process.stderr.write(
      `carillon: Node.js ${process.versions.node} is too old. Install Node.js ${oldestNode} or later; 22 has WebSocket.\n`,
    )
    process.exitCode = exitCodes.failed
    return
  }
  await runProcess((argv, interrupted) => run(argv, createWorld(interrupted), readVersion()))
}

function createWorld(interrupted: AbortSignal): World {
  return {
    env: process.env,
    out: writeOut,
    pendingBytes: () => process.stdout.writableLength,
    err: writeError,
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

await main()
