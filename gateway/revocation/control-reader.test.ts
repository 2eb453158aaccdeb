import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../event/log-record.ts'
import { failed, ok } from '../../program/result.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import { aLogRecord } from '../testing/builders.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { encodeControlRecord } from './control-record.ts'
import { ControlReader } from './control-reader.ts'
import { ControlUpkeep, maxRecordsPerRound, tombstoneAfterMs } from './control-upkeep.ts'
import { type Revocation, Revocations } from './revocations.ts'
import { type Subject, subjectKey } from './subject.ts'

const user = (name: string): Subject => ({ kind: 'user', name })
const ann = user('ann')
const weak: Revocation = { issuedBeforeMs: 50, untilMs: 5_000 }
const strong: Revocation = { issuedBeforeMs: 100, untilMs: 6_000 }

function setUp({ maxEntries = 10_000 } = {}) {
  const clock = { nowMs: 1_000 }
  const revocations = new Revocations({ maxEntries, now: () => clock.nowMs })
  const revoked: (readonly Subject[])[] = []
  const observed: string[] = []
  const metrics = createRecordingMetrics()
  const { logger, lines } = createRecordingLogger()
  const reader = new ControlReader({
    revocations,
    revoked: (subjects) => void revoked.push(subjects),
    observer: {
      caughtUp: () => void observed.push('caught-up'),
      health: ({ problem }) => void observed.push(problem?.kind ?? 'healthy'),
      overflowed: () => void observed.push('overflowed'),
    },
    metrics: metrics.metrics,
    logger,
  })
  const published: (readonly OutgoingRecord[])[] = []
  const answers = { next: ok(undefined) as ReturnType<typeof ok<void>> | ReturnType<typeof failed<{ kind: 'timeout'; detail: string }>> }
  const upkeep = new ControlUpkeep({
    revocations,
    reader,
    publisher: {
      publish: async (records) => {
        published.push(records)
        return answers.next
      },
    },
    timeoutMs: 1_000,
    logger,
    now: () => clock.nowMs,
    random: () => 0,
  })
  let offset = 0
  const read = (...records: readonly (readonly [Subject, Revocation | null])[]): void => {
    const batch = records.map(([subject, revocation]): LogRecord => {
      const { key, value } = encodeControlRecord(subject, revocation)
      return aLogRecord({ offset: offset++, key: Buffer.from(key ?? ''), value })
    })
    reader.records(batch, offset)
  }
  const open = (end = 0): void => reader.opened({ epoch: String(end), startOffsets: [0], endOffsets: [end] })
  return { clock, revocations, revoked, observed, metrics, lines, reader, upkeep, published, answers, read, open }
}

const writtenBy = async ({ upkeep, published }: ReturnType<typeof setUp>): Promise<readonly unknown[]> => {
  const before = published.length
  await upkeep.round()
  return published
    .slice(before)
    .flatMap((records) => records.map(({ key, value }) => [key, value === null ? null : JSON.parse(String(value)).until]))
}
const textOf = (timeMs: number): string => new Date(timeMs).toISOString()

