import { LRUCache } from 'lru-cache'
import { TokenBucket, type TokenBucketLimits } from './token-bucket.ts'

/** Subjects whose rate is counted on its own. */
export const defaultMaxSubjects = 10_000

export interface RateLimiterOptions extends TokenBucketLimits {
  /** Most subjects whose rate is counted on its own. @default 10000 */
  readonly maxSubjects?: number
}

/** Counts the rate of each subject. */
export interface RateLimiter {
  /**
   * Takes all of `n` or nothing, as `TokenBucket.take` does. @param nowMs milliseconds of one clock
   * @returns 0 when they were taken, else the milliseconds after which they can be; Infinity when `n` is above the burst
   */
  take(subject: string, n: number, nowMs: number): number
  /** How many subjects are counted just now. */
  size(): number
}

/** How many idle subjects one new subject clears away: more than one, so that the map shrinks, and few, so that no call is slow. */
const evictionsPerNewcomer = 4

/**
 * A token bucket per subject, for a bounded number of subjects. A full bucket remembers nothing and can go; those unused for longest are
 * asked first, and one unused for `burst / ratePerS` seconds is full. When every place is taken by a subject who was active within
 * that time, newcomers share one bucket more, the overflow:
 * whoever invents subjects slows down those who come after, but neither those who were there before nor the machine.
 *
 * A newcomer's bucket is a copy of the overflow. A fresh one would hand a second burst to a subject who had just emptied the overflow;
 * so the rule holds across the move: within any `t` seconds no subject takes more than `burst + ratePerS * t`.
 *
 * @param options.now milliseconds, of the clock that `take` is called with
 */
export function createRateLimiter({
  maxSubjects = defaultMaxSubjects,
  now,
  ...limits
}: RateLimiterOptions & { readonly now: number }): RateLimiter {
  const buckets = new LRUCache<string, TokenBucket>({ max: maxSubjects })
  const overflow = new TokenBucket({ ...limits, now })

  function evictIdle(nowMs: number): void {
    for (const subject of buckets.rkeys().take(evictionsPerNewcomer).toArray())
      if (buckets.peek(subject)?.isFull(nowMs)) buckets.delete(subject)
  }

  function welcome(subject: string, nowMs: number): TokenBucket {
    evictIdle(nowMs)
    if (buckets.size === maxSubjects) return overflow
    const bucket = overflow.copy(nowMs)
    buckets.set(subject, bucket)
    return bucket
  }

  return {
    take: (subject, n, nowMs) => (buckets.get(subject) ?? welcome(subject, nowMs)).take(n, nowMs),
    size: () => buckets.size,
  }
}
