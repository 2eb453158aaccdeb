import type { BrokerLink } from '../wire/broker-link.ts'
import { fetchRequest, type FetchAnswer } from '../wire/requests/fetch.ts'
import { endOfBatches } from '../records/batch.ts'
import type { PartitionReaderParts } from './partition-handler.ts'
import type { PartitionState } from './partition-state.ts'

/** A fetch that was sent. */
export interface AskedFetch {
  readonly link: BrokerLink
  readonly states: readonly PartitionState[]
  /** Requested offset of each partition. */
  readonly offsets: ReadonlyMap<number, number>
  /** Epoch of the leader that was asked, of each partition. */
  readonly epochs: ReadonlyMap<number, number>
  /** Monotonic time of the request, in milliseconds. */
  readonly askedAt: number
  readonly answer: Promise<FetchAnswer>
}

/** The topic's id, and the parts of the reader that a fetch needs. */
export interface FetchContext extends Pick<PartitionReaderParts, 'topic' | 'fetch' | 'now'> {
  /** Null: brokers report no ids. */
  readonly topicId: string | null
}

/** Maximum size of a response. A single batch that is larger comes whole. */
export const maxFetchBytes = 1_048_576

/**
 * Sends a fetch.
 *
 * @param wanted requested offset of each partition
 * @param holdMs maximum time for which the broker holds a fetch without records
 */
export function askFetch(link: BrokerLink, wanted: ReadonlyMap<PartitionState, number>, holdMs: number, context: FetchContext): AskedFetch {
  const states = [...wanted.keys()]
  const offsets = new Map(states.map((state) => [state.partition, wanted.get(state) ?? 0]))
  const epochs = new Map(states.map(({ partition, leaderEpoch }) => [partition, leaderEpoch]))
  const askedAt = performance.now()
  const answer = link.ask(requestOf(link, wanted, holdMs, context), { timeoutMs: holdMs + context.fetch.stallMs })
  // The round awaits the answer later. Until then a failure has no handler.
  answer.catch(() => undefined)
  return { link, states, offsets, epochs, askedAt, answer }
}

function requestOf(
  link: BrokerLink,
  wanted: ReadonlyMap<PartitionState, number>,
  maxWaitMs: number,
  { topic, topicId, fetch, now }: FetchContext,
): ReturnType<typeof fetchRequest> {
  const states = [...wanted.keys()]
  const partitions = states.map((state) => ({
    partition: state.partition,
    leaderEpoch: state.leaderEpoch === -1 || state.validatedEpoch === -1 ? state.leaderEpoch : state.validatedEpoch,
    offset: wanted.get(state) ?? 0,
    maxBytes: Math.max(fetch.partitionBytes, state.wantsBytes),
    lastFetchedEpoch: -1,
  }))
  const maxBytes = states.reduce((most, { wantsBytes }) => Math.max(most, wantsBytes), maxFetchBytes)
  // Without a rack the leader serves every partition itself, also those that a replica nearby did not serve.
  const rack = states.some(({ leaderOnlyUntilMs }) => leaderOnlyUntilMs > now()) ? '' : fetch.rack
  return fetchRequest(link, { topic, topicId, maxWaitMs, minBytes: fetch.minBytes, maxBytes, rack, partitions })
}

/** Returns the offsets that follow an answer if all of it can be read. Null when the leader has no more records than these. */
export function offsetsBehind(
  { partitions }: FetchAnswer,
  { states, offsets }: Pick<AskedFetch, 'states' | 'offsets'>,
): ReadonlyMap<PartitionState, number> | null {
  const byPartition = new Map(states.map((state) => [state.partition, state]))
  const next = new Map<PartitionState, number>()
  let hasMore = false
  // Partitions without records come first: the answer had no room for them.
  const fewestFirst = partitions.toSorted((left, right) => left.records.length - right.records.length)
  for (const { partition, errorCode, preferredReplica, records, lastStableOffset } of fewestFirst) {
    const state = byPartition.get(partition)
    const offset = offsets.get(partition) ?? 0
    const end = records.length === 0 ? offset : endOfBatches(records)
    if (state === undefined || end === null || (records.length > 0 && end <= offset) || errorCode !== 0 || preferredReplica >= 0) continue
    next.set(state, end)
    hasMore ||= lastStableOffset > end
  }
  return hasMore ? next : null
}
