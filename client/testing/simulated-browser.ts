import type { Bus, Place } from '../share/place.ts'

/** Tabs of one origin, in one process: their locks, and the messages between them. */
export interface SimulatedBrowser {
  openTab(): SimulatedTab
}

export interface SimulatedTab {
  readonly place: Place
  /** Ends the tab at once, as a crash does: its locks are free, and its last messages may be on their way. */
  kill(): void
  /** The page's life, as the browser tells it. */
  fire(type: 'freeze' | 'resume' | 'pagehide' | 'pageshow'): void
  /** False: no message of the tab reaches another one, nor the other way round, without a word to it. */
  isReachable: boolean
  /** Sends any message to the tabs of a group. */
  lie(message: unknown): void
}

interface Request {
  readonly tab: object
  readonly grant: (lock: Lock | null) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** @param delayMs time of a message on its way, for each receiver; messages of one sender keep their order */
export function createSimulatedBrowser(delayMs: () => number = () => 1): SimulatedBrowser {
  const held = new Map<string, Request>()
  const queues = new Map<string, Request[]>()
  const buses = new Map<string, Set<SimulatedBus>>()

  const queueOf = (name: string): Request[] => {
    const queue = queues.get(name) ?? []
    queues.set(name, queue)
    return queue
  }

  const grant = (name: string, request: Request): void => {
    held.set(name, request)
    const run = async (): Promise<void> => {
      try {
        request.resolve(await request.grant({ name, mode: 'exclusive' }))
      } catch (error) {
        request.reject(error)
      }
      release(name, request)
    }
    // A tab gets its lock in a task of its own.
    queueMicrotask(() => void run())
  }

  const release = (name: string, request: Request): void => {
    if (held.get(name) !== request) return
    held.delete(name)
    const next = queueOf(name).shift()
    if (next) grant(name, next)
  }

  const locksOf = (tab: { isAlive: boolean }): NonNullable<Place['locks']> => ({
    request: (name: string, ...rest: readonly unknown[]) =>
      new Promise((resolve, reject) => {
        const [options, callback] = rest as [LockOptions, (lock: Lock | null) => unknown] // the form that is used
        const request: Request = { tab, grant: callback, resolve, reject }
        if (!tab.isAlive) return
        const holder = held.get(name)
        if (options.steal) {
          holder?.reject(new DOMException('stolen', 'AbortError'))
          grant(name, request)
        } else if (!holder && queueOf(name).length === 0) grant(name, request)
        else if (options.ifAvailable) queueMicrotask(() => resolve(callback(null)))
        else {
          queueOf(name).push(request)
          options.signal?.addEventListener('abort', () => {
            const queue = queueOf(name)
            if (!queue.includes(request)) return
            queue.splice(queue.indexOf(request), 1)
            reject(new DOMException('aborted', 'AbortError'))
          })
        }
      }) as never,
  })

  class SimulatedBus implements Bus {
    readonly #name: string
    readonly #tab: SimulatedTab & { readonly isAlive: boolean }
    #listener: ((event: { readonly data: unknown }) => void) | undefined
    #busyUntilMs = 0

    constructor(name: string, tab: SimulatedTab & { readonly isAlive: boolean }) {
      this.#name = name
      this.#tab = tab
      const all = buses.get(name) ?? new Set()
      buses.set(name, all.add(this))
    }

    postMessage(message: unknown): void {
      if (!this.#tab.isReachable || !this.#tab.isAlive) return
      for (const bus of buses.get(this.#name) ?? []) if (bus !== this) bus.#deliver(structuredClone(message))
    }

    addEventListener(_type: 'message', listener: (event: { readonly data: unknown }) => void): void {
      this.#listener = listener
    }

    close(): void {
      buses.get(this.#name)?.delete(this)
      this.#listener = undefined
    }

    /** Delivers a message of another script of the origin. */
    lied(data: unknown): void {
      this.#deliver(data)
    }

    #deliver(data: unknown): void {
      if (!this.#tab.isReachable) return
      this.#busyUntilMs = Math.max(this.#busyUntilMs, Date.now() + delayMs())
      setTimeout(() => {
        if (this.#tab.isAlive && this.#tab.isReachable) this.#listener?.({ data })
      }, this.#busyUntilMs - Date.now())
    }
  }

  return {
    openTab: () => {
      const page = new EventTarget()
      const names = new Set<string>()
      const tab = {
        isAlive: true,
        isReachable: true,
        place: {} as Place,
        fire: (type: string) => void page.dispatchEvent(new Event(type)),
        kill: () => {
          tab.isAlive = false
          for (const [name, queue] of queues)
            queues.set(
              name,
              queue.filter((request) => request.tab !== tab),
            )
          for (const [name, request] of held) if (request.tab === tab) release(name, request)
        },
        lie: (message: unknown) => {
          for (const name of names) for (const bus of buses.get(name) ?? []) bus.lied(message)
        },
      }
      class TabBus extends SimulatedBus {
        constructor(name: string) {
          super(name, tab)
          names.add(name)
        }
      }
      tab.place = { locks: locksOf(tab), BroadcastChannel: TabBus, document: page, window: page }
      return tab
    },
  }
}
