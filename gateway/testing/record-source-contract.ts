import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RecordSource } from '../replay/record-source.ts'
import { createRecordingSink, type RecordingSink } from './recording-sink.ts'

/** An empty log of 3 partitions, with actions for tests. */
export interface LogUnderTest {
  /** Returns a new source over this log. The suite stops it. */
  source(): RecordSource
  append(records: readonly TestRecord[]): Promise<void>
  /** Deletes the topic and creates it again, with 3 partitions. */
  recreate(): Promise<void>
  grow(partitions: number): Promise<void>
  /** Drops the records below `offset`, as retention does. */
  trim(partition: number, offset: number): Promise<void>
  /** Moves the end of the partition without a record that a reader may see. */
  makeHole(partition: number): Promise<void>
}

export interface TestRecord {
  readonly partition: number
  readonly value: string
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly timestampMs?: number
}

const waiting = { timeout: 15_000, interval: 10 }

/**
 * The duties of `gateway/replay/record-source.ts`, for any implementation of it. One run of the suite per implementation.
 * @param makeLog called before each test; the log may be given up when the next is made
 */
export function describeRecordSource(name: string, makeLog: () => Promise<LogUnderTest>): void {
  describe(`${name}, as a record source`, () => {
    let log: LogUnderTest
    let sources: RecordSource[] = []

    beforeEach(async () => {
      log = await makeLog()
    })

    afterEach(async () => {
      const stopping = sources
      sources = []
      await Promise.all(stopping.map((source) => source.stop()))
    })

    function newSource(): RecordSource {
      const source = log.source()
      sources.push(source)
      return source
    }

    async function read(sinceMs = 0): Promise<RecordingSink> {
      const sink = createRecordingSink()
      await newSource().start(sink, { sinceMs })
      return sink
    }

    const untilReading = (sink: RecordingSink): Promise<void> => vi.waitFor(() => expect(sink.problems.at(-1)).toBeNull(), waiting)

    it('reports first where it begins, and hands over present and later records', async () => {
      await log.append([
        { partition: 0, value: 'a' },
        { partition: 2, value: 'b' },
      ])
      const sink = await read()
      await sink.untilReceived(2)
      await log.append([{ partition: 2, value: 'c' }])
      await sink.untilReceived(3)
      expect(sink.calls[0]).toBe('opened')
      expect(sink.starts).toEqual([{ epoch: expect.stringMatching(/./), startOffsets: [0, 0, 0], endOffsets: [1, 0, 1] }])
      expect(sink.values(0)).toEqual(['a'])
      expect(sink.values(2)).toEqual(['b', 'c'])
    })

    it('hands over a record unchanged', async () => {
      await log.append([
        {
          partition: 1,
          key: 'k\u00e9',
          value: '{"\u{1F514}":1}',
          headers: { ce_id: 'x', 'content-type': 'a/b' },
          timestampMs: 1_700_000_000_123,
        },
      ])
      const sink = await read()
      await sink.untilReceived(1)
      const headers = { ce_id: Buffer.from('x'), 'content-type': Buffer.from('a/b') }
      expect(sink.received).toEqual([
        {
          partition: 1,
          offset: 0,
          timestampMs: 1_700_000_000_123,
          key: Buffer.from('k\u00e9'),
          value: Buffer.from('{"\u{1F514}":1}'),
          headers,
        },
      ])
    })

    it('begins at the first record that is recent enough, and at the end without one', async () => {
      const now = Date.now()
      await log.append([
        { partition: 0, value: 'old', timestampMs: now - 600_000 },
        { partition: 0, value: 'new', timestampMs: now - 1_000 },
        { partition: 1, value: 'old', timestampMs: now - 600_000 },
      ])
      const sink = await read(now - 60_000)
      await log.append([{ partition: 1, value: 'later' }])
      await sink.untilReceived(2)
      expect(sink.starts[0]).toMatchObject({ startOffsets: [1, 1, 0], endOffsets: [2, 1, 0] })
      expect([...sink.values()].sort()).toEqual(['later', 'new'])
    })

    it('hands over every record once and in order while many are written', async () => {
      const sink = await read()
      for (let round = 0; round < 10; round++)
        await log.append(Array.from({ length: 90 }, (_, n) => ({ partition: n % 3, value: `${round}-${n}` })))
      await sink.untilReceived(900)
      for (const partition of [0, 1, 2]) expect(sink.offsets(partition)).toEqual(Array.from({ length: 300 }, (_, n) => n))
    })

    it('brings the next batch of a partition only after the sink is done with the last', async () => {
      await log.append([{ partition: 0, value: 'a' }])
      const sink = await read()
      sink.hold(0)
      await sink.untilReceived(1)
      await log.append([
        { partition: 0, value: 'b' },
        { partition: 0, value: 'c' },
      ])
      // Long enough for a source that does not wait: the ends are reported twice in that time.
      const reported = sink.reportedEnds.length
      await vi.waitFor(() => expect(sink.reportedEnds.length).toBeGreaterThan(reported + 1), waiting)
      expect(sink.values()).toEqual(['a'])
      sink.release()
      await sink.untilReceived(3)
      expect(sink.values()).toEqual(['a', 'b', 'c'])
    })

    it.each(['throw', 'reject'] as const)('goes on with the next record when the sink fails (%s)', async (how) => {
      const sink = await read()
      sink.failNext(how)
      await log.append([{ partition: 0, value: 'a' }])
      await sink.untilReceived(1)
      await log.append([{ partition: 0, value: 'b' }])
      await sink.untilReceived(2)
      expect(sink.values()).toEqual(['a', 'b'])
    })

    it('reports the ends at intervals while nothing arrives', async () => {
      await log.append([{ partition: 1, value: 'a' }])
      const sink = await read()
      await vi.waitFor(() => expect(sink.reportedEnds.length).toBeGreaterThanOrEqual(2), waiting)
      expect(sink.reportedEnds.at(-1)).toEqual([0, 1, 0])
    })

    it('reports that reading goes on', async () => {
      const sink = await read()
      await untilReading(sink)
      expect(sink.healths.at(-1)).toEqual({ problem: null, behind: [], uncommittedRecords: 0 })
    })

    it('moves on over a hole at the end', async () => {
      await log.append([{ partition: 0, value: 'a' }])
      await log.makeHole(0)
      const sink = await read()
      await sink.untilReceived(1)
      await vi.waitFor(() => expect(sink.skips.at(-1)).toEqual({ partition: 0, nextOffset: sink.reportedEnds.at(-1)?.[0] }), waiting)
      await log.append([{ partition: 0, value: 'b' }])
      await sink.untilReceived(2)
      expect(sink.values()).toEqual(['a', 'b'])
      expect(sink.starts).toHaveLength(1)
    })

    it('lets two sources of one log read independently', async () => {
      await log.append([{ partition: 0, value: 'a' }])
      const [first, second] = await Promise.all([read(), read()])
      first.hold(0)
      await log.append([{ partition: 0, value: 'b' }])
      await second.untilReceived(2)
      first.release()
      await first.untilReceived(2)
      expect(first.starts[0]?.epoch).toBe(second.starts[0]?.epoch)
    })

    it('opens again, in another epoch and from the beginning, when the topic is recreated', async () => {
      await log.append([
        { partition: 0, value: 'a' },
        { partition: 0, value: 'b' },
      ])
      const sink = await read()
      await sink.untilReceived(2)
      await untilReading(sink)
      await log.recreate()
      await log.append([{ partition: 0, value: 'c' }])
      await vi.waitFor(() => expect(sink.starts).toHaveLength(2), waiting)
      await vi.waitFor(() => expect(sink.values()).toContain('c'), waiting)
      expect(sink.starts[1]?.epoch).not.toBe(sink.starts[0]?.epoch)
      expect(sink.starts[1]?.startOffsets).toEqual([0, 0, 0])
      await untilReading(sink)
    })

    it('shows new partitions with the ends, then reads them from their beginning', async () => {
      const sink = await read()
      await untilReading(sink)
      await log.grow(5)
      // One after the other: while the new partition has no leader yet, a producer sends all of a request again.
      await log.append([{ partition: 4, value: 'a' }])
      await log.append([{ partition: 0, value: 'b' }])
      await sink.untilReceived(2)
      expect(sink.reportedEnds.some((ends) => ends.length === 5)).toBe(true)
      expect(sink.offsets(4)).toEqual([0])
      expect(sink.starts).toHaveLength(1)
    })

    it('reports a loss of the one partition when retention has overtaken it there, and hands over later records', async () => {
      await log.append([{ partition: 0, value: 'a' }])
      const sink = await read()
      sink.hold(0)
      await sink.untilReceived(1)
      await log.append([
        { partition: 0, value: 'lost' },
        { partition: 0, value: 'c' },
      ])
      await log.trim(0, 2)
      sink.release()
      await sink.untilReceived(2)
      expect(sink.values()).toEqual(['a', 'c'])
      expect(sink.losses).toEqual([{ partition: 0, nextOffset: 2 }])
      expect(sink.starts).toHaveLength(1)
    })

    it('leaves other partitions alone when retention has overtaken it in one', async () => {
      await log.append([
        { partition: 0, value: 'a' },
        { partition: 1, value: 'x' },
      ])
      const sink = await read()
      sink.hold(0)
      await sink.untilReceived(2)
      await log.append([
        { partition: 0, value: 'lost' },
        { partition: 0, value: 'c' },
      ])
      await log.trim(0, 2)
      await log.append([
        { partition: 1, value: 'y' },
        { partition: 2, value: 'z' },
      ])
      await sink.untilReceived(4)
      sink.release()
      await sink.untilReceived(5)
      expect([sink.values(0), sink.values(1), sink.values(2)]).toEqual([['a', 'c'], ['x', 'y'], ['z']])
      expect(sink.losses.map(({ partition }) => partition)).toEqual([0])
    })

    it('calls no method of the sink after it was stopped, once or more', async () => {
      const sink = createRecordingSink()
      const source = newSource()
      await source.start(sink, { sinceMs: 0 })
      await untilReading(sink)
      await Promise.all([source.stop(), source.stop()])
      await source.stop()
      const calls = sink.calls.length
      await log.append([{ partition: 0, value: 'a' }])
      const other = await read()
      await other.untilReceived(1)
      expect(sink.calls).toHaveLength(calls)
    })

    it('stops while the sink has a batch', async () => {
      await log.append([{ partition: 0, value: 'a' }])
      const sink = createRecordingSink()
      const source = newSource()
      sink.hold(0)
      await source.start(sink, { sinceMs: 0 })
      await sink.untilReceived(1)
      await source.stop()
      const calls = sink.calls.length
      sink.release()
      await log.append([{ partition: 0, value: 'b' }])
      const other = await read()
      await other.untilReceived(2)
      expect(sink.calls).toHaveLength(calls)
    })

    it('starts once, and not after it was stopped', async () => {
      const sink = createRecordingSink()
      const source = newSource()
      await source.start(sink, { sinceMs: 0 })
      await expect(source.start(sink, { sinceMs: 0 })).rejects.toThrow('started once')
      const stopped = log.source()
      await stopped.stop()
      await expect(stopped.start(sink, { sinceMs: 0 })).rejects.toThrow('started once')
    })
  })
}
