import type { BrokerLink } from '../wire/broker-link.ts'
import { leaderEpochRequest, type EpochEnd } from '../wire/requests/leader-epoch.ts'
import type { PartitionReaderHandler } from './partition-handler.ts'
import type { PartitionState } from './partition-state.ts'

export interface EpochQuestion {
  readonly topic: string
  readonly handler: Pick<PartitionReaderHandler, 'position' | 'truncated'>
  /** Whether the partition is still this broker's to read. */
  owns(state: PartitionState): boolean
  /** The broker did not say where the epoch ends. @param errorCode 0: it left the partition out */
  failed(state: PartitionState, errorCode: number): void
}

const epochTimeoutMs = 5_000
const leaderEpochKey = 23

/**
 * Asks a new leader where its log parts from the one that was read (KIP-320). Acknowledged records below that are there; what was acknowledged
 * above it is lost. Returns the partitions whose positions are of this log.
 */
export async function validateEpochs(
  link: BrokerLink,
  due: readonly PartitionState[],
  question: EpochQuestion,
): Promise<readonly PartitionState[]> {
  const unsure = link.version(leaderEpochKey, 3, 4) === null ? [] : due.filter((state) => !isSure(state))
  const isAsked = new Set(unsure)
  // A broker that does not answer this question, and a position whose epoch the first fetch will tell.
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
  // Leaders may have changed while the broker answered: what was sure before has to be asked for then.
  return due.filter((state) => {
    const epoch = asked.get(state.partition)
    if (epoch === undefined || !question.owns(state)) return epoch === undefined && isSure(state)
    return epoch === state.leaderEpoch && judge(state, answers.get(state.partition), question)
  })
}

/** Whether the position is known to be of this leader's log. */
export const isSure = (state: PartitionState): boolean =>
  state.validatedEpoch === state.leaderEpoch || state.validatedEpoch === -1 || state.leaderEpoch === -1

function judge(state: PartitionState, end: EpochEnd | undefined, { handler, failed }: EpochQuestion): boolean {
  if (end === undefined || end.errorCode !== 0) {
    failed(state, end?.errorCode ?? 0)
    return false
  }
  const acknowledged = Math.max(handler.position(state.partition), state.highWatermark)
  state.validatedEpoch = state.leaderEpoch
  // -1: the leader knows no epoch as old. Then an offset that is out of range is all that can tell.
  if (end.endOffset < 0 || end.endOffset >= acknowledged) return true
  state.highWatermark = end.endOffset
  handler.truncated(state.partition, { leaderEpoch: end.leaderEpoch, endOffset: end.endOffset })
  return false
}
