import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLossNotices } from './loss-notices.ts'

describe('notices of losses', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function made() {
    const announce = vi.fn()
    return { announce, notices: createLossNotices({ settleMs: 100, everyMs: 5_000, clock: () => performance.now(), announce }) }
  }

  it('are one for losses that come together', () => {
    const { announce, notices } = made()
    for (let n = 0; n < 1_000; n += 1) notices.lost()
    vi.advanceTimersByTime(99)
    expect(announce).not.toHaveBeenCalled()
    vi.advanceTimersByTime(20_000)
    expect(announce).toHaveBeenCalledTimes(1)
  })

  it('come once per interval for losses in series, and report every loss', () => {
    const { announce, notices } = made()
    for (let second = 0; second < 20; second += 1) {
      notices.lost()
      vi.advanceTimersByTime(1_000)
    }
    expect(announce).toHaveBeenCalledTimes(4)
    vi.advanceTimersByTime(5_000)
    expect(announce).toHaveBeenCalledTimes(5)
  })

  it('come soon again after a quiet time', () => {
    const { announce, notices } = made()
    notices.lost()
    vi.advanceTimersByTime(60_000)
    notices.lost()
    vi.advanceTimersByTime(100)
    expect(announce).toHaveBeenCalledTimes(2)
  })
})
