import type { OutgoingRecord } from '../event/outgoing-record.ts'
import type { Result } from '../../program/result.ts'

/** Appends records to the topic. `publish` says ok only when the log has them for good (acks=all), in the order given, per partition. */
export interface EventPublisher {
  /**
   * All or, on failure, possibly some: a caller that tries again sends the same source and id, and duplicates are suppressed.
   * Never rejects. @param records at least one
   */
  publish(records: readonly OutgoingRecord[], options: { readonly timeoutMs: number }): Promise<Result<void, PublishFailure>>
  /** Waits for what is under way (bounded by the deadline), then releases everything. Idempotent. */
  stop(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * - unavailable, timeout: the records may be in the log, or not. A later attempt may succeed.
 * - too-large: the log never takes a record of this size.
 * - refused: the log said no, and says so again until its operator changes a setting.
 */
export type PublishFailure =
  | { readonly kind: 'unavailable' | 'timeout' | 'too-large'; readonly detail: string }
  | {
      readonly kind: 'refused'
      readonly detail: string
      /** Whether the log has some of the records of this publish, or may have them. False: it has none. */
      readonly isPartial: boolean
    }
