import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { freeze, isFrozen, thaw } from './frozen-group.ts'

it.runIf(existsSync('/proc'))('a group stands still when freeze resolves, with all its threads and processes, and goes on when it is thawed', async () => {
  // Two processes, of which one never rests.
  const shell = spawn('sh', ['-c', `${process.execPath} --eval 'console.log(1); for (;;);' & wait`], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const group = shell.pid ?? Number.NaN
  onTestFinished(() => void process.kill(-group, 'SIGKILL'))
  await once(shell.stdout, 'data')
  expect(isFrozen(group)).toBe(false)
  await freeze(group)
  expect(isFrozen(group)).toBe(true)
  thaw(group)
  await expect.poll(() => isFrozen(group)).toBe(false)
})
