import { beforeEach, describe, expect, it } from 'vitest'
import { createRecordDecoder } from '../event/decode-record.ts'
import { encodeEvent } from '../event/encode-event.ts'
import type { LogRecord } from '../event/log-record.ts'
import { disabledTracer } from '../observability/disabled-tracer.ts'
import { aBinaryRecord, aLogRecord, type EventInRecord } from '../testing/builders.ts'
import { RecordingSocket, rigDefaults, rigPrincipal } from '../testing/channel-rig.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import type { Resume } from '../session/handshake.ts'
import { type ChannelOptions, createChannel } from './create-channel.ts'

const nowMs = Date.UTC(2026, 0, 31, 12)

/** A channel with the real decoder and encoder, whose reading has not begun. The clock stands at `nowMs`, unless the test moves it. */
function unopened(options: Partial<ChannelOptions> = {}) {
  const metrics = createRecordingMetrics()
  const logger = createRecordingLogger()
  const observed: string[] = []
  const clock = { nowMs }
  const { channel, ingest } = createChannel({
    options: { ...rigDefaults, ...options },
    decode: createRecordDecoder({ maxEventBytes: 10_000, maxAudienceNames: 10 }),
    encode: encodeEvent,
    metrics: metrics.metrics,
    logger: logger.logger,
    tracer: disabledTracer,
    now: () => clock.nowMs,
    random: () => 0.5,
    observer: {
      opened: () => observed.push('opened'),
      warmedUp: () => observed.push('warmed-up'),
      health: ({ problem }) => observed.push(problem?.kind ?? 'healthy'),
    },
  })
  const connect = (resume: Resume = { kind: 'latest' }, userId = 'ann'): RecordingSocket => {
    const socket = new RecordingSocket()
    channel.join(socket, { principal: rigPrincipal({ userId }), resume })
    return socket
  }
  return { channel, ingest, metrics, logger, observed, clock, connect }
}

function opened(options: Partial<ChannelOptions> = {}) {
  const rig = unopened(options)
  rig.ingest.opened({ epoch: 'first', startOffsets: [0, 0], endOffsets: [0, 0] })
  return rig
}

const record = (id: string, { at, ...more }: EventInRecord = {}): LogRecord =>
  aBinaryRecord({ id, ...more, at: { timestampMs: nowMs, ...at } })
/** A run of records of one partition, one offset after the other. */
const run = (from: number, ids: readonly string[], partition = 0): readonly LogRecord[] =>
  ids.map((id, index) => record(id, { at: { partition, offset: from + index } }))

