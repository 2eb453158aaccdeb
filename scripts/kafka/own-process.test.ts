import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { end, identify, isRunning } from './own-process.ts'

function sleeper(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("ready"); setInterval(() => {}, 1e6)'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return once(child.stdout, 'data').then(() => child.pid ?? 0)
}

test('a process is known by its id and its start time, and ended alone', async () => {
  const own = identify(await sleeper())
  const other = identify(await sleeper())
  expect(own).not.toBeNull()
  expect(other).not.toBeNull()
  if (own === null || other === null) throw new Error('unreachable: just expected')
  await end(own)
  expect([isRunning(own), isRunning(other)]).toEqual([false, true])
  await end(other)
  await end(other)
  expect(isRunning(other)).toBe(false)
})

test('a process with the same id and another start time is left alone', async () => {
  const own = { pid: process.pid, began: 'at another time' }
  expect(isRunning(own)).toBe(false)
  await end(own)
  expect(identify(process.pid)).not.toBeNull()
})

test('an unused id names no process', () => {
  expect(identify(2 ** 22 + 1)).toBeNull()
})
