/** One record of a partition of the topic, before decoding. */
export interface LogRecord {
  /** 0-based. */
  readonly partition: number
  /** Position in the partition. Grows, with holes that compaction and transactions leave. */
  readonly offset: number
  /** The timestamp of the record, in milliseconds since the epoch. */
  readonly timestampMs: number
  readonly key: Buffer | null
  /** null is a tombstone. */
  readonly value: Buffer | null
  readonly headers: RecordHeaders
  /**
   * Returns the headers as the producer sent them: in order, with duplicates, nulls and any name. Absent if the source does not keep them.
   * Decodes each time, so it is for copies of records and not for reading events.
   */
  readonly rawHeaders?: () => RawHeaders
}

/** Headers in the order of the record. */
export type RawHeaders = readonly (readonly [string, Buffer | null])[]

/** Headers by name. A header that was sent several times is an array. Names keep their case. */
export type RecordHeaders = Readonly<Record<string, Buffer | readonly Buffer[] | undefined>>
