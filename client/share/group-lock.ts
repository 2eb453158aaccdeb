import type { Place } from './place.ts'

export interface LockHandlers {
  /** The tab leads, until `release()`. */
  granted(): void
  /** Another tab leads or is about to. */
  taken(): void
  /** Another tab has taken the lock away. */
  stolen(): void
  failed(error: unknown): void
}

/** The lock of a group: the tab that holds it leads. The browser gives it to the next tab in the queue when the holder is gone, however it went. */
export class GroupLock {
  readonly #locks: Place['locks']
  readonly #name: string
  readonly #handlers: LockHandlers
  #queue: AbortController | undefined
  #release: (() => void) | undefined

  constructor(locks: Place['locks'], name: string, handlers: LockHandlers) {
    this.#locks = locks
    this.#name = name
    this.#handlers = handlers
  }

  /** Takes the lock if no tab has it or waits for it. */
  takeFree(): void {
    this.#request({ ifAvailable: true })
  }

  /** Waits for the lock. */
  queueUp(): void {
    if (this.#queue) return
    this.#queue = new AbortController()
    this.#request({ signal: this.#queue.signal }, this.#queue)
  }

  /** Takes the lock from a tab that does not answer. */
  steal(): void {
    this.leaveQueue()
    this.#request({ steal: true })
  }

  leaveQueue(): void {
    this.#queue?.abort()
    this.#queue = undefined
  }

  /** Leaves the queue, and gives the lock to the next tab. */
  release(): void {
    this.leaveQueue()
    this.#release?.()
    this.#release = undefined
  }

  #request(options: LockOptions, queue = new AbortController()): void {
    let release: (() => void) | undefined
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (queue.signal.aborted) return
      if (lock === null) {
        this.#handlers.taken()
        return
      }
      this.#queue = undefined
      return new Promise((resolve) => {
        this.#release = release = resolve
        this.#handlers.granted()
      })
    }
    this.#locks?.request(this.#name, options, hold).catch((error: unknown) => {
      if (queue.signal.aborted) return
      if (!release) return this.#handlers.failed(error)
      if (this.#release !== release) return
      this.#release = undefined
      this.#handlers.stolen()
    })
  }
}
