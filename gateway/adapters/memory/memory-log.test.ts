import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogRecord } from '../../event/log-record.ts'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { anOutgoingRecord, describeEventPublisher } from '../../testing/event-publisher-contract.ts'
import { describeRecordSource } from '../../testing/record-source-contract.ts'
import { createRecordingSink } from '../../testing/recording-sink.ts'
import { createMemoryLog, type MemoryLog, type MemoryLogOptions } from './memory-log.ts'

const quiet = createRecordingLogger().logger

const aLog = (options: Partial<MemoryLogOptions> = {}): MemoryLog =>
  createMemoryLog({ partitions: 3, clock: { now: Date.now }, logger: quiet, ...options })

async function readAll(log: MemoryLog): Promise<readonly LogRecord[]> {
  const sink = createRecordingSink()
  const source = log.source()
  await source.start(sink, { sinceMs: 0 })
  await sink.untilReceived(log.endOffsets.reduce((sum, end) => sum + end, 0))
  await source.stop()
  return sink.received
}

describeRecordSource('the in-process log', async () => {
  const log = aLog({ endsIntervalMs: 20 })
  return {
    source: log.source,
    append: async (records) => log.append(records),
    recreate: async () => log.recreate(),
    grow: async (partitions) => log.grow(partitions),
    trim: async (partition, offset) => log.trim(partition, offset),
    makeHole: async (partition) => log.skip(partition, 2),
  }
})

describeEventPublisher('the in-process log', async () => {
  const log = aLog()
  return {
    partitions: 3,
    publisher: log.publisher,
    read: () => readAll(log),
    suspend: async () => log.faults.holdAcknowledgements(),
    resume: async () => log.faults.releaseAcknowledgements(),
  }
})

describe('the in-process log', () => {
  let log: MemoryLog
  const stops: (() => Promise<void>)[] = []

  beforeEach(() => {
    log = aLog({ maxRecordsPerPartition: 4 })
  })

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })

  async function reader() {
    const sink = createRecordingSink()
    const source = log.source()
    stops.push(() => source.stop())
    await source.start(sink, { sinceMs: 0 })
    return sink
  }

  it('holds no more records than its limit, and drops the oldest first', async () => {
    log.append(Array.from({ length: 100 }, (_, n) => ({ partition: 1, value: String(n) })))
    expect(log.startOffsets).toEqual([0, 96, 0])
    expect(log.endOffsets).toEqual([0, 100, 0])
    const sink = await reader()
    await sink.untilReceived(4)
    expect(sink.offsets(1)).toEqual([96, 97, 98, 99])
  })

  it('drops what its only reader has taken if it is told so, and hands over each record once', async () => {
    log = aLog({ dropsRead: true })
    const sink = await reader()
    for (const values of [
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]) {
      log.append(values.map((value) => ({ partition: 1, value })))
      await vi.waitFor(() => expect(log.startOffsets).toEqual(log.endOffsets))
    }
    expect(sink.offsets(1)).toEqual([0, 1, 2, 3, 4])
    expect(sink.losses).toEqual([])
  })

  it('keeps what its reader has not taken', async () => {
    log = aLog({ dropsRead: true })
    const sink = await reader()
    sink.hold(1)
    log.append([{ partition: 1, value: 'a' }])
    await sink.untilReceived(1)
    log.append([{ partition: 1, value: 'b' }])
    expect(log.startOffsets).toEqual([0, 0, 0])
    sink.release()
    await sink.untilReceived(2)
    expect([sink.offsets(1), sink.losses]).toEqual([[0, 1], []])
  })

  it('leaves the offsets of a hole unused at any place', async () => {
    log.skip(0, 1)
    log.append([{ partition: 0, value: 'a' }])
    log.skip(0, 2)
    log.append([{ partition: 0, value: 'b' }])
    const sink = await reader()
    await sink.untilReceived(2)
    expect(sink.offsets(0)).toEqual([1, 4])
  })

  it('trims to the end and beyond, and never backwards', () => {
    log.append([
      { partition: 0, value: 'a' },
      { partition: 0, value: 'b' },
    ])
    log.trim(0, 1)
    log.trim(0, 0)
    expect(log.startOffsets[0]).toBe(1)
    log.trim(0, 99)
    expect(log.startOffsets[0]).toBe(2)
    expect(log.endOffsets[0]).toBe(2)
  })

  it('refuses unknown partitions', () => {
    expect(() => log.append([{ partition: 3, value: 'x' }])).toThrow('there is no partition 3')
    expect(() => log.grow(2)).toThrow('cannot shrink')
  })

  it('is another log after the topic was recreated', () => {
    const { epoch } = log
    log.append([{ partition: 0, value: 'a' }])
    log.recreate(2)
    expect(log.epoch).not.toBe(epoch)
    expect(log.endOffsets).toEqual([0, 0])
  })

  it('stalls and goes on at command, and reports both', async () => {
    const sink = await reader()
    log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    log.append([{ partition: 0, value: 'a' }])
    await vi.waitFor(() => expect(sink.problems.at(-1)).toEqual({ kind: 'connecting', detail: 'for the test' }))
    expect(sink.received).toEqual([])
    log.faults.resume()
    await sink.untilReceived(1)
    expect(sink.problems).toEqual([null, { kind: 'connecting', detail: 'for the test' }, null])
  })

  it('stalls one partition at command, and goes on with the others', async () => {
    const sink = await reader()
    const behind = { partition: 0, kind: 'no-leader', detail: 'for the test' } as const
    log.faults.interruptPartition(behind)
    log.append([
      { partition: 0, value: 'a' },
      { partition: 1, value: 'b' },
    ])
    await sink.untilReceived(1)
    expect([sink.values(), sink.healths.at(-1)]).toEqual([['b'], { problem: null, behind: [behind], uncommittedRecords: 0 }])
    log.faults.resume()
    await sink.untilReceived(2)
    expect(sink.healths.at(-1)).toEqual({ problem: null, behind: [], uncommittedRecords: 0 })
  })

  it('fails one publish at command, and keeps none of its records', async () => {
    const publisher = log.publisher()
    log.faults.failNextPublish({ kind: 'unavailable', detail: 'for the test' })
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 100 })).toEqual({
      ok: false,
      error: { kind: 'unavailable', detail: 'for the test' },
    })
    expect(log.endOffsets).toEqual([0, 0, 0])
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 100 })).toMatchObject({ ok: true })
    await publisher.stop({ deadlineMs: 0 })
  })

  it('appends records that it does not acknowledge', async () => {
    const publisher = log.publisher()
    log.faults.holdAcknowledgements()
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 1 })).toMatchObject({ ok: false, error: { kind: 'timeout' } })
    expect(log.endOffsets.reduce((sum, end) => sum + end)).toBe(1)
    await publisher.stop({ deadlineMs: 0 })
  })
})