describe('the reader of the control topic', () => {
  it('has caught up when it has read what was there, or when nothing was', () => {
    const rig = setUp()
    rig.open(2)
    rig.read([ann, weak])
    expect([rig.observed, rig.reader.lag, rig.reader.isCaughtUp]).toEqual([[], 1, false])
    rig.reader.skipped(0, 2)
    expect([rig.observed, rig.reader.lag, rig.reader.isCaughtUp]).toEqual([['caught-up'], 0, true])
    const empty = setUp()
    empty.open()
    expect(empty.observed).toEqual(['caught-up'])
  })

  it('tells once for each batch of which subjects more tokens are revoked', () => {
    const rig = setUp()
    rig.open()
    rig.read([ann, weak], [user('bob'), weak], [ann, strong])
    rig.read([ann, weak])
    expect(rig.revoked).toEqual([[ann, user('bob'), ann]])
    expect(rig.revocations.get(ann)).toEqual(strong)
  })

  it('skips what it cannot read, counts it, and logs the first of each reason', () => {
    const rig = setUp()
    rig.open()
    const records = ['x', 'x', '{"version":7}'].map((value, at) =>
      aLogRecord({ offset: at, key: Buffer.from('user:ann'), value: Buffer.from(value) }),
    )
    rig.reader.records(records, 3)
    expect([
      rig.metrics.value('revocationRecordsSkipped', { reason: 'malformed' }),
      rig.metrics.value('revocationRecordsSkipped', { reason: 'unknown' }),
    ]).toEqual([2, 1])
    expect(rig.lines.map(({ message, fields }) => [message, fields['reason']])).toEqual([
      ['control records skipped', 'malformed'],
      ['control records skipped', 'unknown'],
    ])
    rig.read([ann, weak])
    expect(rig.revocations.get(ann)).toEqual(weak)
  })

  it('says that it does not know all revocations when the table is full', () => {
    const rig = setUp({ maxEntries: 1 })
    rig.open()
    rig.read([ann, weak], [user('bob'), weak])
    expect([rig.observed, rig.metrics.value('revocationRecordsSkipped', { reason: 'full' })]).toEqual([['caught-up', 'overflowed'], 1])
  })

  it('counts records that are lost, and goes on behind them', () => {
    const rig = setUp()
    rig.open(5)
    rig.reader.lost(0, 5)
    expect([rig.reader.isCaughtUp, rig.metrics.value('revocationRecordsSkipped', { reason: 'lost' })]).toEqual([true, 1])
  })
})

describe('the upkeep of the control topic', () => {
  it('writes a revocation again when a weaker record is the last of its subject', async () => {
    const rig = setUp()
    rig.open()
    rig.read([ann, strong], [ann, weak])
    expect(await writtenBy(rig)).toEqual([['user:ann', textOf(strong.untilMs)]])
    // It comes back from the topic. Until then another round writes it once more, which does no harm.
    expect(await writtenBy(rig)).toHaveLength(1)
    rig.read([ann, strong])
    expect(await writtenBy(rig)).toEqual([])
  })

  it('writes a revocation again when a tombstone takes it away too early', async () => {
    const rig = setUp()
    rig.open()
    rig.read([ann, strong], [ann, null])
    expect(rig.revocations.isInForce(ann)).toBe(true)
    expect(await writtenBy(rig)).toEqual([['user:ann', textOf(strong.untilMs)]])
  })

  it('writes everything again when the topic was recreated', async () => {
    const rig = setUp()
    rig.open(1)
    rig.read([ann, strong])
    rig.open()
    expect(await writtenBy(rig)).toEqual([['user:ann', textOf(strong.untilMs)]])
  })

  it('writes a tombstone some time after the end, and forgets the subject when it comes back', async () => {
    const rig = setUp()
    rig.open()
    rig.read([ann, strong])
    rig.clock.nowMs = strong.untilMs + tombstoneAfterMs
    expect(await writtenBy(rig)).toEqual([])
    rig.clock.nowMs += 1
    expect(await writtenBy(rig)).toEqual([['user:ann', null]])
    expect(rig.revocations.size).toBe(1)
    rig.read([ann, null])
    expect([rig.revocations.size, await writtenBy(rig)]).toEqual([0, []])
  })

  it('writes nothing before it has read the topic, and no more in a round than its bound', async () => {
    const rig = setUp()
    const names = Array.from({ length: maxRecordsPerRound + 1 }, (_, n) => user(`u${n}`))
    rig.open(names.length)
    rig.clock.nowMs = strong.untilMs + tombstoneAfterMs + 1
    rig.read(...names.slice(1).map((name): [Subject, Revocation] => [name, strong]))
    expect(await writtenBy(rig)).toEqual([])
    rig.read([user('u0'), strong])
    expect(await writtenBy(rig)).toHaveLength(maxRecordsPerRound)
  })

  it('tries again when the brokers do not acknowledge', async () => {
    const rig = setUp()
    rig.open()
    rig.read([ann, strong], [ann, weak])
    rig.answers.next = failed({ kind: 'timeout', detail: 'for the test' })
    expect(await writtenBy(rig)).toHaveLength(1)
    expect(rig.lines.at(-1)).toMatchObject({ level: 'warn', message: 'control topic not maintained' })
    expect(await writtenBy(rig)).toEqual([[subjectKey(ann), textOf(strong.untilMs)]])
  })
})
