import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PublishFailure } from '../../../emit/event-publisher.ts'
import type { Result } from '../../../../program/result.ts'
import { anOutgoingRecord } from '../../../testing/event-publisher-contract.ts'
import { createPartitionLane, maxBatchBytes, maxBatchRecords, type PartitionLane } from './partition-lane.ts'
import type { QueuedRecord } from './publish.ts'
import { createPublishQueue, type PublishQueue } from './publish-queue.ts'

/** A queue before one lane, as the publisher has it. */
function createRig(): {
  readonly queue: PublishQueue
  readonly lane: PartitionLane
  publish(count: number, timeoutMs?: number): Promise<Result<void, PublishFailure>>
  take(): readonly QueuedRecord[]
  acknowledge(records: readonly QueuedRecord[]): void
} {
  const lane = createPartitionLane(0, () => undefined)
  const queue = createPublishQueue({ added: lane.add, dropped: (records) => records.forEach(lane.delete) })
  return {
    queue,
    lane,
    publish: (count, timeoutMs = 1_000) =>
      queue.add(
        Array.from({ length: count }, () => anOutgoingRecord()),
        timeoutMs,
      ),
    take: lane.take,
    acknowledge(records) {
      lane.ended()
      for (const record of records) {
        lane.delete(record)
        record.publish.acknowledged()
      }
    },
  }
}

describe('the publish queue', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('gives a lane all records in order, in batches of bounded size, and each call its outcome', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 5 }), { maxLength: 12 }),
        async (calls) => {
          const { queue, lane, take, acknowledge } = createRig()
          const outcomes = calls.map((sizes) =>
            queue.add(
              sizes.map((size) => anOutgoingRecord({ value: Buffer.alloc(size) })),
              1_000,
            ),
          )
          const taken: number[] = []
          while (lane.isReady) {
            const batch = take()
            expect(batch.length === 1 || batch.reduce((sum, { bytes }) => sum + bytes, 0) <= maxBatchBytes).toBe(true)
            taken.push(...batch.map(({ record }) => record.value?.length ?? -1))
            acknowledge(batch)
          }
          expect(taken).toEqual(calls.flat())
          expect((await Promise.all(outcomes)).every(({ ok }) => ok)).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('makes batches of at most a thousand records', () => {
    const { publish, take } = createRig()
    void publish(2_500)
    expect(take()).toHaveLength(maxBatchRecords)
  })

  it('gives the same records first again when their batch has failed, and others behind them', () => {
    const { publish, take, lane } = createRig()
    void publish(2)
    const first = take()
    void publish(1)
    expect(lane.isReady).toBe(false)
    lane.ended()
    const second = take()
    expect(second.slice(0, 2)).toEqual(first)
    expect(second.map(({ attempts }) => attempts)).toEqual([2, 2, 1])
  })

  it('halves batches that are too large, and makes full ones again later', () => {
    const { publish, take, lane } = createRig()
    void publish(100)
    const all = take()
    lane.ended()
    lane.takeFewerBytes(all)
    expect(take().length).toBeLessThanOrEqual(50)
    lane.ended()
    lane.takeFullBatches()
    expect(take()).toHaveLength(100)
  })

  it('succeeds after the last record only', async () => {
    const { publish, take } = createRig()
    const outcome = publish(2)
    const [first, second] = take()
    const settled = vi.fn()
    void outcome.then(settled)
    first?.publish.acknowledged()
    await vi.advanceTimersByTimeAsync(10)
    expect(settled).not.toHaveBeenCalled()
    second?.publish.acknowledged()
    expect(await outcome).toEqual({ ok: true, value: undefined })
  })

  it('ends at the deadline as a timeout, or with the reason of the last attempt', async () => {
    const { publish, take } = createRig()
    const [silent, delayed] = [publish(1, 100), publish(1, 100)]
    take()[1]?.publish.delayed('no leader')
    await vi.advanceTimersByTimeAsync(100)
    expect(await silent).toMatchObject({ ok: false, error: { kind: 'timeout' } })
    expect(await delayed).toEqual({ ok: false, error: { kind: 'unavailable', detail: 'no leader' } })
  })

  it('never succeeds after the deadline, and does not send a record whose caller has its result', async () => {
    const { publish, take, acknowledge, lane } = createRig()
    const late = publish(1, 100)
    const batch = take()
    const unsent = publish(1, 100)
    await vi.advanceTimersByTimeAsync(100)
    acknowledge(batch)
    expect(await late).toMatchObject({ ok: false })
    expect(await unsent).toMatchObject({ ok: false })
    expect(lane.isReady).toBe(false)
  })

  it('accepts no more than its limit, and more again when a record has left', async () => {
    const { queue, lane, publish, take, acknowledge } = createRig()
    const large = Array.from({ length: 128 }, () => anOutgoingRecord({ value: Buffer.alloc(1_048_000) }))
    const first = queue.add(large, 1_000)
    expect(await queue.add([anOutgoingRecord({ value: Buffer.alloc(1_048_000) })], 1_000)).toMatchObject({
      ok: false,
      error: { kind: 'unavailable' },
    })
    while (lane.isReady) acknowledge(take())
    await first
    void publish(1)
    expect(take()).toHaveLength(1)
  })

  it('succeeds at once without records', async () => {
    expect(await createRig().publish(0)).toEqual({ ok: true, value: undefined })
  })

  it('reports of a refused publish whether the log may have one of its records', async () => {
    const { publish, take, acknowledge } = createRig()
    const [whole, part] = [publish(2), publish(2)]
    const [first, , third, fourth] = take()
    for (const record of [first, fourth]) if (record !== undefined) record.attempts -= 1
    expect(third?.attempts).toBe(1)
    fourth?.publish.refused('no')
    expect(await part).toEqual({ ok: false, error: { kind: 'refused', detail: 'no', isPartial: true } })
    acknowledge([])
    const [again, other] = take()
    for (const record of [again, other]) if (record !== undefined) record.attempts = 0
    again?.publish.refused('no')
    expect(await whole).toEqual({ ok: false, error: { kind: 'refused', detail: 'no', isPartial: false } })
  })

  it('fails the rest when it is abandoned, and accepts no more', async () => {
    const { queue, publish, lane } = createRig()
    const outcome = publish(1)
    queue.close()
    queue.abandon('stopped')
    await queue.settled()
    expect(await outcome).toEqual({ ok: false, error: { kind: 'unavailable', detail: 'stopped' } })
    expect(await publish(1)).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    expect([lane.records.size, vi.getTimerCount()]).toEqual([0, 0])
  })
})
