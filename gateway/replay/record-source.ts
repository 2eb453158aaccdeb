import type { LogRecord } from '../event/log-record.ts'

/**
 * The topic, as every pod reads it: all partitions, from a point in time on, for good. The implementer owes:
 * - `opened` first, and again only after `lost`; then batches, in order of offset within a partition, no record twice, none skipped;
 * - recovery by itself (crash, stall, broker restart), from exactly the position after the last record it handed over;
 * - the next batch of a partition only after the promise of the last one is settled (the sink's only backpressure: CPU, never sockets).
 */
export interface RecordSource {
  /** Begins to read. Resolves when `opened` was called; rejects when the first attempt fails for a reason that waiting cannot mend. */
  start(sink: RecordSink, options: { readonly sinceMs: number }): Promise<void>
  /** Idempotent. No sink method is called after it has resolved. */
  stop(): Promise<void>
}

export interface RecordSink {
  /** Where reading begins. Called again, with the new state of affairs, when the topic was made anew (`epoch` differs) or records were lost. */
  opened(start: LogStart): void
  /** A non-empty run of records of one partition. @param endOffset the partition's end (the offset the next record will get), as known with this batch */
  records(batch: readonly LogRecord[], endOffset: number): Promise<void> | void
  /** What the broker says of the ends, now and then (seconds apart), also while nothing arrives. New partitions appear here, to be read from offset 0. */
  ends(endOffsets: PartitionOffsets): void
  /** The position moved without a record (compaction, transaction markers): everything below `nextOffset` has been read. */
  skipped(partition: number, nextOffset: number): void
  /** Why nothing arrives, or null when reading goes on. A reason makes the pod unready. */
  health(problem: SourceProblem | null): void
}

export interface LogStart {
  /** Changes when, and only when, the topic was deleted and made anew, or its offsets ran backwards: no cursor of another epoch means anything. */
  readonly epoch: string
  /** Per partition (the index), the first offset that will be handed over. */
  readonly startOffsets: PartitionOffsets
  /** Per partition, the end when reading began: a pod that has read up to here has warmed up. */
  readonly endOffsets: PartitionOffsets
}

/** One offset per partition; the index is the partition. */
export type PartitionOffsets = readonly number[]

export interface SourceProblem {
  readonly kind: 'connecting' | 'stalled' | 'crashed' | 'rebuilding'
  readonly detail: string
}
