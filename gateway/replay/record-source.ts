import type { LogRecord } from '../event/log-record.ts'

/**
 * The topic, as every pod reads it: all partitions, from a point in time on, for good. The implementer owes:
 * - `opened` first, and again only when the topic was made anew;
 * - then batches, in order of offset within a partition, no record twice, none skipped without `lost`;
 * - recovery by itself (crash, stall, broker restart), from exactly the position after the last record it handed over;
 * - trouble that stays with its partitions: one that cannot be read holds up no other;
 * - the next batch of a partition only after the promise of the last one is settled (the sink's only backpressure: CPU, never sockets).
 */
export interface RecordSource {
  /** Begins to read. Resolves when `opened` was called; rejects when the first attempt fails for a reason that waiting cannot mend. */
  start(sink: RecordSink, options: { readonly sinceMs: number }): Promise<void>
  /** Idempotent. No sink method is called after it has resolved. */
  stop(): Promise<void>
}

export interface RecordSink {
  /** Where reading begins. Called again only when the topic was made anew: `epoch` differs from the last one. */
  opened(start: LogStart): void
  /** A non-empty run of records of one partition. @param endOffset the partition's end (the offset the next record will get), as known with this batch */
  records(batch: readonly LogRecord[], endOffset: number): Promise<void> | void
  /**
   * What the brokers say of the ends, now and then (seconds apart), also while nothing arrives; -1 for a partition of which nothing was heard since
   * the last report. New partitions appear here, to be read from offset 0.
   */
  ends(endOffsets: PartitionOffsets): void
  /** The position moved without a record (compaction, transaction markers): everything below `nextOffset` has been read. */
  skipped(partition: number, nextOffset: number): void
  /**
   * Records of this partition from its position up to `nextOffset` are lost to this pod: retention overtook it, or a batch cannot be read.
   * Reading goes on at `nextOffset`. Other partitions keep what they hold.
   */
  lost(partition: number, nextOffset: number): void
  /** How reading goes. Called at the start, at each change, and at least every some seconds while `uncommittedRecords` changes. */
  health(state: SourceHealth): void
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

export interface SourceHealth {
  /** Why nothing at all can be read; null while at least one partition is read, or could be. */
  readonly problem: SourceProblem | null
  /** Partitions that are not being read just now, ascending. All others are read. */
  readonly behind: readonly PartitionBehind[]
  /** Records beyond the last stable offset, over all partitions: an open transaction holds them back. */
  readonly uncommittedRecords: number
}

export interface SourceProblem {
  /** `connecting`: no broker answers. `missing`: there is no such topic. `refused`: the brokers refuse what the pod asks. */
  readonly kind: 'connecting' | 'missing' | 'refused'
  readonly detail: string
}

export interface PartitionBehind {
  readonly partition: number
  /** `no-leader`: the cluster has none for it. `unreachable`: its leader does not answer. `refused`: its leader refuses. `stalled`: it answers without progress. */
  readonly kind: PartitionTrouble
  readonly detail: string
}

export const partitionTroubles = ['no-leader', 'unreachable', 'refused', 'stalled'] as const
export type PartitionTrouble = (typeof partitionTroubles)[number]

/** Everything is read. */
export const healthySource: SourceHealth = { problem: null, behind: [], uncommittedRecords: 0 }
