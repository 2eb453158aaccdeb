import { sleep } from '../../../../program/waiting.ts'
import type { Discovery } from '../wire/discovery.ts'
import type { ClusterView, TopicView } from '../wire/metadata.ts'
import { isStale } from './stale-view.ts'

/**
 * The brokers' description of a topic: its id, its partitions, their leaders. Asked for on a timer, and at once when something does not
 * fit.
 */
export interface Topology {
  /** Last answer that was believed; null before the first one. */
  readonly view: ClusterView | null
  /** Calls the listener after each answer. Returns a function that ends this. */
  subscribe(listener: (view: ClusterView) => void): () => void
  /** Asks the brokers soon. Calls during a request are answered by the next one. */
  refresh(): void
  stop(): void
}

export interface TopologyParts {
  readonly discovery: Pick<Discovery, 'describe' | 'turn'>
  readonly topic: string
  /** Milliseconds between two requests while all is well. */
  readonly everyMs: number
  /** Answer that the caller already has. */
  readonly first?: ClusterView
  /** Called when no broker answered. The next request follows by itself. */
  readonly onFailure?: (cause: unknown) => void
  /** Ids of earlier topics of this name: a broker that still shows one of them is not believed. */
  readonly formerIds?: ReadonlySet<string>
  /** Called for the first of several stale answers in a row. Another broker is asked then. */
  readonly onStale?: () => void
}

/** Least time between two requests, for any calls of `refresh`. */
const leastGapMs = 200
/**
 * Number of stale answers in a row after which they are believed. Then the answer before them was false, or, where brokers report no ids,
 * the topic was recreated.
 */
const staleUntilBelieved = { withIds: 30, withoutIds: 5 }
/** Number of stale answers in a row for which another broker is asked at once. After these, the timer decides. */
const staleUntilCalm = 10

/** Begins to ask at once, or after `everyMs` when the caller has a first answer. */
export function createTopology({ discovery, topic, everyMs, first, onFailure, formerIds = new Set(), onStale }: TopologyParts): Topology {
  const stopping = new AbortController()
  const listeners = new Set<(view: ClusterView) => void>()
  let view: ClusterView | null = first ?? null
  /** Topic of the last view that had one. */
  let known: TopicView | null = first?.topic ?? null
  let staleInRow = 0
  let hurry = new AbortController()

  async function ask(): Promise<void> {
    hurry = new AbortController()
    const answer = await discovery.describe(topic)
    if (stopping.signal.aborted || !isBelieved(answer)) return
    view = answer
    known = answer.topic ?? known
    for (const listener of listeners) listener(answer)
  }

  function isBelieved(answer: ClusterView): boolean {
    const limit = answer.topic?.topicId === null ? staleUntilBelieved.withoutIds : staleUntilBelieved.withIds
    if (staleInRow >= limit || !isStale(known, answer, formerIds)) {
      staleInRow = 0
      return true
    }
    if (staleInRow === 0) onStale?.()
    staleInRow += 1
    discovery.turn()
    if (staleInRow <= staleUntilCalm) hurry.abort()
    return false
  }

  async function keepAsking(): Promise<void> {
    let isFirst = view === null
    while (!stopping.signal.aborted) {
      if (!isFirst) await sleep(everyMs, [stopping.signal, hurry.signal])
      isFirst = false
      if (stopping.signal.aborted) return
      await ask().catch((cause: unknown) => onFailure?.(cause))
      await sleep(Math.min(leastGapMs, everyMs), [stopping.signal])
    }
  }

  void keepAsking()
  return {
    get view() {
      return view
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    refresh: () => hurry.abort(),
    stop: () => stopping.abort(),
  }
}