describe('what is read', () => {
  it('is delivered, and an undecodable record among it delays no other (the predecessor stopped)', async () => {
    const rig = opened()
    const socket = rig.connect()
    const poison = [
      aLogRecord({ offset: 1, value: null }),
      aLogRecord({ offset: 2, value: Buffer.from('not json') }),
      aLogRecord({ offset: 3, value: Buffer.from([0xff, 0xfe]) }),
      aLogRecord({ offset: 4, value: Buffer.from('{"specversion":"2.0","id":"x","source":"s","type":"t","data":{"broadcast":true}}') }),
      record('bad-audience', { at: { offset: 5 }, headers: { ce_audience: '{"roles":["admin"]}' } }),
      record('large', { at: { offset: 6 }, data: 'x'.repeat(20_000) }),
    ]
    await rig.ingest.records([...run(0, ['before']), ...poison, ...run(7, ['after'])], 8)
    expect(socket.ids).toEqual(['!resumed', 'before', 'after'])
    const reasons = ['empty', 'not-json', 'invalid-utf8', 'specversion', 'bad-audience', 'too-large'] as const
    expect(reasons.map((reason) => rig.metrics.value('recordsUndecodable', { reason }))).toEqual(reasons.map(() => 1))
    expect([rig.metrics.value('recordsUndecodable'), rig.metrics.value('recordsRead'), rig.channel.log.positions]).toEqual([6, 8, [8, 0]])
  })

  it('never logs the content of an undecodable record', async () => {
    const rig = opened()
    await rig.ingest.records(
      [aLogRecord({ value: Buffer.from('{"hunter2') }), record('e', { at: { offset: 1 }, headers: { ce_audience: 'hunter2' } })],
      2,
    )
    expect(rig.logger.lines.map(({ level }) => level)).toEqual(['debug', 'warn', 'debug'])
    expect(JSON.stringify(rig.logger.lines)).not.toContain('hunter2')
  })

  it('without recipients reaches no client, is counted, and moves the position (G3)', async () => {
    const rig = opened()
    const socket = rig.connect()
    await rig.ingest.records([record('none', { audience: null }), record('empty', { audience: {}, at: { offset: 1 } })], 2)
    expect([socket.ids, rig.metrics.value('recordsWithoutAudience'), rig.channel.log.length, rig.channel.log.positions]).toEqual([
      ['!resumed'],
      2,
      0,
      [2, 0],
    ])
  })

  it('is waited for until its recipients had their turn, and not at all without recipients here', async () => {
    const rig = opened()
    expect(rig.ingest.records([record('bob', { audience: { users: ['bob'] } })], 1)).toBeUndefined()
    const socket = rig.connect()
    const settled = rig.ingest.records(run(1, ['everybody']), 2)
    expect([settled instanceof Promise, socket.ids]).toEqual([true, ['!resumed']])
    await settled
    expect(socket.ids).toEqual(['!resumed', 'everybody'])
  })

  it('never waits for a socket that is congested', async () => {
    const rig = opened()
    const socket = rig.connect()
    socket.isCongested = true
    await rig.ingest.records(run(0, ['one']), 1)
    await rig.ingest.records(run(1, ['two', 'three']), 3)
    expect([socket.ids, rig.channel.catchingUp]).toEqual([['!resumed', 'one'], 1])
  })
})

describe('duplicates', () => {
  it('are delivered once, counted, and move the place on', async () => {
    const rig = opened()
    const socket = rig.connect()
    await rig.ingest.records(run(0, ['same', 'same', 'other', 'same']), 4)
    expect([socket.ids, rig.metrics.value('recordsDuplicate'), rig.channel.log.positions]).toEqual([
      ['!resumed', 'same', 'other'],
      2,
      [4, 0],
    ])
  })

  it('are not duplicates when their sources differ, or when they are more than the window apart', async () => {
    const rig = opened({ deduplicationWindowMs: 1_000 })
    const socket = rig.connect()
    await rig.ingest.records([record('e', { source: 'urn:a' }), record('e', { source: 'urn:b', at: { offset: 1 } })], 2)
    await rig.ingest.records([record('e', { source: 'urn:a', at: { offset: 2, timestampMs: nowMs + 1_001 } })], 3)
    expect(socket.ids).toEqual(['!resumed', 'e', 'e', 'e'])
  })

  it('are known across the edge of what is kept: the first was too old to be held, the second is not delivered', async () => {
    const rig = unopened({ replayWindowMs: 60_000 })
    rig.ingest.opened({ epoch: 'first', startOffsets: [0, 0], endOffsets: [3, 0] })
    const at = (offset: number, ageMs: number) => ({ at: { offset, timestampMs: nowMs - ageMs } })
    await rig.ingest.records([record('same', at(0, 70_000)), record('same', at(1, 20_000)), record('new', at(2, 10_000))], 3)
    expect([rig.channel.log.length, rig.metrics.value('recordsDuplicate'), rig.observed]).toEqual([1, 1, ['opened', 'warmed-up']])
  })
})

