import type { BrokerLink } from '../wire/broker-link.ts'
import { leaderEpochRequest, type EpochEnd } from '../wire/requests/leader-epoch.ts'
import type { PartitionReaderHandler } from './partition-handler.ts'
import type { PartitionState } from './partition-state.ts'

export interface EpochQuestion {
  readonly topic: string
  readonly handler: Pick<PartitionReaderHandler, 'position' | 'truncated'>
  /** Returns whether this broker is still to read the partition. */
  owns(state: PartitionState): boolean
  /**
   * Handles a broker that did not report where the epoch ends.
   * @param errorCode 0: the answer leaves the partition out
   */
  failed(state: PartitionState, errorCode: number): void
}

const epochTimeoutMs = 5_000
const leaderEpochKey = 23

/**
 * Asks a new leader where its log diverges from the one that was read (KIP-320). Acknowledged records below that offset are there.
 * Acknowledged records above it are lost. Returns the partitions whose positions are of this log.
 */
export async function validateEpochs(
  link: BrokerLink,
  due: readonly PartitionState[],
  question: EpochQuestion,
): Promise<readonly PartitionState[]> {
  const unsure = link.version(leaderEpochKey, 3, 4) === null ? [] : due.filter((state) => !isSure(state))
  const isAsked = new Set(unsure)
  // The broker does not support this request, or the first fetch will show the epoch of the position.
  for (const state of due)
    if (!isAsked.has(state) && state.leaderEpoch !== -1 && state.validatedEpoch !== -1) state.validatedEpoch = state.leaderEpoch
  if (unsure.length === 0) return due
  const partitions = unsure.map((state) => ({
    partition: state.partition,
    currentLeaderEpoch: state.leaderEpoch,
    leaderEpoch: state.validatedEpoch,
  }))
  const asked = new Map(unsure.map((state) => [state.partition, state.leaderEpoch]))
  const answers = new Map(
    (await link.ask(leaderEpochRequest(link, { topic: question.topic, partitions }), { timeoutMs: epochTimeoutMs })).map((end) => [
      end.partition,
      end,
    ]),
  )
  // Leaders may have changed while the broker answered: a position that was sure before must be asked for then.
  return due.filter((state) => {
    const epoch = asked.get(state.partition)
    if (epoch === undefined || !question.owns(state)) return epoch === undefined && isSure(state)
    return epoch === state.leaderEpoch && checkPosition(state, answers.get(state.partition), question)
  })
}

/** Returns whether the position is known to be of this leader's log. */
export const isSure = (state: PartitionState): boolean =>
  state.validatedEpoch === state.leaderEpoch || state.validatedEpoch === -1 || state.leaderEpoch === -1

function checkPosition(state: PartitionState, end: EpochEnd | undefined, { handler, failed }: EpochQuestion): boolean {
  if (end === undefined || end.errorCode !== 0) {
    failed(state, end?.errorCode ?? 0)
    return false
  }
  const acknowledged = Math.max(handler.position(state.partition), state.highWatermark)
  state.validatedEpoch = state.leaderEpoch
  // -1: the leader knows no epoch as old. Then only an offset out of range shows a cut.
  if (end.endOffset < 0 || end.endOffset >= acknowledged) return true
  state.highWatermark = end.endOffset
  handler.truncated(state.partition, { leaderEpoch: end.leaderEpoch, endOffset: end.endOffset })
  return false
}
