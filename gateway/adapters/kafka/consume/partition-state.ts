import type { PartitionBehind } from '../../../replay/record-source.ts'

/** What the reader knows of one partition. Only the reader and its loops write to it. */
export interface PartitionState {
  readonly partition: number
  /** The broker whose loop reads this partition; null without a leader. */
  broker: number | null
  /** Of the last metadata; -1 when the broker does not say. */
  leaderEpoch: number
  /** The epoch under which the position is known to be of this log; -1: none yet. */
  validatedEpoch: number
  /** The highest end that any leader told: all of it was acknowledged, so a log that is shorter was cut. */
  highWatermark: number
  /** A broker has answered a fetch of this partition. The first one is not held: the pod waits for it to be ready. */
  isAnswered: boolean
  /** A step is with the handler: nothing of this partition is fetched until it is done. */
  isBusy: boolean
  /** Fetched again only after metadata of a later version: the broker said that it does not lead. */
  waitsForVersion: number
  /** Fetched again only after this time, in milliseconds since the epoch. */
  retryAtMs: number
  /** How often in a row the broker did not serve the partition: each time it is left alone for longer. */
  failures: number
  /** The size of a batch that did not come whole; 0: none. */
  wantsBytes: number
  /** When it last brought records, in turns of its loop: the partitions that waited longest are asked for first. */
  servedTurn: number
  /** Until when the leader is not asked for a replica nearby, since one did not serve the partition. */
  leaderOnlyUntilMs: number
  /** A replica near this client that the leader named, until this time. */
  preferred: { readonly broker: number; readonly untilMs: number } | null
  /** Since when there was something to read and nothing came; null while all is well. */
  standsSinceMs: number | null
  problem: { readonly behind: PartitionBehind; readonly sinceMs: number; isTold: boolean } | null
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
    standsSinceMs: null,
    problem: null,
  }
}
