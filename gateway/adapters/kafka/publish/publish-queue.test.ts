import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { anOutgoingRecord } from '../../../testing/event-publisher-contract.ts'
import { createPublishQueue, type QueuedRecord } from './publish-queue.ts'

const acknowledge = (batch: readonly QueuedRecord[]): void => {
  for (const { publish } of batch) publish.acknowledged()
}

describe('the publish queue', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('gives back all records in order, in requests of bounded size, and each call its outcome', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 5 }), { maxLength: 12 }), async (calls) => {
        const queue = createPublishQueue()
        const outcomes = calls.map((sizes) => queue.add(sizes.map((size) => anOutgoingRecord({ value: Buffer.alloc(size) })), 1_000))
        const taken: number[] = []
        for (let batch = queue.take(); batch.length > 0; batch = queue.take()) {
          expect(batch.length === 1 || batch.reduce((sum, { bytes }) => sum + bytes, 0) <= 900_000).toBe(true)
          taken.push(...batch.map(({ record }) => record.value?.length ?? -1))
          acknowledge(batch)
        }
        expect(taken).toEqual(calls.flat())
        expect((await Promise.all(outcomes)).every(({ ok }) => ok)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('says ok after the last record only', async () => {
    const queue = createPublishQueue()
    const outcome = queue.add([anOutgoingRecord(), anOutgoingRecord()], 1_000)
    const [first, second] = queue.take()
    first?.publish.acknowledged()
    expect(second?.publish.isSettled).toBe(false)
    second?.publish.acknowledged()
    expect(await outcome).toEqual({ ok: true, value: undefined })
  })

  it('ends at the deadline as a timeout, or with the reason of the last attempt', async () => {
    const queue = createPublishQueue()
    const silent = queue.add([anOutgoingRecord()], 100)
    const refused = queue.add([anOutgoingRecord()], 100)
    queue.take()[1]?.publish.delayed('no leader')
    await vi.advanceTimersByTimeAsync(100)
    expect(await silent).toMatchObject({ ok: false, error: { kind: 'timeout' } })
    expect(await refused).toEqual({ ok: false, error: { kind: 'unavailable', detail: 'no leader' } })
  })

  it('never says ok after the deadline, and does not send what nobody waits for', async () => {
    const queue = createPublishQueue()
    const late = queue.add([anOutgoingRecord()], 100)
    const batch = queue.take()
    const unsent = queue.add([anOutgoingRecord()], 100)
    await vi.advanceTimersByTimeAsync(100)
    acknowledge(batch)
    expect(await late).toMatchObject({ ok: false })
    expect(await unsent).toMatchObject({ ok: false })
    expect(queue.take()).toEqual([])
  })

  it('takes no more than it may hold, and more again when something has left', async () => {
    const queue = createPublishQueue()
    const large = Array.from({ length: 128 }, () => anOutgoingRecord({ value: Buffer.alloc(1_048_000) }))
    const first = queue.add(large, 1_000)
    expect(await queue.add([anOutgoingRecord({ value: Buffer.alloc(1_048_000) })], 1_000)).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    for (let batch = queue.take(); batch.length > 0; batch = queue.take()) acknowledge(batch)
    await first
    void queue.add([anOutgoingRecord()], 1_000)
    expect(queue.take()).toHaveLength(1)
  })

  it('says ok to nothing at once', async () => {
    expect(await createPublishQueue().add([], 1_000)).toEqual({ ok: true, value: undefined })
  })

  it('fails what is left when it is abandoned', async () => {
    const queue = createPublishQueue()
    const outcome = queue.add([anOutgoingRecord()], 1_000)
    queue.close()
    queue.abandon('stopped')
    expect(await outcome).toEqual({ ok: false, error: { kind: 'unavailable', detail: 'stopped' } })
    expect(vi.getTimerCount()).toBe(0)
  })
})