describe('what was written before the window', () => {
  let rig: ReturnType<typeof unopened>
  beforeEach(() => {
    rig = unopened({ replayWindowMs: 60_000 })
    rig.ingest.opened({ epoch: 'first', startOffsets: [0, 0], endOffsets: [3, 1] })
  })
  const old = (id: string, offset: number): LogRecord => record(id, { at: { offset, timestampMs: nowMs - 61_000 } })

  it('is not held, and a client that resumes from before it gets a gap', async () => {
    await rig.ingest.records([old('a', 0), old('b', 1), ...run(2, ['c'])], 3)
    await rig.ingest.records(run(0, ['d'], 1), 1)
    const cursorAt = (offsets: readonly number[]): Resume => {
      const { resume } = rig.connect()
      return resume.kind === 'cursor' ? { kind: 'cursor', cursor: { ...resume.cursor, offsets } } : resume
    }
    const [early, late] = [rig.connect(cursorAt([1, 0])), rig.connect(cursorAt([2, 0]))]
    await rig.channel.settled()
    expect([early.ids, early.received[0]?.data, late.ids]).toEqual([
      ['!gap'],
      expect.objectContaining({ reason: 'too-old' }),
      ['c', 'd', '!resumed'],
    ])
  })

  it('is held behind a newer record of its partition, so that no event is missing between them', async () => {
    await rig.ingest.records([...run(0, ['new']), old('late', 1)], 3)
    expect(rig.channel.log.length).toBe(2)
  })

  /** Stream processors hand the timestamps of their input on, however old. Such records were taken for old ones, and reached no client. */
  it('by its timestamp, but arrives after the pod has warmed up, is delivered like any other', async () => {
    await rig.ingest.records(run(0, ['c', 'd', 'e']), 3)
    await rig.ingest.records(run(0, ['f'], 1), 1)
    rig.channel.log.trim(nowMs + 120_000)
    const socket = rig.connect()
    await rig.ingest.records([old('from-a-stream-processor', 3)], 4)
    expect([rig.observed, socket.ids]).toEqual([
      ['opened', 'warmed-up'],
      ['!resumed', 'from-a-stream-processor'],
    ])
  })
})

describe('warming up', () => {
  it('is over at once when there is nothing to read', () => {
    expect(opened().observed).toEqual(['opened', 'warmed-up'])
  })

  it('ends when every partition has been read to its end at the start, and is reported once', async () => {
    const rig = unopened()
    rig.ingest.opened({ epoch: 'first', startOffsets: [5, 0], endOffsets: [7, 1] })
    await rig.ingest.records(run(5, ['a', 'b', 'c']), 8)
    expect(rig.observed).toEqual(['opened'])
    await rig.ingest.records(run(0, ['d'], 1), 2)
    await rig.ingest.records(run(1, ['e'], 1), 2)
    expect(rig.observed).toEqual(['opened', 'warmed-up'])
  })

  it('counts a hole at the end as read only after the source has skipped it', async () => {
    const rig = unopened()
    rig.ingest.opened({ epoch: 'first', startOffsets: [0], endOffsets: [4] })
    await rig.ingest.records(run(0, ['a']), 4)
    expect(rig.observed).toEqual(['opened'])
    rig.ingest.skipped(0, 3)
    expect(rig.observed).toEqual(['opened'])
    rig.ingest.skipped(0, 4)
    expect(rig.observed).toEqual(['opened', 'warmed-up'])
  })

  it('counts undecodable records, duplicates and records without recipients as read', async () => {
    const rig = unopened()
    rig.ingest.opened({ epoch: 'first', startOffsets: [0], endOffsets: [4] })
    await rig.ingest.records([...run(0, ['a', 'a']), aLogRecord({ offset: 2 }), record('nobody', { audience: null, at: { offset: 3 } })], 4)
    expect(rig.observed).toEqual(['opened', 'warmed-up'])
  })
})

