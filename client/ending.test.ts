import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closeCodes } from '../gateway/session/close-codes.ts'
import { backoffMs, decideEnding, readHint } from './ending.ts'

describe('decideEnding', () => {
  it('does with every code of the gateway what its range says', () => {
    const byRange = (code: number): string => (code < 4100 ? 'final' : code < 4200 ? 'later' : 'now')
    const others = Object.values(closeCodes).filter(({ code }) => code !== closeCodes.badCursor.code)
    expect(others.map(({ code }) => [code, decideEnding(code, 'c')])).toEqual(others.map(({ code }) => [code, byRange(code)]))
  })

  it('replaces a refused cursor by itself, and ends where there was none', () => {
    expect(decideEnding(closeCodes.badCursor.code, 'c')).toBe('without-cursor')
    expect(decideEnding(closeCodes.badCursor.code, null)).toBe('final')
  })

  it('retries later after any close without a code of the gateway', () => {
    expect([1000, 1001, 1005, 1006, 1011, 1012, 3000, 4300, 4999, 0].map((code) => decideEnding(code, 'c'))).toEqual(
      Array(10).fill('later'),
    )
  })

  it('takes HTTP refusals as final, except temporary ones', () => {
    expect([400, 401, 403, 404, 426].map((code) => decideEnding(code, 'c'))).toEqual(Array(5).fill('final'))
    expect([408, 429, 500, 502, 503].map((code) => decideEnding(code, 'c'))).toEqual(Array(5).fill('later'))
  })
})

describe('readHint', () => {
  it('reads the pause at the end of a reason, and nothing elsewhere', () => {
    expect(readHint('This gateway is stopping. reconnect-after=1234')).toBe(1234)
    expect(readHint('reconnect-after=7')).toBe(7)
    expect(readHint('')).toBeNaN()
    expect(readHint('reconnect-after=x')).toBeNaN()
    expect(readHint('reconnect-after=5 and more')).toBeNaN()
  })
})

describe('backoffMs', () => {
  it('is between zero and a ceiling that doubles up to the limit', () => {
    fc.assert(
      fc.property(
        fc.nat(2000),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, maxMs, random) => {
          const pause = backoffMs(attempt, maxMs, random)
          expect(pause).toBeGreaterThanOrEqual(0)
          expect(pause).toBeLessThanOrEqual(Math.min(maxMs, 1000 * 2 ** attempt))
        },
      ),
    )
    expect([0, 1, 2, 3, 9].map((attempt) => backoffMs(attempt, 30_000, 0.5))).toEqual([500, 1000, 2000, 4000, 15_000])
  })
})
