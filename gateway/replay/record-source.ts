import type { LogRecord } from '../event/log-record.ts'

/**
 * Reads the topic for one pod: all partitions, from a point in time on, until it is stopped. The duties of the implementer:
 * - it calls `opened` first, and again only after the topic was recreated;
 * - then it hands over batches, in order of offset within a partition, no record twice, none skipped without `lost`;
 * - it recovers by itself from a crash, a stall or a broker restart, at exactly the position after the last record that it handed over;
 * - a partition that cannot be read delays no other;
 * - it hands over the next batch of a partition only after the promise of the last one is settled. This is the sink's only backpressure: it
 *   waits for the CPU and never for sockets.
 */
export interface RecordSource {
  /** Starts to read: records since a time, or all for 0. Resolves after `opened` was called. Rejects if the first attempt fails for a reason that waiting cannot fix. */
  start(sink: RecordSink, options: { readonly sinceMs: number }): Promise<void>
  /** Stops reading. Idempotent. No sink method is called after it has resolved. */
  stop(): Promise<void>
}

export interface RecordSink {
  /** Takes the place where reading starts. Called again only after the topic was recreated: `epoch` differs from the last one. */
  opened(start: LogStart): void
  /** Takes a non-empty run of records of one partition. @param endOffset the offset of the partition's next record, as known with this batch */
  records(batch: readonly LogRecord[], endOffset: number): Promise<void> | void
  /**
   * Takes the ends of the partitions, seconds apart, also while no record arrives; -1: the brokers reported none for the partition since the last
   * call. New partitions appear here, to be read from offset 0.
   */
  ends(endOffsets: PartitionOffsets): void
  /** Moves the position without a record (compaction, transaction markers): everything below `nextOffset` has been read. */
  skipped(partition: number, nextOffset: number): void
  /**
   * Notes that records of this partition from its position up to `nextOffset` are lost to this pod: retention overtook it, or a batch cannot be
   * read. Reading continues at `nextOffset`. Other partitions keep their entries.
   */
  lost(partition: number, nextOffset: number): void
  /** Takes the state of reading. Called at the start, at each change, and every few seconds while `uncommittedRecords` changes. */
  health(state: SourceHealth): void
}

export interface LogStart {
  /** Changes only if the topic was deleted and recreated, or its offsets ran backwards. A cursor of another epoch is useless. */
  readonly epoch: string
  /** First offset that will be handed over, by partition. */
  readonly startOffsets: PartitionOffsets
  /** End of each partition when reading started. A pod that has read up to here has warmed up. */
  readonly endOffsets: PartitionOffsets
}

/** One offset per partition; the index is the partition. */
export type PartitionOffsets = readonly number[]

export interface SourceHealth {
  /** The problem that stops all reading; null: at least one partition is read, or could be. */
  readonly problem: SourceProblem | null
  /** Partitions that are not being read now, ascending. All others are read. */
  readonly behind: readonly PartitionBehind[]
  /** Count of records beyond the last stable offset, over all partitions. An open transaction holds them back. */
  readonly uncommittedRecords: number
}

export interface SourceProblem {
  /** `connecting`: no broker answers. `missing`: there is no such topic. `refused`: the brokers refuse the pod's requests. */
  readonly kind: 'connecting' | 'missing' | 'refused'
  readonly detail: string
}

export interface PartitionBehind {
  readonly partition: number
  /** `no-leader`: the cluster has none. `unreachable`: the leader does not answer. `refused`: the leader refuses. `stalled`: the leader answers without progress. */
  readonly kind: PartitionTrouble
  readonly detail: string
}

export const partitionTroubles = ['no-leader', 'unreachable', 'refused', 'stalled'] as const
export type PartitionTrouble = (typeof partitionTroubles)[number]

/** The state in which all partitions are read. */
export const healthySource: SourceHealth = { problem: null, behind: [], uncommittedRecords: 0 }
