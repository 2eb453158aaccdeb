import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collide, isWithin } from '../../testing/route-oracle.ts'
import { anyPlace } from '../../testing/route-arbitraries.ts'
import { createRouteIndex, type Placed } from './index-of-places.ts'
import type { RoutePlace } from './place.ts'

const place = (host: string, path: string, match: RoutePlace['match'] = 'Prefix'): RoutePlace => ({ host, path, match })

function indexOf(...places: readonly RoutePlace[]) {
  const index = createRouteIndex<Placed>()
  for (const each of places) index.add({ place: each })
  return (asked: RoutePlace, relation: 'overlapping' | 'within' = 'overlapping') =>
    [...index.find(asked, relation)].map((entry) => `${entry.place.host}${entry.place.path}`)
}

describe('the index of routes', () => {
  it('finds what is above, at and below a path, by whole segments', () => {
    const find = indexOf(
      place('a.example', '/wss'),
      place('a.example', '/wss/news'),
      place('a.example', '/wss/news/v1/ws'),
      place('a.example', '/wss/newspaper'),
      place('b.example', '/wss/news'),
    )
    expect(find(place('a.example', '/wss/news'))).toEqual(['a.example/wss', 'a.example/wss/news', 'a.example/wss/news/v1/ws'])
  })

  it('takes a wildcard to overlap with every name below it, and with wildcards above and below', () => {
    const find = indexOf(
      place('*', '/x'),
      place('*.example', '/x'),
      place('*.bank.example', '/x'),
      place('bank.example', '/x'),
      place('www.bank.example', '/x'),
      place('example', '/x'),
      place('www.shop.example', '/x'),
    )
    expect(find(place('www.bank.example', '/x'))).toEqual(['*/x', '*.example/x', '*.bank.example/x', 'www.bank.example/x'])
    expect(find(place('bank.example', '/x'))).toEqual(['*/x', '*.example/x', 'bank.example/x'])
    expect(find(place('*.bank.example', '/x'))).toEqual(['*/x', '*.example/x', '*.bank.example/x', 'www.bank.example/x'])
    expect(find(place('*', '/x'))).toHaveLength(7)
  })

  it('takes names and paths that differ by case, by a last dot or by doubled slashes for one', () => {
    const find = indexOf(place('A.Example.', '/WSS//News/'))
    expect(find(place('a.example', '/wss/news'))).toEqual(['A.Example./WSS//News/'])
  })

  it('takes an exact path for itself alone', () => {
    const find = indexOf(
      place('a.example', '/wss', 'Exact'),
      place('a.example', '/wss/news', 'Exact'),
      place('a.example', '/wss/news/v1/ws', 'Exact'),
    )
    expect(find(place('a.example', '/wss/news'))).toEqual(['a.example/wss/news', 'a.example/wss/news/v1/ws'])
    expect(find(place('a.example', '/wss/news', 'Exact'))).toEqual(['a.example/wss/news'])
  })

  it('finds exactly the pairs that a comparison of all pairs finds, after any additions and removals', () => {
    const steps = fc.array(fc.record({ place: anyPlace, isRemoved: fc.boolean() }), { maxLength: 40 })
    fc.assert(
      fc.property(steps, fc.array(anyPlace, { minLength: 1, maxLength: 10 }), (all, asked) => {
        const index = createRouteIndex<Placed>()
        for (const step of all) index.add(step)
        for (const step of all) if (step.isRemoved) index.remove(step)
        const left = all.filter(({ isRemoved }) => !isRemoved)
        for (const each of asked) {
          expect(new Set(index.find(each, 'overlapping'))).toEqual(new Set(left.filter((step) => collide(step.place, each))))
          expect(new Set(index.find(each, 'within'))).toEqual(new Set(left.filter((step) => isWithin(step.place, each))))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('visits a few of 5,000 places for an answer, and not all', () => {
    const looks = { count: 0 }
    const index = createRouteIndex<Placed>()
    const counted = (path: string): Placed => ({
      get place() {
        looks.count += 1
        return place('apps.example', path)
      },
    })
    for (let n = 0; n < 5_000; n++) index.add(counted(`/wss/c${n}`))
    looks.count = 0
    expect([...index.find(place('apps.example', '/wss/c7/v1/ws'), 'overlapping')]).toHaveLength(1)
    expect(looks.count).toBeLessThan(5)
  })
})
