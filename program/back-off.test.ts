import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backOffMs, createBackOff, createBackOffWait } from './back-off.ts'

const bounds = { firstMs: 100, maxMs: 300_000 }

describe('backOffMs', () => {
  it('doubles from failure to failure, up to the longest wait', () => {
    expect([1, 2, 3, 12, 13, 1_000_000].map((failures) => backOffMs(failures, bounds, 1))).toEqual([
      100, 200, 400, 204_800, 300_000, 300_000,
    ])
  })

  it('with half jitter lies between a half and the whole of the wait', () => {
    expect([0, 0.5, 0.999].map((random) => backOffMs(1, bounds, random))).toEqual([50, 75, 100])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
        const ms = backOffMs(failures, bounds, random)
        expect(ms).toBeGreaterThanOrEqual(50)
        expect(ms).toBeLessThanOrEqual(300_000)
      }),
    )
  })
})

describe('a back-off', () => {
  it('with full jitter takes a random part of the wait, adds what the server asked for, and starts again after a reset', () => {
    const backOff = createBackOff({ firstMs: 100, maxMs: 500, jitter: 'full', random: () => 0.5 })
    expect([backOff.nextMs(), backOff.nextMs(), backOff.nextMs(), backOff.nextMs(), backOff.nextMs(1_000)]).toEqual([
      50, 100, 200, 250, 1_250,
    ])
    backOff.reset()
    expect(backOff.nextMs()).toBe(50)
  })

  it('stops waiting when it is woken, and when the signal is aborted', async () => {
    const backOff = createBackOffWait({ firstMs: 60_000, maxMs: 60_000 })
    const stopping = new AbortController()
    const woken = backOff.wait(stopping.signal)
    backOff.wake()
    await expect(woken).resolves.toBeUndefined()
    const aborted = backOff.wait(stopping.signal)
    stopping.abort()
    await expect(aborted).resolves.toBeUndefined()
    await backOff.wait(stopping.signal)
  })
})
