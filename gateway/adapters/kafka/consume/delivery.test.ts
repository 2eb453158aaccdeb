import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingSink } from '../../../testing/recording-sink.ts'
import { Delivery, type Fetcher } from './delivery.ts'
import type { FetchedBatch } from './fetched-partition.ts'

const aRecord = (offset: number, partition = 0): LogRecord => ({ partition, offset, timestampMs: 0, key: null, value: Buffer.from(String(offset)), headers: {} })

interface Fetched {
  readonly from: number
  readonly offsets: readonly number[]
  readonly next: number
  readonly logStart?: number
  readonly end?: number
  readonly unreadable?: string
  readonly partition?: number
}

function aBatch({ from, offsets, next, logStart = 0, end = next, unreadable, partition = 0 }: Fetched): FetchedBatch {
  const records = offsets.map((offset) => aRecord(offset, partition))
  return { partition, fetchOffset: from, fetched: { records, nextOffset: next, unreadable: unreadable ?? null, offset: String(next - 1), logStartOffset: logStart, endOffset: end } }
}

function aFetcher(): Fetcher & { current: boolean; readonly seeks: [number, number][] } {
  const seeks: [number, number][] = []
  const fetcher = { current: true, seeks, isCurrent: () => fetcher.current, seek: (partition: number, offset: number) => void seeks.push([partition, offset]) }
  return fetcher
}

function aDelivery(start = [0]) {
  const stopping = new AbortController()
  const sink = createRecordingSink()
  const log = createRecordingLogger()
  const delivery = new Delivery(sink, log.logger, stopping.signal)
  delivery.open({ epoch: 'e', startOffsets: start, endOffsets: start })
  return { delivery, sink, log, stopping, fetcher: aFetcher() }
}

