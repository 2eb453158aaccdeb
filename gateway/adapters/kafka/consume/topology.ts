import { pause } from '../patience.ts'
import type { Discovery } from '../wire/discovery.ts'
import type { ClusterView } from '../wire/metadata.ts'

/** What the brokers say of a topic: its id, its partitions, their leaders. Asked on a timer, and at once when something does not fit. */
export interface Topology {
  /** The last answer, or null before the first one. */
  readonly view: ClusterView | null
  /** Calls the listener after each answer. Returns a function that ends this. */
  subscribe(listener: (view: ClusterView) => void): () => void
  /** Asks the brokers soon. Calls while a question is under way are answered by the next one. */
  refresh(): void
  stop(): void
}

export interface TopologyParts {
  readonly discovery: Pick<Discovery, 'describe'>
  readonly topic: string
  /** Milliseconds between two questions while all is well. */
  readonly everyMs: number
  /** The answer that the caller has already. */
  readonly first?: ClusterView
  /** Called when no broker answered. The next question follows by itself. */
  readonly onFailure?: (cause: unknown) => void
}

/** Least time between two questions, however often the caller asks. */
const leastGapMs = 200

/** Begins to ask at once, or after `everyMs` when the caller has a first answer. */
export function createTopology({ discovery, topic, everyMs, first, onFailure }: TopologyParts): Topology {
  const stopping = new AbortController()
  const listeners = new Set<(view: ClusterView) => void>()
  let view: ClusterView | null = first ?? null
  let hurry = new AbortController()

  async function ask(): Promise<void> {
    hurry = new AbortController()
    const answer = await discovery.describe(topic)
    if (stopping.signal.aborted) return
    view = answer
    for (const listener of listeners) listener(answer)
  }

  async function keepAsking(): Promise<void> {
    let isFirst = view === null
    while (!stopping.signal.aborted) {
      if (!isFirst) await pause(everyMs, AbortSignal.any([stopping.signal, hurry.signal]))
      isFirst = false
      if (stopping.signal.aborted) return
      await ask().catch((cause: unknown) => onFailure?.(cause))
      await pause(Math.min(leastGapMs, everyMs), stopping.signal)
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
