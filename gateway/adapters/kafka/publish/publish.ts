import type { OutgoingRecord } from '../../../event/outgoing-record.ts'
import type { PublishFailure } from '../../../emit/event-publisher.ts'
import { failed, ok, type Result } from '../../../../program/result.ts'

/** A record that waits to be sent, or is under way. */
export interface QueuedRecord {
  /** The order in which records were published. */
  readonly sequence: number
  readonly record: OutgoingRecord
  readonly bytes: number
  /** When it was published. */
  readonly timestampMs: number
  readonly publish: Publish
  /** Attempts that put the record into the log, or may have. */
  attempts: number
  /** The lane that holds it. */
  partition: number
}

/** What one call of `publish` asks for. It is settled once: by the last acknowledgement, the first final failure, or its deadline. */
export interface Publish {
  /** Of `performance.now()`. */
  readonly deadlineMs: number
  /** One of its records is in the log. */
  acknowledged(): void
  /** An attempt failed and another follows: the reason is told should the deadline come first. */
  delayed(detail: string): void
  /** The log never takes one of its records. */
  tooLarge(detail: string): void
  /** The broker said no to one of its records. */
  refused(detail: string): void
  /** Nothing is tried any more. */
  abandoned(detail: string): void
}

export interface OpenPublish extends Publish {
  readonly records: readonly QueuedRecord[]
  readonly outcome: Promise<Result<void, PublishFailure>>
}

export type UnplacedRecord = Pick<QueuedRecord, 'sequence' | 'record' | 'bytes' | 'timestampMs'>

/** @param failing is called once, at once, with the records of a publish that fails: no attempt is due to them any more */
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
