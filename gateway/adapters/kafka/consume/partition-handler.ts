import type { PartitionBehind } from '../../../replay/record-source.ts'
import type { RecordStep } from '../records/read-records.ts'
import type { ConnectBroker } from '../wire/broker-link.ts'
import type { Topology } from './topology.ts'
import type { Watermarks } from './watermarks.ts'

export interface PartitionReaderHandler {
  /** Returns the offset that is wanted next. Asked before each fetch. */
  position(partition: number): number
  /**
   * Takes one step of one partition. The next step of the partition comes after the promise is settled; the other partitions go on. A
   * rejection makes the reader fetch again from `position`, a second later.
   */
  deliver(partition: number, step: RecordStep, watermarks: Watermarks): Promise<void>
  /** The broker answered a fetch of this partition, with or without records. */
  fetched(partition: number, watermarks: Watermarks): void
  /** The log has no record at the wanted offset: it begins above it, or ends below it. The handler moves its position. */
  outOfRange(partition: number): Promise<void>
  /** A new leader does not have all that was acknowledged: its log parts from the old one at `endOffset`, the end of `leaderEpoch`. */
  truncated(partition: number, cut: { readonly leaderEpoch: number; readonly endOffset: number }): void
  /** Why the partition is not read just now; null when it is read again. Trouble of less than a second is not told. */
  state(partition: number, problem: PartitionBehind | null): void
  /** A connection to a leader is replaced. */
  replaced(cause: 'crash' | 'stall', detail: string): void
}

export interface PartitionReaderParts {
  readonly topic: string
  readonly connect: ConnectBroker
  readonly topology: Topology
  readonly handler: PartitionReaderHandler
  /**
   * asked: the handler's first positions were asked of the leaders that the topology names. remembered: they were noted some time ago, under leader epochs
   * that nobody knows. Metadata may be older than they are, and the end of its epoch then says nothing of what is lost.
   */
  readonly positionsAre: 'asked' | 'remembered'
  readonly fetch: FetchSettings
  readonly now: () => number
}

export interface FetchSettings {
  /** How long a broker holds a fetch for which it has less than `minBytes`. */
  readonly waitMs: number
  readonly minBytes: number
  /** Most bytes of one partition in an answer, which has 1 MiB at most. A partition whose handler waits keeps these bytes, or twice as many. */
  readonly partitionBytes: number
  /** How long an answer may take beyond `waitMs`, and how long a partition may stand while it has records, before the connection is replaced. */
  readonly stallMs: number
  /** The rack of this client, so that a replica in the same rack is read; empty: the leader is read. */
  readonly rack: string
}
