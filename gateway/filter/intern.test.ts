import { describe, expect, it } from 'vitest'
import { parseFilters } from './dialects.ts'
import type { Filter } from './filter.ts'
import { type InternedFilter, InternedFilters, rememberedResults } from './intern.ts'
import { failed } from '../../program/result.ts'

const filterOf = (id: string): Filter => {
  const parsed = parseFilters(JSON.stringify([{ exact: { id } }]), { maxBytes: 100 })
  if (!parsed.ok || parsed.value === null) throw new Error('no filter')
  return parsed.value
}

function rig(maxDistinct: number, maxPerUser = 100) {
  const seen = { checked: 0, failed: 0 }
  const filters = new InternedFilters({ maxDistinct, maxPerUser }, { checked: () => (seen.checked += 1), failed: () => (seen.failed += 1) })
  const acquire = (id: string, userId = 'ann'): InternedFilter => {
    const acquired = filters.acquire(filterOf(id), userId)
    if (!acquired.ok) throw new Error(acquired.error)
    return acquired.value
  }
  return { filters, acquire, seen }
}

describe('the distinct filters of a pod', () => {
  it('are shared by all sessions that have the same one', () => {
    const { filters, acquire } = rig(10)
    expect(acquire('a')).toBe(acquire('a', 'bob'))
    expect([filters.size, acquire('a').holders]).toEqual([1, 3])
  })

  it('are as many as the limit, and one that goes with its last session makes room', () => {
    const { filters, acquire } = rig(2)
    const limitFor = (id: string) => filters.limitFor(filterOf(id), null)
    const first = acquire('a')
    acquire('a')
    acquire('b')
    expect([limitFor('c'), filters.acquire(filterOf('c'), 'bob'), limitFor('b')]).toEqual([
      'tooManyFilters',
      failed('tooManyFilters'),
      null,
    ])
    filters.release(first, 'ann')
    expect(limitFor('c')).toBe('tooManyFilters')
    filters.release(first, 'ann')
    expect([limitFor('c'), acquire('c').holders, filters.size]).toEqual([null, 1, 2])
  })

  /** One user could have used up the filters of the pod, and nobody else got one. */
  it('are as many for each user as the limit of a user, also where others have the same filter', () => {
    const { filters, acquire } = rig(10, 2)
    const [a] = [acquire('a'), acquire('a'), acquire('b'), acquire('c', 'bob')]
    expect([filters.limitFor(filterOf('b'), 'ann'), filters.limitFor(filterOf('c'), 'ann'), filters.acquire(filterOf('c'), 'ann')]).toEqual(
      [null, 'tooManyFiltersOfUser', failed('tooManyFiltersOfUser')],
    )
    filters.release(a, 'ann')
    expect(filters.limitFor(filterOf('c'), 'ann')).toBe('tooManyFiltersOfUser')
    filters.release(a, 'ann')
    expect([filters.limitFor(filterOf('c'), 'ann'), acquire('c').holders]).toEqual([null, 2])
  })

  it('leave nothing behind', () => {
    const { filters, acquire } = rig(10)
    const held = ['ann', 'bob', 'ann'].map((userId) => ({ userId, filter: acquire('a', userId) }))
    for (const { userId, filter } of held) filters.release(filter, userId)
    expect([filters.size, filters.users]).toEqual([0, 0])
  })

  it('check an event once, and again only after many others', () => {
    const { filters, acquire, seen } = rig(1)
    const filter = acquire('a')
    expect([filter.resultFor(5), filter.check(5, { id: 'a' }), filter.resultFor(5), filter.resultFor(6)]).toEqual([null, true, true, null])
    filter.check(6, { id: 'b' })
    expect([filter.resultFor(6), seen.checked, filters.steps > 0]).toEqual([false, 2, true])
    filter.check(5 + rememberedResults, { id: 'b' })
    expect([filter.resultFor(5), filter.resultFor(5 + rememberedResults)]).toEqual([null, false])
  })
})
