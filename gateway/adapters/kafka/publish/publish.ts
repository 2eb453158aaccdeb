import type { OutgoingRecord } from '../../../event/outgoing-record.ts'
import type { PublishFailure } from '../../../emit/event-publisher.ts'
import { failed, ok, type Result } from '../../../../program/result.ts'

/** A record that waits to be sent, or is in progress. */
export interface QueuedRecord {
  /** Position in the order of publishing. */
  readonly sequence: number
  readonly record: OutgoingRecord
  readonly bytes: number
  /** Time of publishing. */
  readonly timestampMs: number
  readonly publish: Publish
  /** Attempts that put the record into the log, or may have. */
  attempts: number
  /** Lane that holds it. */
  partition: number
}

/** The records of one call of `publish`. It is settled once: by the last acknowledgement, the first final failure, or its deadline. */
export interface Publish {
  /** Deadline, in the time of `performance.now()`. */
  readonly deadlineMs: number
  /** Notes that one of its records is in the log. */
  acknowledged(): void
  /** Notes a failed attempt that another follows: its reason is reported if the deadline comes first. */
  delayed(detail: string): void
  /** Fails it: the log never accepts one of its records. */
  tooLarge(detail: string): void
  /** Fails it: the broker refused one of its records. */
  refused(detail: string): void
  /** Fails it: there are no further attempts. */
  abandoned(detail: string): void
}

export interface OpenPublish extends Publish {
  readonly records: readonly QueuedRecord[]
  readonly outcome: Promise<Result<void, PublishFailure>>
}

export type UnplacedRecord = Pick<QueuedRecord, 'sequence' | 'record' | 'bytes' | 'timestampMs'>

/** @param failing called once, at once, with the records of a publish that fails: they need no further attempt */
export function openPublish(
  given: readonly UnplacedRecord[],
  timeoutMs: number,
  failing: (records: readonly QueuedRecord[]) => void,
): OpenPublish {
  const { promise: outcome, resolve } = Promise.withResolvers<Result<void, PublishFailure>>()
  let left = given.length
  let isSettled = false
  let why: string | null = null
  const timer = setTimeout(expire, timeoutMs)

  function settle(result: Result<void, PublishFailure>): void {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    if (!result.ok) failing(records)
    resolve(result)
  }

  function expire(): void {
    if (why === null) settle(failed({ kind: 'timeout', detail: `the log did not acknowledge within ${timeoutMs} ms` }))
    else settle(failed({ kind: 'unavailable', detail: why }))
  }

  const publish: Publish = {
    deadlineMs: performance.now() + timeoutMs,
    acknowledged() {
      left -= 1
      if (left === 0) settle(ok(undefined))
    },
    delayed(detail) {
      why = detail
    },
    tooLarge: (detail) => settle(failed({ kind: 'too-large', detail })),
    refused: (detail) => settle(failed({ kind: 'refused', detail, isPartial: records.some(({ attempts }) => attempts > 0) })),
    abandoned: (detail) => settle(failed({ kind: 'unavailable', detail })),
  }
  const records = given.map((record): QueuedRecord => ({ ...record, publish, attempts: 0, partition: -1 }))
  return { ...publish, records, outcome }
}
