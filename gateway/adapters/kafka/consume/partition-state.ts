import type { PartitionBehind } from '../../../replay/record-source.ts'

/** The reader's state of one partition. Only the reader and its loops write to it. */
export interface PartitionState {
  readonly partition: number
  /** Broker whose loop reads this partition; null without a leader. */
  broker: number | null
  /** Leader epoch of the last metadata; -1: not reported. */
  leaderEpoch: number
  /** Epoch under which the position is known to be of this log; -1: none yet. */
  validatedEpoch: number
  /** Highest end that any leader has reported. Everything below it was acknowledged, so a shorter log was cut. */
  highWatermark: number
  /** True when a broker has answered a fetch of this partition. The first fetch is not held: the pod needs it to be ready. */
  isAnswered: boolean
  /** True while the handler has a step. No record of this partition is fetched until it is done. */
  isBusy: boolean
  /** Metadata version from which the partition is fetched again, after the broker reported that it does not lead. */
  waitsForVersion: number
  /** Time from which the partition is fetched again, in milliseconds since the epoch. */
  retryAtMs: number
  /** Failures of the broker to serve the partition, in a row. Each makes the next wait longer. */
  failures: number
  /** Size of a batch that did not come whole; 0: none. */
  wantsBytes: number
  /** Turn of its loop in which it last brought records. Partitions that waited longest are asked for first. */
  servedTurn: number
  /** Time until which the leader is not asked for a replica nearby, since one did not serve the partition. */
  leaderOnlyUntilMs: number
  /** Replica near this client that the leader named, until this time. */
  preferred: { readonly broker: number; readonly untilMs: number } | null
  /** Time since which there are records and none came; null while all is well. */
  stalledSinceMs: number | null
  problem: { readonly behind: PartitionBehind; readonly sinceMs: number; isReported: boolean } | null
}

export function newPartitionState(partition: number): PartitionState {
  return {
    partition,
    broker: null,
    leaderEpoch: -1,
    validatedEpoch: -1,
    highWatermark: 0,
    isAnswered: false,
    isBusy: false,
    waitsForVersion: 0,
    retryAtMs: 0,
    failures: 0,
    wantsBytes: 0,
    servedTurn: 0,
    leaderOnlyUntilMs: 0,
    preferred: null,
    stalledSinceMs: null,
    problem: null,
  }
}
