import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import type { WatchEvent, WatchOptions } from '../runtime/kubernetes-api.ts'
import { matchesLabels } from './memory-kubernetes-selectors.ts'
import { typeKeyOf, type MemoryStore, type StoredChange } from './memory-kubernetes-store.ts'

/** The open watches of a store. */
export interface MemoryWatches {
  open(type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent>
  /** Sends a bookmark to all watches. */
  bookmark(): void
  /** Ends all watches, with this last event or without one. */
  end(last: WatchEvent | null): void
  /** Keeps open watches open, and silent from now on. */
  silence(): void
  readonly size: number
}

interface OpenWatch {
  push(event: WatchEvent): void
  end(): void
}

export function createMemoryWatches(store: MemoryStore): MemoryWatches {
  const open = new Set<OpenWatch>()
  const silent = new Set<OpenWatch>()

  const start = (type: ResourceType, options: WatchOptions): AsyncIterable<WatchEvent> => {
    const since = Number(options.resourceVersion)
    const missed = store.changesSince(since)
    if (missed === null) return tooOld(options.resourceVersion)
    const queue = createEventQueue()
    const see = (change: StoredChange): void => {
      const event = change.typeKey === typeKeyOf(type) ? eventOf(change, options) : null
      if (event !== null && !silent.has(watch)) queue.push(event)
    }
    const bookmark = (): void => queue.push({ type: 'BOOKMARK', resourceVersion: String(store.version()) })
    const timer = setTimeout(() => {
      if (silent.has(watch)) return
      bookmark()
      end()
    }, options.timeoutSeconds * 1_000)
    timer.unref?.() // fake timers have it, too; a browser's timers do not
    const endListening = store.onChange(see)
    const end = (): void => {
      clearTimeout(timer)
      endListening()
      open.delete(watch)
      options.signal.removeEventListener('abort', end)
      queue.end()
    }
    const watch: OpenWatch = { push: queue.push, end }
    open.add(watch)
    options.signal.addEventListener('abort', end, { once: true })
    if (options.signal.aborted) end()
    for (const change of missed) see(change)
    return { [Symbol.asyncIterator]: () => queue.iterator(end) }
  }
  return {
    open: start,
    bookmark: () => {
      for (const watch of open) if (!silent.has(watch)) watch.push({ type: 'BOOKMARK', resourceVersion: String(store.version()) })
    },
    end: (last) => {
      for (const watch of open) {
        if (silent.has(watch)) continue
        if (last !== null) watch.push(last)
        watch.end()
      }
    },
    silence: () => {
      for (const watch of open) silent.add(watch)
    },
    get size() {
      return open.size
    },
  }
}

async function* tooOld(version: string): AsyncGenerator<WatchEvent, void> {
  yield { type: 'ERROR', error: { kind: 'gone', code: 410, message: `too old resource version: ${version}` } }
}

/**
 * Returns the event of a change for a watch with this scope. An object that starts to match appears, and one that ceases to match is gone.
 */
function eventOf(change: StoredChange, { namespace, labelSelector }: WatchOptions): WatchEvent | null {
  const isIn = (object: KubernetesObject | null): boolean =>
    object !== null && (namespace === undefined || object.metadata.namespace === namespace) && matchesLabels(object, labelSelector)
  const [was, is] = [isIn(change.before), change.type !== 'DELETED' && isIn(change.object)]
  if (!was && !is) return null
  return { type: is ? (was ? 'MODIFIED' : 'ADDED') : 'DELETED', object: structuredClone(change.object) }
}

interface EventQueue {
  push(event: WatchEvent): void
  end(): void
  iterator(onReturn: () => void): AsyncIterator<WatchEvent, void>
}

function createEventQueue(): EventQueue {
  const events: WatchEvent[] = []
  let hasEnded = false
  let wake = (): void => {}
  return {
    push: (event) => {
      if (hasEnded) return
      events.push(event)
      wake()
    },
    end: () => {
      hasEnded = true
      wake()
    },
    iterator: (onReturn) => ({
      next: async () => {
        if (events.length === 0 && !hasEnded) await new Promise<void>((resolve) => (wake = resolve))
        const event = events.shift()
        return event === undefined ? { done: true, value: undefined } : { done: false, value: event }
      },
      return: async () => {
        onReturn()
        return { done: true, value: undefined }
      },
    }),
  }
}
