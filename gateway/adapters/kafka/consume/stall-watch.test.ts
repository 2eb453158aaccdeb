import { describe, expect, it } from 'vitest'
import { createStallWatch } from './stall-watch.ts'

const idle: ReadonlySet<number> = new Set()

describe('the stall watch', () => {
  it('names the partition that has been behind for longest, once it has been so for the whole time', () => {
    const watch = createStallWatch(1_000)
    expect(watch.look({ nowMs: 0, positions: [0, 5], ends: [0, 9], busy: idle })).toBeNull()
    expect(watch.look({ nowMs: 500, positions: [0, 5], ends: [3, 9], busy: idle })).toBeNull()
    expect(watch.look({ nowMs: 999, positions: [0, 5], ends: [3, 9], busy: idle })).toBeNull()
    expect(watch.look({ nowMs: 1_000, positions: [0, 5], ends: [3, 9], busy: idle })).toBe(1)
    expect(watch.look({ nowMs: 1_600, positions: [0, 6], ends: [3, 9], busy: idle })).toBe(0)
  })

  it('begins anew when a partition moves, is at its end, or its sink is busy', () => {
    const watch = createStallWatch(1_000)
    watch.look({ nowMs: 0, positions: [5, 5, 5], ends: [9, 9, 9], busy: idle })
    watch.look({ nowMs: 900, positions: [6, 9, 5], ends: [9, 9, 9], busy: new Set([2]) })
    expect(watch.look({ nowMs: 1_100, positions: [6, 9, 5], ends: [9, 12, 9], busy: idle })).toBeNull()
    expect(watch.look({ nowMs: 1_900, positions: [6, 9, 5], ends: [9, 12, 9], busy: idle })).toBe(0)
  })

  it('forgets everything when it is reset', () => {
    const watch = createStallWatch(1_000)
    watch.look({ nowMs: 0, positions: [5], ends: [9], busy: idle })
    watch.reset()
    expect(watch.look({ nowMs: 1_500, positions: [5], ends: [9], busy: idle })).toBeNull()
  })

  it('takes a partition without a known end for read', () => {
    const watch = createStallWatch(0)
    expect(watch.look({ nowMs: 0, positions: [5], ends: [], busy: idle })).toBeNull()
  })
})