describe('Delivery', () => {
  it('hands over each record once and in order, whatever was fetched again, by whom, and from where', async () => {
    // A log with holes: each number is how far the next record is from the last.
    const gaps = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 60 })
    const fetches = fc.array(fc.record({ back: fc.integer({ min: -4, max: 8 }), batchStart: fc.nat({ max: 3 }), count: fc.nat({ max: 12 }), isOld: fc.boolean() }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(gaps, fetches, async (distances, plan) => {
        let last = -1
        const log = distances.map((distance) => (last += distance))
        const { delivery, sink } = aDelivery()
        const old = aFetcher()
        old.current = false
        for (const { back, batchStart, count, isOld } of plan) {
          // From below the position (again), at it, or above it (a mistake).
          const from = Math.max(0, (delivery.positions[0] ?? 0) - back)
          const offsets = log.filter((offset) => offset >= from - batchStart).slice(0, count)
          const next = Math.max(from, (offsets.at(-1) ?? from - 1) + 1)
          await delivery.deliver(aBatch({ from, offsets, next }), isOld ? old : aFetcher())
        }
        const position = delivery.positions[0] ?? 0
        expect(sink.offsets(0)).toEqual(log.filter((offset) => offset < position))
        expect(sink.starts).toHaveLength(1)
      }),
    )
  })

  it('seeks back when it was fetched from above, though nothing is lost', async () => {
    const { delivery, sink, fetcher } = aDelivery([5])
    await delivery.deliver(aBatch({ from: 7, offsets: [7, 8], next: 9 }), fetcher)
    expect(fetcher.seeks).toEqual([[0, 5]])
    expect(sink.received).toEqual([])
  })

  it('tells of a loss up to where the log begins when records were lost, then hands over what was fetched from there', async () => {
    const { delivery, sink, log, fetcher } = aDelivery([5, 2])
    await delivery.deliver(aBatch({ from: 7, offsets: [7], next: 8, logStart: 7, end: 9 }), fetcher)
    expect([sink.losses, delivery.positions[1]]).toEqual([[{ partition: 0, nextOffset: 7 }], 2])
    expect(sink.offsets(0)).toEqual([7])
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([['error', 'records were lost']])
  })

  it('tells of the loss of a batch that cannot be read', async () => {
    const { delivery, sink, fetcher } = aDelivery([5])
    await delivery.deliver(aBatch({ from: 5, offsets: [], next: 8, unreadable: 'damaged' }), fetcher)
    await delivery.deliver(aBatch({ from: 8, offsets: [8], next: 9 }), fetcher)
    expect(sink.losses).toEqual([{ partition: 0, nextOffset: 8 }])
    expect(sink.offsets(0)).toEqual([8])
  })

  it('tells of holes at the end of what was fetched, with and without records', async () => {
    const { delivery, sink, fetcher } = aDelivery()
    await delivery.deliver(aBatch({ from: 0, offsets: [0, 2], next: 5 }), fetcher)
    await delivery.deliver(aBatch({ from: 5, offsets: [], next: 7 }), fetcher)
    expect(sink.skips).toEqual([{ partition: 0, nextOffset: 5 }, { partition: 0, nextOffset: 7 }])
    expect(delivery.positions).toEqual([7])
  })

  it('shows a partition that nobody knew before its first record', async () => {
    const { delivery, sink, fetcher } = aDelivery()
    await delivery.deliver(aBatch({ partition: 2, from: 0, offsets: [0], next: 1 }), fetcher)
    expect(sink.calls).toEqual(['opened', 'ends', 'records'])
    expect(sink.endsTold).toEqual([[0, 0, 0]])
  })

  it('lets a successor\'s batch wait for the one in hand', async () => {
    const { delivery, sink, fetcher } = aDelivery()
    sink.hold(0)
    const first = delivery.deliver(aBatch({ from: 0, offsets: [0], next: 1 }), fetcher)
    fetcher.current = false
    const second = delivery.deliver(aBatch({ from: 0, offsets: [0, 1], next: 2 }), aFetcher())
    expect(delivery.busy).toEqual(new Set([0]))
    expect(sink.offsets(0)).toEqual([0])
    sink.release()
    await Promise.all([first, second])
    expect(sink.offsets(0)).toEqual([0, 1])
    expect(delivery.busy).toEqual(new Set())
  })

  it('cuts large batches, and stops between two cuts when another consumer has taken over', async () => {
    const { delivery, sink, fetcher } = aDelivery()
    const offsets = Array.from({ length: 2_500 }, (_, n) => n)
    const delivering = delivery.deliver(aBatch({ from: 0, offsets, next: 2_500 }), fetcher)
    fetcher.current = false
    await delivering
    expect(sink.received).toHaveLength(1_000)
    expect(delivery.positions).toEqual([1_000])
    await delivery.deliver(aBatch({ from: 1_000, offsets: offsets.slice(1_000), next: 2_500 }), aFetcher())
    expect(sink.offsets(0)).toEqual(offsets)
  })

  it('calls nothing after the stop, and does not wait for the sink any longer', async () => {
    const { delivery, sink, fetcher, stopping } = aDelivery()
    sink.hold(0)
    const delivering = delivery.deliver(aBatch({ from: 0, offsets: [0], next: 3 }), fetcher)
    stopping.abort()
    await delivering
    await delivery.deliver(aBatch({ from: 1, offsets: [1], next: 2 }), fetcher)
    delivery.setEnds([9])
    delivery.open({ epoch: 'f', startOffsets: [0], endOffsets: [0] })
    expect(sink.calls).toEqual(['opened', 'records'])
  })

  it.each(['throw', 'reject'] as const)('logs a sink that fails (%s), without the records, and goes on', async (how) => {
    const { delivery, sink, log, fetcher } = aDelivery()
    sink.failNext(how)
    await delivery.deliver(aBatch({ from: 0, offsets: [0], next: 1 }), fetcher)
    await delivery.deliver(aBatch({ from: 1, offsets: [1], next: 2 }), fetcher)
    expect(sink.offsets(0)).toEqual([0, 1])
    expect(log.lines.map(({ level, fields }) => [level, Object.keys(fields).sort()])).toEqual([['error', ['err', 'offset', 'partition', 'records']]])
  })
})
