import type { DecodeFailure } from '../event/decoded-record.ts'
import type { Logger } from '../../program/log/logger.ts'

/** Logs an undecodable record: each at debug, and one in `everyMs` as a warning. */
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
  /** Least time between two warnings, in milliseconds. @default 10000 */
  readonly everyMs?: number
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  readonly logger: Pick<Logger, 'debug' | 'warn'>
}

/**
 * Makes notices that a bad producer cannot flood. A producer of undecodable records sends many. The first one is a warning at once, and the next
 * warning counts the records since.
 */
export function createUndecodableNotices(parts: UndecodableNoticesParts): UndecodableNotices {
  const { topic, deadLetterTopic, everyMs = defaultWarningEveryMs, clock, logger } = parts
  let warnedAtMs = Number.NEGATIVE_INFINITY
  let unreported = 0
  return ({ partition, offset }, { reason, detail }) => {
    logger.debug({ partition, offset, reason }, 'record rejected')
    if (clock() - warnedAtMs < everyMs) {
      unreported += 1
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
        othersSinceLastWarning: unreported,
      },
      'record undecodable, not delivered',
    )
    unreported = 0
  }
}
