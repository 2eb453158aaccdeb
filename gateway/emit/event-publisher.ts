import type { OutgoingRecord } from '../event/outgoing-record.ts'
import type { Result } from '../../program/result.ts'

/** Appends records to the topic. `publish` returns ok only after all in-sync replicas have the records (acks=all), in order per partition. */
export interface EventPublisher {
  /**
   * Appends all records; on failure, possibly some. A caller that retries sends the same source and id, and duplicates are suppressed. Never rejects.
   * @param records at least one
   */
  publish(records: readonly OutgoingRecord[], options: { readonly timeoutMs: number }): Promise<Result<void, PublishFailure>>
  /** Waits for records under way, until the deadline at most, then releases everything. Idempotent. */
  stop(options: { readonly deadlineMs: number }): Promise<void>
}

/**
 * - unavailable, timeout: the records may be in the topic or not. A later attempt may succeed.
 * - too-large: the topic never takes a record of this size.
 * - refused: the brokers refused, and will refuse again until an administrator changes a setting.
 */
export type PublishFailure =
  | { readonly kind: 'unavailable' | 'timeout' | 'too-large'; readonly detail: string }
  | {
      readonly kind: 'refused'
      readonly detail: string
      /** True: some records of this call are, or may be, in the topic. False: none is. */
      readonly isPartial: boolean
    }
