import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import type { RecordStep } from '../records/read-records.ts'
import { firstOffsetOf, type DeadLetter, type RangeNote } from './dead-letter-copy.ts'
import { createPartitionWorker, type PartitionWorkerParts } from './partition-worker.ts'

const recordAt = (offset: number, value = 'bad'): LogRecord => ({
  partition: 0,
  offset,
  timestampMs: 0,
  key: null,
  value: Buffer.from(value),
  headers: {},
})
const step = (offsets: readonly number[], nextOffset: number, value = 'bad'): RecordStep => ({
  kind: 'records',
  records: offsets.map((offset) => recordAt(offset, value)),
  nextOffset,
})

function rig({ startOffset = 0, leaves = 1_000, ...over }: Partial<PartitionWorkerParts> & { readonly leaves?: number } = {}) {
  const written: (readonly DeadLetter[] | number)[] = []
  const summaries: RangeNote[] = []
  let left = leaves
  let now = 0
  let gate: Promise<void> = Promise.resolve()
  const worker = createPartitionWorker({
    partition: 0,
    startOffset,
    check: ({ value }) =>
      String(value) === 'bad'
        ? { reason: 'not-json', detail: '' }
        : String(value) === 'copy'
          ? { reason: 'dead-letter', detail: '' }
          : null,
    copier: {
      copy: async (letters) => {
        await gate
        written.push(letters)
      },
      progress: async (offset) => void written.push(offset),
      rewind: async (offset) => void written.push(-offset),
      wake: () => undefined,
    },
    mayCopy: () => left-- > 0,
    summarised: (note) => summaries.push(note),
    summaryEveryMs: 10_000,
    progressEveryMs: () => 15_000,
    clock: { now: () => now },
    ...over,
  })
  return {
    worker,
    summaries,
    written: () => written.map((one) => (typeof one === 'number' ? one : one.map(firstOffsetOf))),
    tick: async (atMs: number) => {
      now = atMs
      await worker.tick(atMs)
    },
    block: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
    more: (count: number) => {
      left = count
    },
  }
}

