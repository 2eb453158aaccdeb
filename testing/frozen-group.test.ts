import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { freeze, isFrozen, thaw } from './frozen-group.ts'

it.runIf(existsSync('/proc'))(
  'a group stands still when freeze resolves, with all its threads and processes, and goes on when it is thawed',
  async () => {
    // Two processes, and more threads that never rest than there are processors: those that wait for one stop last.
    const busy =
      'const { Worker } = require("node:worker_threads"); for (let n = 0; n < 8; n += 1) new Worker("for (;;);", { eval: true }).once("online", () => console.log(n))'
    const shell = spawn('sh', ['-c', `"${process.execPath}" --eval '${busy}' & wait`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const group = shell.pid ?? Number.NaN
    onTestFinished(() => void process.kill(-group, 'SIGKILL'))
    let online = 0
    shell.stdout.on('data', (chunk: Buffer) => (online += String(chunk).trim().split('\n').length))
    await expect.poll(() => online).toBe(8)
    expect(isFrozen(group)).toBe(false)
    await freeze(group)
    expect(isFrozen(group)).toBe(true)
    thaw(group)
    await expect.poll(() => isFrozen(group)).toBe(false)
  },
)
