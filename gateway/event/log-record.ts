/** One record as it was read from a partition of the topic, before anything is known about its content. */
export interface LogRecord {
  /** 0-based. */
  readonly partition: number
  /** Position in the partition: grows, but not without holes (compaction and transactions leave some). */
  readonly offset: number
  /** Milliseconds since the epoch, as the log has it. */
  readonly timestampMs: number
  readonly key: Buffer | null
  /** null is a tombstone. */
  readonly value: Buffer | null
  readonly headers: RecordHeaders
  /**
   * Returns the headers as the producer sent them: in order, with duplicates, nulls and any name. Absent when the source does not
   * keep them. Costs a decoding each time: for copies of records, not for reading events.
   */
  readonly rawHeaders?: () => RawHeaders
}

/** Headers in the order of the record. */
export type RawHeaders = readonly (readonly [string, Buffer | null])[]

/** A header that was sent several times is an array. Names keep the case they were sent with. */
export type RecordHeaders = Readonly<Record<string, Buffer | readonly Buffer[] | undefined>>
