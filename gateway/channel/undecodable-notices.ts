import type { DecodeFailure } from '../event/decoded-record.ts'
import type { Logger } from '../../program/log/logger.ts'

/** Logs that a record cannot be decoded: each at debug, and one in `everyMs` as a warning. */
export type UndecodableNotices = (place: RecordPlace, failure: DecodeFailure) => void

export interface RecordPlace {
  readonly partition: number
  readonly offset: number
}

export const defaultWarningEveryMs = 10_000

export interface UndecodableNoticesParts {
  readonly topic: string
  /** The topic for a copy of the record; null: there is no copy. */
  readonly deadLetterTopic: string | null
  /** The least time between two warnings, in milliseconds. */
  readonly everyMs?: number
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number
  readonly logger: Pick<Logger, 'debug' | 'warn'>
}

/**
 * Makes notices that a bad producer cannot flood. A producer whose records cannot be decoded sends many: the first is a warning at once, and
 * the next warning counts those that followed.
 */
export function createUndecodableNotices(parts: UndecodableNoticesParts): UndecodableNotices {
  const { topic, deadLetterTopic, everyMs = defaultWarningEveryMs, clock, logger } = parts
  let warnedAtMs = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return ({ partition, offset }, { reason, detail }) => {
    logger.debug({ partition, offset, reason }, 'a record is no event')
    if (clock() - warnedAtMs < everyMs) {
      unsaid += 1
      return
    }
    warnedAtMs = clock()
    logger.warn(
      {
        topic,
        partition,
        offset,
        reason,
        detail,
        deadLetterTopic: reason === 'dead-letter' ? null : deadLetterTopic,
        othersSinceLastWarning: unsaid,
      },
      'a record cannot be decoded and is not delivered',
    )
    unsaid = 0
  }
}
