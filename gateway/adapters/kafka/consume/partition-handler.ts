import type { PartitionBehind } from '../../../replay/record-source.ts'
import type { Timers } from '../../../../program/clock.ts'
import type { RecordStep } from '../records/read-records.ts'
import type { ConnectBroker } from '../wire/broker-link.ts'
import type { Topology } from './topology.ts'
import type { Watermarks } from './watermarks.ts'

export interface PartitionReaderHandler {
  /** Returns the next offset. Called before each fetch. */
  position(partition: number): number
  /**
   * Takes one step of one partition. The next step of the partition comes after the promise is settled. The other partitions go on. After a
   * rejection the reader fetches again from `position`, a second later.
   */
  deliver(partition: number, step: RecordStep, watermarks: Watermarks): Promise<void>
  /** Called when the broker has answered a fetch of this partition, with or without records. */
  fetched(partition: number, watermarks: Watermarks): void
  /** Called when the log has no record at the position: it begins above it, or ends below it. The handler moves its position. */
  outOfRange(partition: number): Promise<void>
  /**
   * Called when a new leader does not have all acknowledged records. Its log diverges from the old one at `endOffset`, the end of
   * `leaderEpoch`.
   */
  truncated(partition: number, cut: { readonly leaderEpoch: number; readonly endOffset: number }): void
  /** Reports why the partition is not read now; null when it is read again. Trouble of less than a second is not reported. */
  state(partition: number, problem: PartitionBehind | null): void
  /** Called when a connection to a leader is replaced. */
  replaced(cause: 'crash' | 'stall', detail: string): void
}

export interface PartitionReaderParts {
  readonly topic: string
  readonly connect: ConnectBroker
  readonly topology: Topology
  readonly handler: PartitionReaderHandler
  /**
   * Origin of the handler's first positions.
   * - asked: from the leaders that the topology names.
   * - remembered: noted some time ago, under unknown leader epochs. Metadata may be older than they are. The end of its epoch then does not
   * show what is lost.
   */
  readonly positionsAre: 'asked' | 'remembered'
  readonly fetch: FetchSettings
  readonly now: () => number
  /** Timers of the time between two fetches. @default the system's */
  readonly timers?: Timers
}

export interface FetchSettings {
  /** Time for which a broker holds a fetch with less than `minBytes`. */
  readonly waitMs: number
  readonly minBytes: number
  /**
   * Least time from a fetch to the next one to the same leader, after an answer with all records that the leader had. What is written
   * meanwhile comes in one answer. A leader that held the fetch for longer is asked again at once.
   */
  readonly gapMs: number
  /**
   * Limit on the bytes of one partition in an answer, which has 1 MiB at most. A partition whose handler waits keeps these bytes, or twice
   * as many.
   */
  readonly partitionBytes: number
  /** Time for an answer beyond `waitMs`, and for a partition with records that brings none, before the connection is replaced. */
  readonly stallMs: number
  /** Rack of this client, so that a replica in the same rack is read; empty: the leader is read. */
  readonly rack: string
}
