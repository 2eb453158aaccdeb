import type { Session } from '../session/session.ts'

/**
 * Gives sessions their turns.
 *
 * **The naive way** writes to each session as an entry arrives. Then a broadcast to 10,000 sessions is one turn of the event loop of 80 ms, and
 * eight entries are eight writes per session.
 *
 * **Instead** an entry only puts its sessions in this queue. Turns are taken from its front in slices of a few milliseconds. A turn reads and
 * writes all entries that the session has by then. Order within a session holds because it reads the replay log in order.
 *
 * **It ends**, because a session leaves the queue with its turn. It returns only if there is more to read and its socket takes more.
 */
export class FanOut {
  readonly #sliceMs: number
  readonly #observer: FanOutObserver
  readonly #later: (run: () => void) => void
  #queue: Session[] = []
  #front = 0
  #taken = 0
  #enqueued = 0
  #isScheduled = false
  #waiters: { readonly at: number; readonly resolve: () => void }[] = []

  constructor(options: FanOutOptions) {
    this.#sliceMs = options.sliceMs ?? sliceMs
    this.#observer = options.observer
    this.#later = options.later ?? ((run) => void setImmediate(run))
  }

  /** Count of sessions that wait for their turn. */
  get length(): number {
    return this.#queue.length - this.#front
  }

  enqueue(session: Session): void {
    if (session.isQueued || !session.wantsTurn) return
    session.isQueued = true
    this.#queue.push(session)
    this.#enqueued += 1
    this.#schedule()
  }

  /** Resolves when all sessions in the queue have had a turn. So the caller that appends waits for the CPU, and never for a socket. */
  settled(): Promise<void> | void {
    if (this.length === 0) return undefined
    const at = this.#enqueued
    return new Promise((resolve) => this.#waiters.push({ at, resolve }))
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#later(() => this.#slice())
  }

  #slice(): void {
    const endsAtMs = performance.now() + this.#sliceMs
    let events = 0
    let writes = 0
    while (this.#front < this.#queue.length) {
      const written = this.#turn()
      events += written
      if (written > 0) writes += 1
      if (performance.now() >= endsAtMs) break
    }
    this.#isScheduled = false
    if (events > 0) this.#observer.delivered(events, writes)
    this.#compact()
    this.#wake()
    if (this.length > 0) this.#schedule()
  }

  #turn(): number {
    const session = this.#queue[this.#front]
    this.#front += 1
    this.#taken += 1
    if (session === undefined) return 0
    session.isQueued = false
    const written = session.takeTurn()
    this.enqueue(session)
    return written
  }

  #compact(): void {
    if (this.#front === this.#queue.length) {
      this.#queue = []
      this.#front = 0
    } else if (this.#front > 4096 && this.#front * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#front)
      this.#front = 0
    }
  }

  #wake(): void {
    if (this.#waiters.length === 0) return
    const ready = this.#waiters.filter(({ at }) => at <= this.#taken)
    this.#waiters = this.#waiters.filter(({ at }) => at > this.#taken)
    for (const { resolve } of ready) resolve()
  }
}

/** Longest slice, in milliseconds. */
const sliceMs = 4

export interface FanOutOptions {
  /** A slice ends with the turn that reaches this many milliseconds. @default 4 */
  readonly sliceMs?: number
  readonly observer: FanOutObserver
  /** Runs a function in a later turn of the event loop. @default setImmediate */
  readonly later?: (run: () => void) => void
}

export interface FanOutObserver {
  /** @param writes count of the writes that sent the events */
  delivered(events: number, writes: number): void
}