describe('a topic that was recreated', () => {
  it('with another epoch sends a gap, forgets the ids of the old topic, and delivers from its start', async () => {
    const rig = opened()
    const socket = rig.connect()
    await rig.ingest.records(run(0, ['same', 'two']), 2)
    const before = socket.resume
    rig.ingest.opened({ epoch: 'second', startOffsets: [0], endOffsets: [0] })
    await rig.ingest.records(run(0, ['same']), 1)
    expect([socket.ids, socket.received.find(({ type }) => type?.endsWith('gap') ?? false)?.data]).toEqual([
      ['!resumed', 'same', 'two', '!gap', 'same'],
      { reason: 'epoch' },
    ])
    expect(rig.connect(before).received[0]?.data).toMatchObject({ reason: 'epoch' })
    expect(rig.logger.lines.filter(({ level }) => level !== 'debug').map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { reason: 'epoch' }],
    ])
  })

  it('closes a client that does not understand gaps', () => {
    const rig = opened()
    const plain = rig.connect({ kind: 'plain' })
    rig.ingest.opened({ epoch: 'second', startOffsets: [0], endOffsets: [0] })
    expect(plain.closedWith?.code).toBe('eventsLost')
  })
})

describe('records that are lost', () => {
  it('count as read, and leave the duplicates and the other partition as they are', async () => {
    const rig = unopened()
    rig.ingest.opened({ epoch: 'first', startOffsets: [0, 0], endOffsets: [50, 1] })
    await rig.ingest.records(run(0, ['same']), 1)
    await rig.ingest.records(run(0, ['other'], 1), 1)
    rig.ingest.lost(0, 50)
    expect([rig.observed, rig.ingest.lag, rig.channel.log.positions, rig.channel.log.length]).toEqual([
      ['opened', 'warmed-up'],
      0,
      [50, 1],
      2,
    ])
    const socket = rig.connect()
    await rig.ingest.records(run(50, ['same', 'after']), 52)
    expect([socket.ids, rig.metrics.value('recordsDuplicate')]).toEqual([['!resumed', 'after'], 1])
  })

  it('beyond the end that is known move the end', () => {
    const rig = opened()
    rig.ingest.lost(0, 7)
    expect([rig.ingest.lag, rig.channel.log.positions]).toEqual([0, [7, 0]])
    rig.ingest.lost(0, 3)
    expect(rig.channel.log.positions).toEqual([7, 0])
  })
})

describe('a topic that gets more partitions', () => {
  it('is read and delivered from their beginning, and cursors from before go on', async () => {
    const rig = opened()
    const before = rig.connect()
    before.leave()
    rig.ingest.ends([0, 0, 2])
    expect(rig.ingest.lag).toBe(2)
    const live = rig.connect()
    await rig.ingest.records(run(0, ['new-partition', 'second'], 2), 2)
    const returned = rig.connect(before.resume)
    await rig.channel.settled()
    expect([live.ids, returned.ids, rig.ingest.lag]).toEqual([
      ['!resumed', 'new-partition', 'second'],
      ['new-partition', 'second', '!resumed'],
      0,
    ])
  })

  it('may hand over the records of new partitions before it has reported their ends', async () => {
    const rig = opened()
    const socket = rig.connect()
    await rig.ingest.records(run(0, ['early'], 3), 1)
    expect([socket.ids, rig.channel.log.positions, rig.ingest.lag]).toEqual([['!resumed', 'early'], [0, 0, 0, 1], 0])
    const returned = rig.connect(socket.resume)
    await rig.channel.settled()
    expect(returned.ids).toEqual(['!resumed'])
  })
})

describe('the lag', () => {
  it('is what lies between the pod and the ends, over all partitions', async () => {
    const rig = unopened()
    rig.ingest.opened({ epoch: 'first', startOffsets: [10, 0], endOffsets: [15, 3] })
    expect(rig.metrics.value('logLag')).toBe(8)
    await rig.ingest.records(run(10, ['a', 'b']), 20)
    expect(rig.metrics.value('logLag')).toBe(11)
    rig.ingest.skipped(0, 20)
    rig.ingest.ends([20, 5])
    expect(rig.metrics.value('logLag')).toBe(5)
  })
})

describe('time', () => {
  it('drops what is older than the window also while nothing arrives', async () => {
    const rig = opened({ replayWindowMs: 60_000 })
    await rig.ingest.records(run(0, ['a']), 1)
    rig.clock.nowMs += 60_001
    rig.ingest.ends([1, 0])
    expect([rig.channel.log.length, rig.metrics.value('replayEntries')]).toEqual([0, 0])
  })
})
