import { sleep } from '../../../../program/waiting.ts'
import type { Discovery } from '../wire/discovery.ts'
import type { ClusterView, TopicView } from '../wire/metadata.ts'
import { isStale } from './stale-view.ts'

/** What the brokers say of a topic: its id, its partitions, their leaders. Asked on a timer, and at once when something does not fit. */
export interface Topology {
  /** The last answer that was believed, or null before the first one. */
  readonly view: ClusterView | null
  /** Calls the listener after each answer. Returns a function that ends this. */
  subscribe(listener: (view: ClusterView) => void): () => void
  /** Asks the brokers soon. Calls while a question is under way are answered by the next one. */
  refresh(): void
  stop(): void
}

export interface TopologyParts {
  readonly discovery: Pick<Discovery, 'describe' | 'turn'>
  readonly topic: string
  /** Milliseconds between two questions while all is well. */
  readonly everyMs: number
  /** The answer that the caller has already. */
  readonly first?: ClusterView
  /** Called when no broker answered. The next question follows by itself. */
  readonly onFailure?: (cause: unknown) => void
  /** Ids of topics of this name that were read before: a broker that still shows one of them is not believed. */
  readonly formerIds?: ReadonlySet<string>
  /** Called for the first of several answers in a row that are of the past. Another broker is asked then. */
  readonly onStale?: () => void
}

/** Least time between two questions, however often the caller asks. */
const leastGapMs = 200
/**
 * So many answers in a row that look as of the past are believed: what came before them was a lie, or, where brokers tell no ids, the topic was
 * made again.
 */
const staleUntilBelieved = { withIds: 30, withoutIds: 5 }
/** Another broker is asked at once after so many answers of the past in a row; then with the timer. */
const staleUntilCalm = 10

/** Begins to ask at once, or after `everyMs` when the caller has a first answer. */
export function createTopology({ discovery, topic, everyMs, first, onFailure, formerIds = new Set(), onStale }: TopologyParts): Topology {
  const stopping = new AbortController()
  const listeners = new Set<(view: ClusterView) => void>()
  let view: ClusterView | null = first ?? null
  /** Of the last view that had one. */
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
