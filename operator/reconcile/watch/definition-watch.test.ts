import { expect, it, vi } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import { renderCustomResourceDefinition } from '../../../api/v1alpha1/crd.ts'
import { startDefinitionWatch } from './definition-watch.ts'

/** A definition that a test changes, and timers that a test advances. */
function rig() {
  const world = { generation: 1 as number | null, changes: 0, looks: 0, timers: [] as (() => void)[] }
  const stop = startDefinitionWatch({
    api: {
      async get() {
        world.looks++
        const definition = renderCustomResourceDefinition()
        if (world.generation === null) return failed({ kind: 'forbidden', message: 'no', code: 403 })
        return ok({ ...definition, metadata: { ...definition.metadata, uid: 'u', generation: world.generation } })
      },
    },
    timers: {
      after(_ms, run) {
        world.timers.push(run)
        return () => void world.timers.splice(world.timers.indexOf(run), 1)
      },
    },
    onChange: () => void world.changes++,
  })
  const look = async (): Promise<void> => {
    const before = world.looks
    world.timers.shift()?.()
    await vi.waitFor(() => expect([world.looks, world.timers.length]).toEqual([before + 1, 1]))
  }
  return { world, stop, look }
}

it('requests a reconcile of all channels after a change of the definition, and another one when the server has had time to use it', async () => {
  const { world, look } = rig()
  await look()
  await look()
  expect(world.changes).toBe(0)
  world.generation = 2
  await look()
  expect(world.changes).toBe(1)
  await look()
  expect(world.changes).toBe(2)
  await look()
  await look()
  expect(world.changes).toBe(2)
})

it('treats a definition that cannot be read as unchanged', async () => {
  const { world, look } = rig()
  await look()
  world.generation = null
  await look()
  world.generation = 1
  await look()
  expect(world.changes).toBe(0)
  world.generation = null
  await look()
  world.generation = 2
  await look()
  expect(world.changes).toBe(1)
})

it('ends when it is stopped', async () => {
  const { world, stop, look } = rig()
  await look()
  stop()
  expect(world.timers).toEqual([])
})
