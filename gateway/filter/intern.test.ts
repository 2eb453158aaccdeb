import { describe, expect, it } from 'vitest'
import { parseFilters } from './dialects.ts'
import type { Filter } from './filter.ts'
import { InternedFilters, rememberedResults } from './intern.ts'

const filterOf = (id: string): Filter => {
  const parsed = parseFilters(JSON.stringify([{ exact: { id } }]), { maxBytes: 100 })
  if (!parsed.ok || parsed.value === null) throw new Error('no filter')
  return parsed.value
}

function rig(maxDistinct: number) {
  const seen = { checked: 0, failed: 0 }
  const filters = new InternedFilters(maxDistinct, { checked: () => (seen.checked += 1), failed: () => (seen.failed += 1) })
  return { filters, seen }
}

describe('the distinct filters of a pod', () => {
  it('are shared by all sessions that have the same one', () => {
    const { filters } = rig(10)
    expect(filters.acquire(filterOf('a'))).toBe(filters.acquire(filterOf('a')))
    expect([filters.size, filters.acquire(filterOf('a'))?.holders]).toEqual([1, 3])
  })

  it('are as many as the limit, and one that goes with its last session makes room', () => {
    const { filters } = rig(2)
    const first = filters.acquire(filterOf('a'))
    filters.acquire(filterOf('a'))
    filters.acquire(filterOf('b'))
    expect([filters.hasRoomFor(filterOf('c')), filters.acquire(filterOf('c')), filters.hasRoomFor(filterOf('b'))]).toEqual([
      false,
      null,
      true,
    ])
    if (first === null) throw new Error('there was room')
    filters.release(first)
    expect(filters.hasRoomFor(filterOf('c'))).toBe(false)
    filters.release(first)
    expect([filters.hasRoomFor(filterOf('c')), filters.acquire(filterOf('c'))?.holders, filters.size]).toEqual([true, 1, 2])
  })

  it('check an event once, and again only after many others', () => {
    const { filters, seen } = rig(1)
    const filter = filters.acquire(filterOf('a'))
    if (filter === null) throw new Error('there was room')
    expect([filter.resultFor(5), filter.check(5, { id: 'a' }), filter.resultFor(5), filter.resultFor(6)]).toEqual([null, true, true, null])
    filter.check(6, { id: 'b' })
    expect([filter.resultFor(6), seen.checked, filters.steps > 0]).toEqual([false, 2, true])
    filter.check(5 + rememberedResults, { id: 'b' })
    expect([filter.resultFor(5), filter.resultFor(5 + rememberedResults)]).toEqual([null, false])
  })
})
