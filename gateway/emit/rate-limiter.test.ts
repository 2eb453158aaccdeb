import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRateLimiter } from './rate-limiter.ts'

const limiter = (options: Partial<Parameters<typeof createRateLimiter>[0]> = {}) =>
  createRateLimiter({ ratePerS: 1, burst: 2, maxSubjects: 3, now: 0, ...options })

describe('createRateLimiter', () => {
  it('counts each subject on its own', () => {
    const { take } = limiter()
    expect([take('a', 2, 0), take('a', 1, 0)]).toEqual([0, 1_000])
    expect(take('b', 2, 0)).toBe(0)
    expect([take('a', 1, 999), take('a', 1, 1_000)]).toEqual([1, 0])
  })

  it('says that more than the burst can never be taken at once', () => {
    expect(limiter().take('a', 3, 0)).toBe(Infinity)
  })

  it('lets newcomers share one bucket while active subjects take every place', () => {
    const { take, size } = limiter()
    for (const subject of ['a', 'b', 'c']) take(subject, 2, 0)
    expect([take('d', 1, 0), take('e', 1, 0), take('f', 1, 0)]).toEqual([0, 0, 1_000])
    expect(size()).toBe(3)
  })

  it('does not let newcomers take tokens of subjects with a place', () => {
    const { take } = limiter()
    for (const subject of ['a', 'b', 'c']) take(subject, 1, 0)
    for (let n = 0; n < 100; n += 1) take(`stranger ${n}`, 1, 0)
    expect(['a', 'b', 'c'].map((subject) => take(subject, 1, 0))).toEqual([0, 0, 0])
  })

  it('gives the place of an idle subject to a newcomer', () => {
    const { take, size } = limiter()
    for (const subject of ['a', 'b', 'c']) take(subject, 2, 0)
    take('a', 1, 1_000)
    expect([take('d', 2, 2_000), take('d', 1, 2_000), size()]).toEqual([0, 1_000, 2])
  })

  it('shrinks again after a crowd has gone', () => {
    const { take, size } = limiter({ maxSubjects: 1_000 })
    for (let n = 0; n < 1_000; n += 1) take(`crowd ${n}`, 1, 0)
    for (let n = 0; n < 300; n += 1) take(`later ${n}`, 1, 10_000)
    expect(size()).toBe(300)
  })

  // A newcomer with a fresh bucket would have taken 4 at once: 2 from the overflow and 2 of its own.
  it('gives no second burst to a subject who moves from the shared bucket to its own', () => {
    const { take } = limiter({ maxSubjects: 1 })
    take('a', 1, 0)
    expect(take('b', 2, 999)).toBe(0)
    expect([take('b', 2, 1_000), take('b', 1, 1_000)]).toEqual([1_999, 999])
  })

  it('never gives a subject more than burst + rate * t, with any other subjects and any number of places', () => {
    const limits = fc.record({
      ratePerS: fc.integer({ min: 1, max: 20 }),
      burst: fc.integer({ min: 1, max: 20 }),
      maxSubjects: fc.integer({ min: 1, max: 4 }),
    })
    const request = fc.record({
      subject: fc.nat(6).map(String),
      afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_500 })),
      n: fc.integer({ min: 1, max: 20 }),
    })
    fc.assert(
      fc.property(limits, fc.array(request, { maxLength: 80 }), ({ ratePerS, burst, maxSubjects }, requests) => {
        const { take, size } = createRateLimiter({ ratePerS, burst, maxSubjects, now: 0 })
        const given: { subject: string; atMs: number; n: number }[] = []
        let now = 0
        for (const { subject, afterMs, n } of requests) {
          now += afterMs
          if (take(subject, n, now) === 0) given.push({ subject, atMs: now, n })
          expect(size()).toBeLessThanOrEqual(maxSubjects)
        }
        for (const [first, { subject, atMs }] of given.entries()) {
          let sum = 0
          for (const last of given.slice(first).filter((each) => each.subject === subject)) {
            sum += last.n
            expect(sum * 1000).toBeLessThanOrEqual(burst * 1000 + ratePerS * (last.atMs - atMs))
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
