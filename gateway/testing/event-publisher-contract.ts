import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { EventPublisher } from '../emit/event-publisher.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import { partitionFor } from '../emit/partition-for.ts'
import type { LogRecord } from '../event/log-record.ts'

/** An empty log of `partitions` partitions that accepts records of up to 1 MiB. */
export interface PublishedLog {
  readonly partitions: number
  publisher(): EventPublisher
  /** Returns all records in the log, per partition in order. Does not wait. */
  read(): Promise<readonly LogRecord[]>
  /** Makes the log acknowledge nothing until `resume`. */
  suspend(): Promise<void>
  resume(): Promise<void>
}

let identities = 0

/** Returns a valid record. A test sets the members that matter to it. */
export function anOutgoingRecord(given: Partial<OutgoingRecord> = {}): OutgoingRecord {
  identities += 1
  return {
    key: null,
    identity: `source|${identities}`,
    value: Buffer.from(`{"n":${identities}}`),
    headers: { ce_id: String(identities) },
    ...given,
  }
}

/**
 * The duties of `gateway/emit/event-publisher.ts`, for any implementation of it.
 * @param makeLog called before each test; the log may be given up when the next is made
 */
export function describeEventPublisher(name: string, makeLog: () => Promise<PublishedLog>): void {
  describe(`${name}, as an event publisher`, () => {
    let log: PublishedLog
    let publisher: EventPublisher
    const inTime = { timeoutMs: 10_000 }

    beforeEach(async () => {
      log = await makeLog()
      publisher = log.publisher()
    })

    afterEach(() => publisher.stop({ deadlineMs: 1_000 }))

    it('succeeds when the record is in the log, unchanged', async () => {
      const record = anOutgoingRecord({
        key: 'user:1',
        value: Buffer.from('{"\u{1F514}":1}'),
        headers: { ce_id: 'a', ce_audience: '{"users":["\u00e9"]}' },
      })
      expect(await publisher.publish([record], inTime)).toEqual({ ok: true, value: undefined })
      const [written] = await log.read()
      expect(written).toMatchObject({
        offset: 0,
        key: Buffer.from('user:1'),
        value: record.value,
        headers: { ce_id: Buffer.from('a'), ce_audience: Buffer.from('{"users":["\u00e9"]}') },
      })
      expect(Math.abs(Date.now() - (written?.timestampMs ?? 0))).toBeLessThan(60_000)
    })

    it('keeps null apart from empty', async () => {
      await publisher.publish([anOutgoingRecord({ key: null, value: null }), anOutgoingRecord({ key: '', value: Buffer.alloc(0) })], inTime)
      const contents = (await log.read()).map(({ key, value }) => [key?.length, value?.length])
      expect(contents).toHaveLength(2)
      expect(contents).toEqual(
        expect.arrayContaining([
          [undefined, undefined],
          [0, 0],
        ]),
      )
    })

    it('puts records into the partition of their key, or else of their identity', async () => {
      const records = Array.from({ length: 40 }, (_, n) => anOutgoingRecord(n % 2 === 0 ? { key: `user:${n}` } : { key: null }))
      await publisher.publish(records, inTime)
      const placed = new Map((await log.read()).map((record) => [String(record.headers.ce_id), record.partition]))
      expect(placed.size).toBe(40)
      for (const record of records)
        expect(placed.get(record.headers.ce_id ?? ''), record.headers.ce_id).toBe(partitionFor(record, log.partitions))
    })

    it('keeps the order of publishing of one key, by many calls at once', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 300 }, (_, n) => publisher.publish([anOutgoingRecord({ key: 'one', value: Buffer.from(String(n)) })], inTime)),
      )
      expect(outcomes.every((outcome) => outcome.ok)).toBe(true)
      expect((await log.read()).map((record) => Number(record.value))).toEqual(Array.from({ length: 300 }, (_, n) => n))
    })

    it('accepts more records in one call than fit into one request', async () => {
      const records = Array.from({ length: 30 }, (_, n) => anOutgoingRecord({ key: 'one', value: Buffer.alloc(100_000, n) }))
      expect(await publisher.publish(records, inTime)).toMatchObject({ ok: true })
      expect((await log.read()).map((record) => record.value?.[0])).toEqual(Array.from({ length: 30 }, (_, n) => n))
    })

    it('refuses a record that the log never accepts, and publishes the others', async () => {
      const outcomes = await Promise.all([
        publisher.publish([anOutgoingRecord({ key: 'one', value: Buffer.from('before') })], inTime),
        publisher.publish([anOutgoingRecord({ key: 'one', value: Buffer.alloc(1_200_000, 'x') })], inTime),
        publisher.publish([anOutgoingRecord({ key: 'one', value: Buffer.from('after') })], inTime),
      ])
      expect(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.kind))).toEqual(['ok', 'too-large', 'ok'])
      expect((await log.read()).map((record) => String(record.value))).toEqual(['before', 'after'])
    })

    it('never succeeds without an acknowledgement in time, and works again afterwards', async () => {
      expect(await publisher.publish([anOutgoingRecord()], inTime)).toMatchObject({ ok: true })
      await log.suspend()
      const outcome = await publisher.publish([anOutgoingRecord()], { timeoutMs: 700 }).finally(() => log.resume())
      expect(outcome).toMatchObject({ ok: false, error: { kind: expect.stringMatching(/^(timeout|unavailable)$/) } })
      expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 20_000 })).toMatchObject({ ok: true })
    })

    it('waits for records in progress when it is stopped, and then accepts no more', async () => {
      const underWay = Promise.all(Array.from({ length: 20 }, () => publisher.publish([anOutgoingRecord()], inTime)))
      await Promise.all([publisher.stop({ deadlineMs: 5_000 }), publisher.stop({ deadlineMs: 5_000 })])
      expect((await underWay).every((outcome) => outcome.ok)).toBe(true)
      expect(await log.read()).toHaveLength(20)
      expect(await publisher.publish([anOutgoingRecord()], inTime)).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    })

    it('does not wait beyond the deadline of the stop', async () => {
      await publisher.publish([anOutgoingRecord()], inTime)
      await log.suspend()
      const stuck = publisher.publish([anOutgoingRecord()], { timeoutMs: 60_000 })
      const begun = performance.now()
      await publisher.stop({ deadlineMs: 300 })
      const tookMs = performance.now() - begun
      const outcome = await stuck.finally(() => log.resume())
      expect(tookMs).toBeLessThan(5_000)
      expect(outcome).toMatchObject({ ok: false })
    })
  })
}
