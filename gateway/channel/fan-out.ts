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
 *
 * **It rests** after a long round whose writes carried few events, for as long as the round took, at most `maxRestMs`. A round is a turn for each
 * session that was queued at its start. What comes during the rest leaves in one write for each session. So frequent broadcasts take about half of the
 * processor until their writes carry many events. A rest to which nothing came is not repeated for some rounds, because the events come one by one.
 *
 * **It gathers**, when broadcasts turn out to come in bursts: the first one waits a millisecond for the others. One that waited in vain is the last to wait.
 */
export class FanOut {
  readonly #sliceMs: number
  readonly #manyWrites: number
  readonly #observer: FanOutObserver
  readonly #later: (run: () => void, afterMs: number) => void
  #queue: Session[] = []
  #front = 0
  #taken = 0
  #enqueued = 0
  #isScheduled = false
  #waiters: { readonly at: number; readonly resolve: () => void }[] = []
  #round: Round = newRound(0)
  /** Until then no round begins, on the clock of `performance`. */
  #restsUntilMs = 0
  /** What the round waited for before it began. */
  #waited: 'rest' | 'gathering' | null = null
  /** True: broadcasts come in bursts. */
  #gathers = false
  /** Long rounds without a rest from here on. */
  #restless = 0

  constructor(options: FanOutOptions) {
    this.#sliceMs = options.sliceMs ?? sliceMs
    this.#manyWrites = options.manyWrites ?? manyWrites
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
    if (this.length === 0 || this.#isResting) return undefined
    const at = this.#enqueued
    return new Promise((resolve) => this.#waiters.push({ at, resolve }))
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    const restMs = Math.max(0, this.#restsUntilMs - performance.now())
    // Nothing came during the rest.
    if (restMs === 0 && this.#isRoundOver && this.#waited === 'rest') this.#waited = null
    this.#later(() => this.#slice(), restMs)
  }

  get #isResting(): boolean {
    return performance.now() < this.#restsUntilMs
  }

  #slice(): void {
    const startMs = performance.now()
    if (this.#isGatheringDue) return this.#gather(startMs)
    const endsAtMs = startMs + this.#sliceMs
    let nowMs = startMs
    let events = 0
    let writes = 0
    while (this.length > 0) {
      if (this.#isRoundOver) this.#round = newRound(this.#enqueued)
      const written = this.#turn()
      events += written
      if (written > 0) writes += 1
      const beforeMs = nowMs
      nowMs = performance.now()
      this.#noteTurn(written, nowMs - beforeMs)
      if ((this.#isRoundOver && this.#rests(nowMs)) || nowMs >= endsAtMs) break
    }
    this.#isScheduled = false
    if (events > 0) this.#observer.delivered(events, writes)
    this.#compact()
    this.#wake()
    if (this.length > 0) this.#schedule()
  }

  #noteTurn(events: number, tookMs: number): void {
    const round = this.#round
    round.tookMs += tookMs
    round.events += events
    if (events > 0) round.writes += 1
  }

  get #isRoundOver(): boolean {
    return this.#taken >= this.#round.ends
  }

  get #isGatheringDue(): boolean {
    return this.#gathers && this.#waited === null && this.#isRoundOver && this.length >= this.#manyWrites
  }

  #gather(nowMs: number): void {
    this.#restUntil(nowMs + gatheringMs, 'gathering')
    this.#isScheduled = false
    this.#schedule()
  }

  /** Begins a rest if the round that ends now is worth one. @returns true: it rests */
  #rests(nowMs: number): boolean {
    const { tookMs, events, writes, hasMore } = this.#round
    const waited = this.#waited
    this.#waited = null
    if (writes < this.#manyWrites) return false
    const isJoined = events >= joinedWrite * writes
    if (waited !== null) this.#gathers = isJoined
    if (waited === 'rest' && !isJoined) this.#restless = restlessRounds
    if (tookMs < longRoundMs || hasMore || events >= fullWrite * writes) return false
    if (this.#restless > 0) {
      this.#restless -= 1
      return false
    }
    this.#restUntil(nowMs + Math.min(maxRestMs, tookMs), 'rest')
    return true
  }

  /** No round begins until then. Callers that append need not wait any more, so that more can join. */
  #restUntil(atMs: number, why: 'rest' | 'gathering'): void {
    this.#restsUntilMs = atMs
    this.#waited = why
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  #turn(): number {
    const session = this.#queue[this.#front]
    this.#front += 1
    this.#taken += 1
    if (session === undefined) return 0
    session.isQueued = false
    const written = session.takeTurn()
    if (session.wantsTurn) this.#round.hasMore = true
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

/** Shorter rounds have no rest: timers are no finer. */
const longRoundMs = 2

/** Rounds of fewer writes have no rest: what it would save is little. A long one of them is long by chance. */
export const manyWrites = 100

/** Longest rest after a round, in milliseconds. */
export const maxRestMs = 8

/** Wait for the rest of a burst, in milliseconds. */
const gatheringMs = 1

/** Events in each write, on the average of a round, from which a rest would save little: most of a write's cost is then that of its events. */
const fullWrite = 8

/** Events in each write, on the average of a round, below which the rest before it was of no use. */
const joinedWrite = 1.5

/** Long rounds without a rest after one that was of no use. */
export const restlessRounds = 32

/** What the turns of a round did so far. */
interface Round {
  /** The round ends with this session, counted from the start of the fan-out. */
  readonly ends: number
  tookMs: number
  events: number
  writes: number
  /** True: a session could not read all that it had at its turn, as in a replay. */
  hasMore: boolean
}

const newRound = (ends: number): Round => ({ ends, tookMs: 0, events: 0, writes: 0, hasMore: false })

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