describe('the worker of a partition', () => {
  it('copies a record that cannot be decoded, and has passed the step only when it is copied', async () => {
    const { worker, written, block } = rig()
    const go = block()
    const delivering = worker.deliver(step([0, 1, 5], 8))
    await Promise.resolve()
    expect(worker.position()).toBe(0)
    go()
    await delivering
    expect([worker.position(), written()]).toEqual([8, [[0, 1, 5]]])
  })

  it('passes over valid records, holes and earlier records, and writes nothing for them', async () => {
    const { worker, written } = rig({ startOffset: 5 })
    await worker.deliver(step([5, 6], 7, 'good'))
    await worker.deliver({ kind: 'skipped', nextOffset: 10 })
    await worker.deliver(step([3, 4], 9))
    await worker.deliver(step([8, 9, 10], 11))
    expect([worker.position(), written()]).toEqual([11, [[10]]])
  })

  // S4: two gateways, each with the other's topic for its dead letters, would copy without end.
  it('passes over copies that a dead letter worker made', async () => {
    const { worker, written } = rig()
    await worker.deliver(step([0, 1], 2, 'copy'))
    expect([worker.position(), written()]).toEqual([2, []])
  })

  it('reports an unreadable batch with one dead letter for all of it', async () => {
    const { worker, written } = rig()
    await worker.deliver({ kind: 'skipped', nextOffset: 4 })
    await worker.deliver({ kind: 'unreadable', nextOffset: 9, why: 'the CRC is wrong' })
    expect([worker.position(), written()]).toEqual([9, [[4]]])
  })

  it('writes progress without copies at intervals, and only if there is some', async () => {
    const { worker, written, tick } = rig()
    await worker.deliver(step([0, 1], 2, 'good'))
    await tick(14_999)
    expect(written()).toEqual([])
    await tick(15_000)
    await tick(60_000)
    expect(written()).toEqual([2])
  })

  it("counts records above the rate, and keeps the group's progress before them until the summary is written", async () => {
    const { worker, written, tick, summaries, more } = rig({ leaves: 2 })
    await worker.deliver(step([0, 1, 2, 3], 4))
    more(1_000)
    await worker.deliver(step([4, 5], 6))
    await worker.deliver(step([6], 7, 'good'))
    await tick(9_999)
    expect([worker.position(), written()]).toEqual([7, [[0, 1]]])
    await tick(10_000)
    expect(written()).toEqual([[0, 1], [2]])
    expect(summaries).toMatchObject([{ fromOffset: 2, toOffset: 5, counts: { 'not-json': 4 } }])
    await worker.deliver(step([7], 8))
    expect(written().at(-1)).toEqual([7])
  })

  it('writes an open summary and the progress behind it when it ends', async () => {
    const { worker, written } = rig({ leaves: 0 })
    await worker.deliver(step([0], 1))
    await worker.deliver(step([1], 2, 'good'))
    await worker.flush()
    expect(written()).toEqual([[0], 2])
  })

  it('goes back with the group when the topic was recreated', async () => {
    const { worker, written } = rig({ startOffset: 100, leaves: 0 })
    await worker.deliver(step([100], 101))
    worker.rewind(0)
    worker.rewind(0)
    await worker.flush()
    await worker.deliver(step([0], 1, 'good'))
    expect([worker.position(), written()]).toEqual([1, [-0]])
  })

  // The reader asks for the position before each fetch. A position that stayed until the group was back let it read the new topic from the
  // old offset.
  it('has its new position at once when it goes back, and passes no step before the group is back', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { worker, written } = rig({
      startOffset: 100,
      copier: {
        copy: async (letters) => void copied.push(...letters.map(firstOffsetOf)),
        progress: async () => undefined,
        rewind: () => promise,
        wake: () => undefined,
      },
    })
    const copied: number[] = []
    worker.rewind(0)
    expect(worker.position()).toBe(0)
    const delivering = worker.deliver(step([0, 1], 2))
    await Promise.resolve()
    expect(copied).toEqual([])
    resolve()
    await delivering
    expect([worker.position(), copied, written()]).toEqual([2, [0, 1], []])
  })

  it('goes back further when asked again on its way, and over records that retention has removed there', async () => {
    const back: number[] = []
    const gate = Promise.withResolvers<void>()
    const rewind = async (offset: number): Promise<void> => {
      back.push(offset)
      await gate.promise
    }
    const { worker } = rig({
      startOffset: 100,
      copier: { copy: async () => undefined, progress: async () => undefined, rewind, wake: () => undefined },
    })
    worker.rewind(40)
    await expect.poll(() => back).toEqual([40])
    worker.rewind(0)
    worker.moveOn(7)
    expect(worker.position()).toBe(7)
    gate.resolve()
    await worker.flush()
    expect([worker.position(), back]).toEqual([7, [40, 7]])
  })

  it('moves on past records that retention has removed, never back', () => {
    const { worker } = rig({ startOffset: 10 })
    worker.moveOn(50)
    worker.moveOn(20)
    expect(worker.position()).toBe(50)
  })

  it('refuses steps when it is stopped', async () => {
    const { worker, written } = rig()
    worker.stop()
    await expect(worker.deliver(step([0], 1))).rejects.toThrow('no longer read')
    expect(written()).toEqual([])
  })

  it('turns the event loop while it checks', async () => {
    const { worker } = rig({
      check: () => {
        for (const until = performance.now() + 0.5; performance.now() < until;) continue
        return null
      },
    })
    const turns: number[] = []
    const timer = setInterval(() => turns.push(performance.now()), 1)
    await worker.deliver(
      step(
        Array.from({ length: 200 }, (_, offset) => offset),
        200,
      ),
    )
    clearInterval(timer)
    expect(turns.length).toBeGreaterThan(5)
  })
})
