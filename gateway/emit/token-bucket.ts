export interface TokenBucketLimits {
  /** Tokens that come back per second. @minimum above 0 */
  readonly ratePerS: number
  /** Tokens that the full bucket holds, and so the most that can be taken at once. @minimum above 0 */
  readonly burst: number
}

/**
 * Counts a rate: within any `t` seconds at most `burst + ratePerS * t` tokens are taken. It begins full.
 *
 * The credit is kept in thousandths of a token, because a millisecond brings back exactly `ratePerS` of them: with whole numbers in,
 * all arithmetic is exact, and whoever waits as long as they were told is served. A clock that jumps backwards neither stops the
 * refill until it has caught up nor empties the bucket; it costs the time that was not seen to pass.
 */
export class TokenBucket {
  readonly #limits: TokenBucketLimits
  #credit: number
  #atMs: number

  /** @param options.now milliseconds, of the clock that `take` is called with @throws RangeError on a rate or burst that is not above 0 */
  constructor({ ratePerS, burst, now }: TokenBucketLimits & { readonly now: number }) {
    if (!(ratePerS > 0 && burst > 0)) throw new RangeError(`a token bucket needs a rate and a burst above 0, not ${ratePerS} and ${burst}`)
    this.#limits = { ratePerS, burst }
    this.#credit = burst * 1000
    this.#atMs = now
  }

  /**
   * Takes all of `n` tokens or none of them.
   * @returns 0 when they were taken; otherwise the milliseconds (at least 1) after which they can be, if nobody takes any before;
   *   Infinity when `n` is above the burst
   */
  take(n: number, nowMs: number): number {
    this.#refill(nowMs)
    const waitMs = waitFor(n, this.#credit, this.#limits)
    if (waitMs === 0) this.#credit -= n * 1000
    return waitMs
  }

  /** Puts back `n` tokens that were taken but not used. */
  giveBack(n: number): void {
    this.#credit = Math.min(this.#limits.burst * 1000, this.#credit + n * 1000)
  }

  /** Whether the bucket has all its tokens, and so remembers nothing. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#credit === this.#limits.burst * 1000
  }

  /** Another bucket with the tokens that this one has now. */
  copy(nowMs: number): TokenBucket {
    this.#refill(nowMs)
    const copy = new TokenBucket({ ...this.#limits, now: nowMs })
    copy.#credit = this.#credit
    return copy
  }

  #refill(nowMs: number): void {
    this.#credit = creditAfter(nowMs - this.#atMs, this.#credit, this.#limits)
    this.#atMs = nowMs
  }
}

function creditAfter(elapsedMs: number, credit: number, { ratePerS, burst }: TokenBucketLimits): number {
  return Math.min(burst * 1000, credit + Math.max(0, elapsedMs) * ratePerS)
}

function waitFor(n: number, credit: number, { ratePerS, burst }: TokenBucketLimits): number {
  if (n > burst) return Infinity
  const missing = n * 1000 - credit
  return missing <= 0 ? 0 : Math.max(1, Math.ceil(missing / ratePerS))
}
