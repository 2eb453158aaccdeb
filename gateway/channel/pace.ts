/**
 * Decides when the fan-out's next round begins, so that its writes carry more events. A round is a turn for each session that was queued at its
 * start. Only rounds of many writes are waited for.
 *
 * **The fan-out rests** after a long round whose writes carried few events, for as long as the round took, at most `maxRestMs`. What comes during the rest leaves in
 * one write for each session. A rest in which events came one by one is not repeated for some rounds.
 *
 * **It gathers** when broadcasts turn out to come in bursts: the first one waits a millisecond for the others. One that waited in vain is the last to wait.
 */
export class Pace {
  readonly #manyWrites: number
  #round: Round = newRound(0)
  /** Until then no round begins, on the clock of `performance`. */
  #restsUntilMs = 0
  /** What the round waited for before it began. */
  #waited: 'rest' | 'gathering' | null = null
  /** True: broadcasts come in bursts. */
  #gathers = false
  /** Count of long rounds that no rest will follow. */
  #roundsWithoutRest = 0

  /** @param many rounds of fewer writes are not waited for. @default 100 */
  constructor(many = manyWrites) {
    this.#manyWrites = many
  }

  isResting(nowMs: number): boolean {
    return nowMs < this.#restsUntilMs
  }

  /** Returns the milliseconds until the next slice may begin; called when one is planned. */
  delayMs(nowMs: number): number {
    if (this.isResting(nowMs)) return this.#restsUntilMs - nowMs
    // Nothing came during the rest.
    if (this.#isRoundOver && this.#waited === 'rest') this.#waited = null
    return 0
  }

  /** Begins to gather if the next round is to wait for a burst. @param waiting count of sessions in the queue @returns true: it gathers */
  gather(waiting: number, nowMs: number): boolean {
    const isDue = this.#gathers && this.#waited === null && this.#isRoundOver && waiting >= this.#manyWrites
    if (isDue) this.#waitUntil(nowMs + gatheringMs, 'gathering')
    return isDue
  }

  /** @param waiting count of sessions in the queue, that of this turn included */
  beginTurn(waiting: number): void {
    if (this.#isRoundOver) this.#round = newRound(waiting)
    this.#round.turnsLeft -= 1
  }

  /** Notes that a session could not read all that it had at its turn, as in a replay. */
  noteMore(): void {
    this.#round.hasMore = true
  }

  /** @param events in the write of the turn; 0: it wrote none @returns true: the round is over, and the fan-out rests */
  endTurn(events: number, tookMs: number, nowMs: number): boolean {
    const round = this.#round
    round.tookMs += tookMs
    round.events += events
    if (events > 0) round.writes += 1
    return this.#isRoundOver && this.#rest(nowMs)
  }

  get #isRoundOver(): boolean {
    return this.#round.turnsLeft === 0
  }

  /** Begins a rest if the round that ends now is worth one. @returns true: it rests */
  #rest(nowMs: number): boolean {
    const { tookMs, events, writes, hasMore } = this.#round
    const waited = this.#waited
    this.#waited = null
    if (writes < this.#manyWrites) return false
    const isJoined = events >= joinedWrite * writes
    if (waited !== null) this.#gathers = isJoined
    if (waited === 'rest' && !isJoined) this.#roundsWithoutRest = restlessRounds
    if (tookMs < longRoundMs || hasMore || events >= fullWrite * writes) return false
    if (this.#roundsWithoutRest > 0) {
      this.#roundsWithoutRest -= 1
      return false
    }
    this.#waitUntil(nowMs + Math.min(maxRestMs, tookMs), 'rest')
    return true
  }

  #waitUntil(atMs: number, why: 'rest' | 'gathering'): void {
    this.#restsUntilMs = atMs
    this.#waited = why
  }
}

/** Shorter rounds have no rest: timers are no finer. */
const longRoundMs = 2

/** Rounds of fewer writes have no rest: what it would save is little. A long one of them is long by chance. */
export const manyWrites = 100

/** Longest rest after a round, in milliseconds. */
export const maxRestMs = 8

/** Wait for the rest of a burst, in milliseconds. */
export const gatheringMs = 1

/** Events in each write, on the average of a round, from which a rest would save little: most of a write's cost is then that of its events. */
const fullWrite = 8

/** Events in each write, on the average of a round, below which the rest before it was of no use. */
const joinedWrite = 1.5

/** Long rounds without a rest after one that was of no use. */
export const restlessRounds = 32

/** What the turns of a round did so far. */
interface Round {
  turnsLeft: number
  tookMs: number
  events: number
  writes: number
  /** True: a session could not read all that it had at its turn. */
  hasMore: boolean
}

const newRound = (turnsLeft: number): Round => ({ turnsLeft, tookMs: 0, events: 0, writes: 0, hasMore: false })
