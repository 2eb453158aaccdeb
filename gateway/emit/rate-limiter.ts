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
   * @returns 0: they were taken; otherwise the milliseconds after which they can be; Infinity: `n` is above the burst
   */
  take(subject: string, n: number, nowMs: number): number
  /** Returns the count of subjects with a bucket. */
  size(): number
}

/** Most idle subjects that one new subject evicts: more than one, so that the map shrinks, and few, so that no call is slow. */
const evictionsPerNewcomer = 4

/**
 * Makes a limiter with a token bucket per subject, for a bounded number of subjects. A full bucket holds no information and can be evicted. The
 * least recently used are tried first, and a bucket unused for `burst / ratePerS` seconds is full.
 *
 * **The overflow** is one more bucket. New subjects share it while every place belongs to a subject that was active within that time. A client
 * that invents subjects slows down later subjects, but neither earlier ones nor the machine.
 *
 * **A new bucket** is a copy of the overflow. A full one would give a second burst to a subject that had just emptied the overflow. So the rule
 * holds across the move: within any `t` seconds no subject takes more than `burst + ratePerS * t`.
 *
 * @param options.now milliseconds, of the clock that `take` is called with
 */
export const createRateLimiter = ({ maxSubjects, now, ...limits }: RateLimiterOptions & { readonly now: number }): RateLimiter =>
  limiterOf(createBuckets(maxSubjects), '', { ...limits, now })

/** Limiters with a rate each, which share the places: a subject takes a place in each limiter that counts it. */
export interface RateLimiters {
  add(limits: TokenBucketLimits): RateLimiter
  /** Returns the count of places that are taken. */
  size(): number
}

export function createRateLimiters({ maxSubjects, now }: { readonly maxSubjects: number; readonly now: number }): RateLimiters {
  const buckets = createBuckets(maxSubjects)
  let count = 0
  return {
    add: (limits) => limiterOf(buckets, `${(count += 1)} `, { ...limits, now }),
    size: () => buckets.size,
  }
}

type Buckets = LRUCache<string, TokenBucket>

const createBuckets = (max = defaultMaxSubjects): Buckets => new LRUCache({ max })

/** @param prefix begins the keys of this limiter */
function limiterOf(buckets: Buckets, prefix: string, limits: TokenBucketLimits & { readonly now: number }): RateLimiter {
  const overflow = new TokenBucket(limits)

  function evictIdle(nowMs: number): void {
    for (const key of buckets.rkeys().take(evictionsPerNewcomer).toArray()) if (buckets.peek(key)?.isFull(nowMs)) buckets.delete(key)
  }

  function welcome(key: string, nowMs: number): TokenBucket {
    evictIdle(nowMs)
    if (buckets.size === buckets.max) return overflow
    const bucket = overflow.copy(nowMs)
    buckets.set(key, bucket)
    return bucket
  }

  return {
    take: (subject, n, nowMs) => {
      const key = prefix + subject
      return (buckets.get(key) ?? welcome(key, nowMs)).take(n, nowMs)
    },
    size: () => buckets.size,
  }
}
