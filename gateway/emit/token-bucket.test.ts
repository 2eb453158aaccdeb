import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

describe('TokenBucket', () => {
  it('gives the whole burst at once, and then says how long the next token takes', () => {
    const bucket = new TokenBucket({ ratePerS: 4, burst: 3, now: 1_000 })
    expect([bucket.take(1, 1_000), bucket.take(2, 1_000)]).toEqual([0, 0])
    expect(bucket.take(1, 1_000)).toBe(250)
    expect(bucket.take(3, 1_000)).toBe(750)
  })

  it('takes nothing when it cannot take all', () => {
    const bucket = new TokenBucket({ ratePerS: 1, burst: 3, now: 0 })
    expect(bucket.take(2, 0)).toBe(0)
    expect(bucket.take(2, 0)).toBe(1_000)
    expect(bucket.take(1, 0)).toBe(0)
  })

  it('refills at its rate and never above the burst', () => {
    const bucket = new TokenBucket({ ratePerS: 2, burst: 3, now: 0 })
    bucket.take(3, 0)
    expect(bucket.take(1, 499)).toBe(1)
    expect(bucket.take(1, 500)).toBe(0)
    expect(bucket.take(4, 86_400_000)).toBe(Infinity)
    expect([bucket.take(3, 86_400_000), bucket.take(1, 86_400_000)]).toEqual([0, 500])
  })

  it('never gives more than the burst holds, however long one waits', () => {
    expect(new TokenBucket({ ratePerS: 1, burst: 3, now: 0 }).take(4, 1e12)).toBe(Infinity)
  })

  it('says a wait of at least a millisecond, also when less than that is missing', () => {
    const bucket = new TokenBucket({ ratePerS: 1_000_000, burst: 1, now: 0 })
    bucket.take(1, 0)
    expect(bucket.take(1, 0)).toBe(1)
  })

  it('goes on refilling after the clock jumped an hour back', () => {
    const bucket = new TokenBucket({ ratePerS: 1, burst: 2, now: 3_600_000 })
    bucket.take(2, 3_600_000)
    expect(bucket.take(1, 0)).toBe(1_000)
    expect(bucket.take(1, 1_000)).toBe(0)
  })

  it('knows when it is full again', () => {
    const bucket = new TokenBucket({ ratePerS: 1, burst: 2, now: 0 })
    expect(bucket.isFull(0)).toBe(true)
    bucket.take(1, 0)
    expect([bucket.isFull(999), bucket.isFull(1_000)]).toEqual([false, true])
  })

  it('takes back what was not used, and never holds more than the burst', () => {
    const bucket = new TokenBucket({ ratePerS: 1, burst: 2, now: 0 })
    bucket.take(2, 0)
    bucket.giveBack(1)
    expect([bucket.take(1, 0), bucket.take(1, 0) > 0]).toEqual([0, true])
    bucket.giveBack(5)
    expect([bucket.take(2, 0), bucket.take(1, 0) > 0]).toEqual([0, true])
  })

  it('is copied with what it has, and shares nothing with the copy', () => {
    const bucket = new TokenBucket({ ratePerS: 1, burst: 3, now: 0 })
    bucket.take(2, 0)
    const copy = bucket.copy(0)
    expect(copy.take(1, 0)).toBe(0)
    expect([copy.take(1, 0), bucket.take(1, 0)]).toEqual([1_000, 0])
  })

  it('refuses a rate or a burst that is not above 0', () => {
    expect(() => new TokenBucket({ ratePerS: 0, burst: 1, now: 0 })).toThrow(RangeError)
    expect(() => new TokenBucket({ ratePerS: 1, burst: Number.NaN, now: 0 })).toThrow(RangeError)
  })

  const limits = fc.record({ ratePerS: fc.integer({ min: 1, max: 100_000 }), burst: fc.integer({ min: 1, max: 100_000 }) })

  it('gives at most burst + rate * t within any t', () => {
    const requests = fc.array(fc.record({ afterMs: fc.integer({ min: 0, max: 2_000 }), n: fc.integer({ min: 1, max: 50_000 }) }), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(limits, requests, ({ ratePerS, burst }, asked) => {
        const bucket = new TokenBucket({ ratePerS, burst, now: 0 })
        const given: { atMs: number; n: number }[] = []
        let now = 0
        for (const { afterMs, n } of asked) {
          now += afterMs
          if (bucket.take(n, now) === 0) given.push({ atMs: now, n })
        }
        for (const [first, { atMs }] of given.entries()) {
          let sum = 0
          for (const last of given.slice(first)) {
            sum += last.n
            expect(sum * 1000).toBeLessThanOrEqual(burst * 1000 + ratePerS * (last.atMs - atMs))
          }
        }
      }),
    )
  })

  it('serves a caller after exactly the given time, and not a millisecond earlier', () => {
    fc.assert(
      fc.property(limits, fc.nat(), fc.nat(), ({ ratePerS, burst }, first, second) => {
        const bucket = new TokenBucket({ ratePerS, burst, now: 0 })
        bucket.take(1 + (first % burst), 0)
        const n = 1 + (second % burst)
        const waitMs = bucket.take(n, 0)
        fc.pre(waitMs > 0)
        expect(bucket.take(n, waitMs - 1)).toBe(1)
        expect(bucket.take(n, waitMs)).toBe(0)
      }),
    )
  })
})
