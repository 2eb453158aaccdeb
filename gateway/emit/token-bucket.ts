export interface TokenBucketLimits {
  /** Tokens added per second. @minimum above 0 */
  readonly ratePerS: number
  /** Tokens in a full bucket, and so the most that can be taken at once. @minimum above 0 */
  readonly burst: number
}

/**
 * Counts a rate: within any `t` seconds at most `burst + ratePerS * t` tokens are taken. It starts full.
 *
 * The credit is kept in thousandths of a token, because a millisecond adds exactly `ratePerS` of them. With whole numbers all arithmetic is
 * exact, and a caller that waits as long as it was asked to gets its tokens. A clock that jumps backwards neither stops the refill nor empties
 * the bucket. It costs the time that the jump hides.
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
   * @returns 0: they were taken; otherwise the milliseconds (at least 1) after which they can be, if no other caller takes any before; Infinity: `n`
   *   is above the burst
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

  /** Returns true if the bucket has all its tokens, and so holds no information. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs)
    return this.#credit === this.#limits.burst * 1000
  }

  /** Returns another bucket with the tokens that this one has now. */
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
