import { describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import type { DeadLetter } from './dead-letter-copy.ts'
import { createLetterCopier, LostPartitionError } from './letter-copier.ts'
import type { DeadLetterTransactions, Due } from './transactions.ts'

const brokerError = (type: string): Error => Object.assign(new Error(type), { type })
const letter = (offset: number, bytes = 3): DeadLetter => ({
  kind: 'record',
  record: { partition: 0, offset, timestampMs: 0, key: null, value: Buffer.alloc(bytes), headers: {} },
  failure: { reason: 'not-json', detail: '' },
})
const range = (fromOffset: number, toOffset: number): DeadLetter => ({
  kind: 'range',
  reason: 'summary',
  detail: '',
  partition: 0,
  fromOffset,
  toOffset,
  counts: { empty: 2 },
})
const offsetsOf = ({ copies }: Due): readonly number[] =>
  copies.map(({ headers }) => Number(headers.find(([name]) => name === 'carillon_dlq_offset')?.[1]))
const isSmall = ({ copies }: Due): boolean =>
  copies.every(({ value, headers }) => value === null && headers.some(([name]) => name === 'carillon_dlq_omitted'))
const never = new AbortController().signal

/** @param answer the broker's answer to the nth attempt: an error, or null */
function rig(answer: (due: Due, attempt: number) => Error | null = () => null, committedAtFirst = -1) {
  const [log, metrics, attempts, suspects, troubles] = [
    createRecordingLogger(),
    createRecordingMetrics(),
    [] as Due[],
    [] as boolean[],
    [] as (string | null)[],
  ]
  let committed = committedAtFirst
  let waits = 0
  const transactions: DeadLetterTransactions = {
    async run(_partition, choose, isSuspect) {
      const due = choose(committed)
      suspects.push(isSuspect)
      if (due === null) return committed
      attempts.push(due)
      const error = answer(due, attempts.length)
      if (error !== null) throw error
      committed = due.offset
      return committed
    },
    end: async () => undefined,
  }
  const backOff = { wait: async () => void (waits += 1), reset: () => undefined, wake: () => undefined }
  const copier = createLetterCopier({
    partition: 0,
    topic: 't',
    transactions,
    logger: log.logger,
    metrics: metrics.metrics,
    trouble: (detail) => troubles.push(detail),
    backOff,
  })
  return { copier, log, metrics, attempts, suspects, troubles, committed: () => committed, waits: () => waits }
}

describe('the copier of dead letters', () => {
  it('bounds a transaction by 200 records', async () => {
    const { copier, attempts } = rig()
    await copier.copy(
      Array.from({ length: 450 }, (_, offset) => letter(offset)),
      never,
    )
    expect(attempts.map(({ copies, offset }) => [copies.length, offset])).toEqual([
      [200, 200],
      [200, 400],
      [50, 450],
    ])
  })

  // K6: 200 records of 12 KB were one transaction, which no broker accepts.
  it('bounds a transaction by 900,000 bytes, and sends a larger letter alone', async () => {
    const { copier, attempts } = rig()
    await copier.copy([letter(0, 400_000), letter(1, 400_000), letter(2, 400_000), letter(3, 2_000_000), letter(4)], never)
    expect(attempts.map(offsetsOf)).toEqual([[0, 1], [2], [3], [4]])
  })

  it('halves letters that are too large together, without a warning', async () => {
    const { copier, attempts, log, waits } = rig(({ copies }) => (copies.length > 3 ? brokerError('RECORD_LIST_TOO_LARGE') : null))
    await copier.copy(
      Array.from({ length: 10 }, (_, offset) => letter(offset)),
      never,
    )
    expect(attempts.filter(({ copies }) => copies.length <= 3).flatMap(offsetsOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect([log.lines, waits()]).toEqual([[], 0])
  })

  // K3b: the headers were large, and only the value was left out.
  it('copies only the place of a record that is too large in any other form', async () => {
    const { copier, attempts, metrics } = rig((due) =>
      offsetsOf(due).includes(1) && !isSmall(due) ? brokerError('MESSAGE_TOO_LARGE') : null,
    )
    await copier.copy([letter(0), letter(1), letter(2)], never)
    expect(attempts.map((due) => [offsetsOf(due), isSmall(due)])).toEqual([
      [[0, 1, 2], false],
      [[0, 1], false],
      [[0], false],
      [[1, 2], false],
      [[1], false],
      [[1], false],
      [[1], true],
      [[2], false],
    ])
    expect([metrics.value('dlqRecords'), metrics.value('dlqSkipped')]).toEqual([3, 0])
  })

  it('skips a record after five refusals, with an error that names its place and no content', async () => {
    const { copier, attempts, metrics, log, committed } = rig((due) => (offsetsOf(due).includes(1) ? brokerError('INVALID_RECORD') : null))
    await copier.copy([letter(0), letter(1), letter(2)], never)
    expect(attempts.filter((due) => offsetsOf(due).join() === '1')).toHaveLength(5)
    expect([metrics.value('dlqRecords'), metrics.value('dlqSkipped', { reason: 'refused' }), committed()]).toEqual([2, 1, 3])
    expect(log.lines).toEqual([
      {
        level: 'error',
        message: 'dead letter skipped',
        fields: { topic: 't', partition: 0, offset: 1, reason: 'refused', detail: 'INVALID_RECORD' },
      },
    ])
  })

  it.each(['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS', 'TOPIC_AUTHORIZATION_FAILED', 'UNKNOWN_TOPIC_OR_PARTITION'])(
    'waits without limit when the brokers report %s',
    async (type) => {
      const { copier, metrics, log, suspects, troubles, waits } = rig((_due, attempt) => (attempt < 20 ? brokerError(type) : null))
      await copier.copy([letter(0)], never)
      expect([metrics.value('dlqRecords'), metrics.value('dlqSkipped'), waits()]).toEqual([1, 0, 19])
      expect(log.lines).toMatchObject([{ level: 'warn', fields: { partition: 0, detail: type } }])
      expect([suspects[0], suspects[1], troubles.at(0), troubles.at(-1)]).toEqual([false, true, type, null])
    },
  )

  // kafkajs throws them when a connection breaks at the wrong time (K11).
  it('does not take a TypeError for a refusal of the record', async () => {
    const { copier, metrics } = rig((_due, attempt) =>
      attempt < 20 ? new TypeError("Cannot read properties of null (reading '3')") : null,
    )
    await copier.copy([letter(0)], never)
    expect([metrics.value('dlqRecords'), metrics.value('dlqSkipped')]).toEqual([1, 0])
  })

  it('leaves out letters that another worker has copied', async () => {
    const { copier, attempts, metrics } = rig(() => null, 2)
    await copier.copy([letter(0), letter(1), letter(2), range(3, 5)], never)
    expect(attempts.flatMap(offsetsOf)).toEqual([2, 3])
    expect(metrics.value('dlqRecords')).toBe(1)
  })

  it('gives the partition up when another worker has passed a part of a summary', async () => {
    await expect(rig(() => null, 4).copier.copy([range(3, 5)], never)).rejects.toThrow(LostPartitionError)
    const whole = rig(() => null, 6)
    await whole.copier.copy([range(3, 5)], never)
    expect(whole.attempts).toEqual([])
  })

  it('never takes the progress of the group back, except for a recreated topic', async () => {
    const { copier, committed } = rig(() => null, 10)
    await copier.progress(5)
    expect(committed()).toBe(10)
    await copier.progress(12)
    expect(committed()).toBe(12)
    await copier.rewind(3, never)
    expect(committed()).toBe(3)
  })

  it('ends when it is interrupted, also in the middle of trouble', async () => {
    const stopping = new AbortController()
    const { copier } = rig((_due, attempt) => {
      if (attempt === 3) stopping.abort(new Error('ended'))
      return brokerError('REQUEST_TIMED_OUT')
    })
    await expect(copier.copy([letter(0)], stopping.signal)).rejects.toThrow('ended')
  })
})
