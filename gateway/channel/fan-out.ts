import type { Session } from '../session/session.ts'
import { Pace } from './pace.ts'

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
 *
 * **It waits** at times for more events to join (`Pace`).
 */
export class FanOut {
  readonly #sliceMs: number
  readonly #pace: Pace
  readonly #observer: FanOutObserver
  readonly #later: (run: () => void, afterMs: number) => void
  #queue: Session[] = []
  #front = 0
  #taken = 0
  #enqueued = 0
  #isScheduled = false
  #waiters: { readonly at: number; readonly resolve: () => void }[] = []

  constructor(options: FanOutOptions) {
    this.#sliceMs = options.sliceMs ?? sliceMs
    this.#pace = new Pace(options.manyWrites)
    this.#observer = options.observer
    this.#later = options.later ?? runLater
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

  /**
   * Resolves when all sessions in the queue have had a turn. So the caller that appends waits for the CPU, and never for a socket. While the
   * fan-out rests, nobody waits: what is appended then joins the next round.
   */
  settled(): Promise<void> | void {
    if (this.length === 0 || this.#pace.isResting(performance.now())) return undefined
    const at = this.#enqueued
    return new Promise((resolve) => this.#waiters.push({ at, resolve }))
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#later(() => this.#slice(), this.#pace.delayMs(performance.now()))
  }

  #slice(): void {
    const startMs = performance.now()
    const isGathering = this.#pace.gather(this.length, startMs)
    const isResting = isGathering || this.#takeTurns(startMs)
    this.#isScheduled = false
    this.#compact()
    this.#wake(isResting)
    if (this.length > 0) this.#schedule()
  }

  /** Gives turns until the slice's end. @returns true: the fan-out rests after the last one */
  #takeTurns(startMs: number): boolean {
    let nowMs = startMs
    let isResting = false
    let events = 0
    let writes = 0
    while (this.length > 0 && !isResting) {
      this.#pace.beginTurn(this.length)
      const written = this.#turn()
      events += written
      if (written > 0) writes += 1
      const beforeMs = nowMs
      nowMs = performance.now()
      isResting = this.#pace.endTurn(written, nowMs - beforeMs, nowMs)
      if (nowMs >= startMs + this.#sliceMs) break
    }
    if (events > 0) this.#observer.delivered(events, writes)
    return isResting
  }

  #turn(): number {
    const session = this.#queue[this.#front]
    this.#front += 1
    this.#taken += 1
    if (session === undefined) return 0
    session.isQueued = false
    const written = session.takeTurn()
    if (session.wantsTurn) this.#pace.noteMore()
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

  /** @param all who wait, because what they append now can join the next round */
  #wake(all: boolean): void {
    if (this.#waiters.length === 0) return
    const ready = this.#waiters.filter(({ at }) => all || at <= this.#taken)
    this.#waiters = this.#waiters.filter(({ at }) => !all && at > this.#taken)
    for (const { resolve } of ready) resolve()
  }
}

/** Longest slice, in milliseconds. */
const sliceMs = 4

function runLater(run: () => void, afterMs: number): void {
  if (afterMs === 0) setImmediate(run)
  else setTimeout(run, afterMs)
}

export interface FanOutOptions {
  /** A slice ends with the turn that reaches this many milliseconds. @default 4 */
  readonly sliceMs?: number
  /** Rounds of fewer writes are not waited for. @default 100 */
  readonly manyWrites?: number
  readonly observer: FanOutObserver
  /** Runs a function in a later turn of the event loop, after so many milliseconds. @default setImmediate, and setTimeout for more than none */
  readonly later?: (run: () => void, afterMs: number) => void
}

export interface FanOutObserver {
  /** @param writes count of the writes that sent the events */
  delivered(events: number, writes: number): void
}
