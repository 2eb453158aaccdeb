import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withUndisturbedNodes } from './undisturbed-nodes.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'carillon-nodes-'))))
afterEach(() => rm(folder, { recursive: true }))

const stage = () => ({ platform: { place: { folder } } })

it('lets one after the other, and gives the nodes back also after a failure', async () => {
  const told: string[] = []
  const first = withUndisturbedNodes(stage(), async () => {
    told.push('first begins')
    await new Promise((resolve) => setImmediate(resolve))
    told.push('first fails')
    throw new Error('no')
  })
  const second = withUndisturbedNodes(stage(), async () => void told.push('second'))
  await expect(first).rejects.toThrow('no')
  await second
  expect(told.indexOf('first fails') - told.indexOf('first begins')).toBe(1)
  expect(told).toContain('second')
})

it('takes them from one that has ended without giving them back', async () => {
  await mkdir(join(folder, 'nodes.lock'))
  await writeFile(join(folder, 'nodes.lock/owner'), '999999999')
  expect(await withUndisturbedNodes(stage(), async () => 'mine')).toBe('mine')
})

it('says at once that there is no place for the lock', async () => {
  await expect(withUndisturbedNodes({ platform: { place: { folder: join(folder, 'nowhere') } } }, async () => {})).rejects.toThrow('ENOENT')
})
