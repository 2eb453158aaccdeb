import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { withUndisturbedNodes } from './undisturbed-nodes.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'carillon-nodes-'))))
afterEach(() => rm(folder, { recursive: true }))

const stage = () => ({ platform: { place: { folder } } })

it('withUndisturbedNodes lets one suite after the other have the nodes, also after a failure', async () => {
  const steps: string[] = []
  const first = withUndisturbedNodes(stage(), async () => {
    steps.push('first begins')
    await new Promise((resolve) => setImmediate(resolve))
    steps.push('first fails')
    throw new Error('no')
  })
  const second = withUndisturbedNodes(stage(), async () => void steps.push('second'))
  await expect(first).rejects.toThrow('no')
  await second
  expect(steps.indexOf('first fails') - steps.indexOf('first begins')).toBe(1)
  expect(steps).toContain('second')
})

it('withUndisturbedNodes takes the nodes from a holder that has ended without a release', async () => {
  await mkdir(join(folder, 'nodes.lock'))
  await writeFile(join(folder, 'nodes.lock/owner'), '999999999')
  expect(await withUndisturbedNodes(stage(), async () => 'mine')).toBe('mine')
})

it('withUndisturbedNodes reports a missing folder for its lock at once', async () => {
  await expect(withUndisturbedNodes({ platform: { place: { folder: join(folder, 'nowhere') } } }, async () => {})).rejects.toThrow('ENOENT')
})
