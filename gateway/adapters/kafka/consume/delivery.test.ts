import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import { createRecordingSink } from '../../../testing/recording-sink.ts'
import type { RecordStep } from '../records/read-records.ts'
import { Delivery } from './delivery.ts'

const aRecord = (offset: number, partition = 0): LogRecord => ({
  partition,
  offset,
  timestampMs: 0,
  key: null,
  value: Buffer.from(String(offset)),
  headers: {},
})

function aStep(offsets: readonly number[], nextOffset: number, partition = 0): RecordStep {
  return offsets.length === 0
    ? { kind: 'skipped', nextOffset }
    : { kind: 'records', records: offsets.map((offset) => aRecord(offset, partition)), nextOffset }
}

function aDelivery(start = [0]) {
  const stopping = new AbortController()
  const sink = createRecordingSink()
  const log = createRecordingLogger()
  const metrics = createRecordingMetrics()
  const delivery = new Delivery({ sink, logger: log.logger, metrics: metrics.metrics, stopped: stopping.signal })
  delivery.open({ epoch: 'e', startOffsets: start, endOffsets: start })
  const take = (step: RecordStep, { partition = 0, end = 0 } = {}): Promise<void> =>
    delivery.take(partition, step, { lastStableOffset: end, highWatermark: end, logStartOffset: 0 })
  return { delivery, sink, log, metrics, stopping, take }
}

describe('Delivery', () => {
  it('hands over each record once and in order, also when records are fetched again', async () => {
    // A log with holes: each number is the distance of the next record from the last.
    const gaps = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 60 })
    const fetches = fc.array(fc.record({ back: fc.nat({ max: 8 }), count: fc.nat({ max: 12 }) }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(gaps, fetches, async (distances, plan) => {
        let last = -1
        const log = distances.map((distance) => (last += distance))
        const { delivery, sink, take } = aDelivery()
        for (const { back, count } of plan) {
          const from = Math.max(0, delivery.position(0) - back)
          const offsets = log.filter((offset) => offset >= from).slice(0, count)
          await take(aStep(offsets, (offsets.at(-1) ?? from - 1) + 1))
        }
        expect(sink.offsets(0)).toEqual(log.filter((offset) => offset < delivery.position(0)))
      }),
    )
  })

  it('moves its position before it calls the sink', async () => {
    const { delivery, sink, take } = aDelivery()
    sink.hold(0)
    const taking = take(aStep([0, 1], 2))
    expect(delivery.positions).toEqual([2])
    sink.release()
    await taking
  })

  it('reports a hole behind the last record to the sink', async () => {
    const { sink, take } = aDelivery()
    await take(aStep([0], 3))
    await take(aStep([], 5))
    expect(sink.skips).toEqual([
      { partition: 0, nextOffset: 3 },
      { partition: 0, nextOffset: 5 },
    ])
  })

  it('loses an unreadable batch, in its own partition alone, and reports its offset', async () => {
    const { delivery, sink, log, metrics, take } = aDelivery([3, 0])
    await take({ kind: 'unreadable', nextOffset: 10, why: 'its CRC-32C is wrong' })
    await take(aStep([0], 1, 1), { partition: 1 })
    expect(sink.losses).toEqual([{ partition: 0, nextOffset: 10 }])
    expect(delivery.positions).toEqual([10, 1])
    expect(sink.starts).toHaveLength(1)
    expect(metrics.value('recordsUnreadable')).toBe(1)
    expect(log.lines.at(-1)).toMatchObject({
      level: 'error',
      fields: { partition: 0, fromOffset: 3, toOffset: 10, why: expect.stringContaining('CRC-32C') },
    })
  })

  it('loses what retention took away', () => {
    const { delivery, sink } = aDelivery([3])
    delivery.overtaken(0, 7)
    delivery.overtaken(0, 5)
    expect(sink.losses).toEqual([{ partition: 0, nextOffset: 7 }])
  })

  it('drops the rest of a step when the log is opened again while the sink is busy', async () => {
    const { delivery, sink, take } = aDelivery()
    sink.hold(0)
    const taking = take(aStep([0, 1], 9))
    delivery.open({ epoch: 'f', startOffsets: [0], endOffsets: [0] })
    sink.release()
    await taking
    expect(delivery.positions).toEqual([0])
    expect(sink.skips).toEqual([])
  })

  it.each(['throw', 'reject'] as const)('goes on behind records at which the sink fails (%s)', async (how) => {
    const { delivery, sink, log, take } = aDelivery()
    sink.failNext(how)
    await take(aStep([0], 1))
    await take(aStep([1], 2))
    expect(sink.values()).toEqual(['0', '1'])
    expect(delivery.positions).toEqual([2])
    expect(log.lines.some(({ level }) => level === 'error')).toBe(true)
  })

  it('calls no method of the sink after the stop, and does not wait for it', async () => {
    const { delivery, sink, stopping, take } = aDelivery()
    sink.hold(0)
    const taking = take(aStep([0], 4))
    stopping.abort()
    await taking
    const calls = sink.calls.length
    await take(aStep([4], 5))
    delivery.open({ epoch: 'f', startOffsets: [0], endOffsets: [0] })
    delivery.overtaken(0, 100)
    expect(sink.calls).toHaveLength(calls)
  })
})
