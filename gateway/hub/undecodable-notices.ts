import type { DecodeFailure } from '../event/decoded-record.ts'
import type { Logger } from '../observability/logger.ts'

/** Says in the log that a record cannot be decoded: each at debug, and one of them now and then as a warning. */
export type UndecodableNotices = (place: RecordPlace, failure: DecodeFailure) => void

export interface RecordPlace {
  readonly partition: number
  readonly offset: number
}

export interface UndecodableNoticesParts {
  readonly topic: string
  /** Where a copy of the record goes; null: nowhere. */
  readonly deadLetterTopic: string | null
  /** The least time between two warnings, in milliseconds. */
  readonly everyMs: number
  /** Milliseconds of a clock that nobody sets. */
  readonly clock: () => number
  readonly logger: Pick<Logger, 'debug' | 'warn'>
}

/** A producer whose records cannot be decoded sends many. The first is a warning at once; those that follow are counted in the next one. */
export function createUndecodableNotices({ topic, deadLetterTopic, everyMs, clock, logger }: UndecodableNoticesParts): UndecodableNotices {
  let warnedAtMs = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return ({ partition, offset }, { reason, detail }) => {
    logger.debug({ partition, offset, reason }, 'a record is no event')
    if (clock() - warnedAtMs < everyMs) {
      unsaid += 1
      return
    }
    warnedAtMs = clock()
    logger.warn({ topic, partition, offset, reason, detail, deadLetterTopic: reason === 'dead-letter' ? null : deadLetterTopic, othersSinceLastWarning: unsaid }, 'a record cannot be decoded and is not delivered')
    unsaid = 0
  }
}
