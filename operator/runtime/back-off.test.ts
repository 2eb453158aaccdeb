import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backOffMs } from './back-off.ts'

const options = { baseMs: 100, maxMs: 300_000 }

describe('backOffMs', () => {
  it('doubles with each failure, up to the limit', () => {
    expect([1, 2, 3, 12, 13, 1_000_000].map((failures) => backOffMs(failures, options, 1))).toEqual([
      100, 200, 400, 204_800, 300_000, 300_000,
    ])
  })

  it('is between half of the full wait and all of it', () => {
    expect([0, 0.5, 0.999].map((random) => backOffMs(1, options, random))).toEqual([50, 75, 100])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
        const ms = backOffMs(failures, options, random)
        expect(ms).toBeGreaterThanOrEqual(50)
        expect(ms).toBeLessThanOrEqual(300_000)
      }),
    )
  })
})
