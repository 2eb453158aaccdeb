import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { priorities, type Priority } from './priority.ts'
import { ReadyKeys, takesPerExtraTurn, type ReadyPlace } from './ready-keys.ts'

const takeAll = <T>(keys: ReadyKeys<T>): readonly T[] =>
  Array.from({ length: keys.size }, () => keys.shift()).flatMap((item) => (item === undefined ? [] : [item]))

describe('keys that are ready', () => {
  it('leave in order of priority', () => {
    const keys = new ReadyKeys<string>()
    keys.push('shop', 'resync', 'resync')
    keys.push('shop', 'child', 'child')
    keys.push('shop', 'user', 'user')
    expect([keys.size, keys.count('child')]).toEqual([3, 1])
    expect(takeAll(keys)).toEqual(['user', 'child', 'resync'])
    expect(keys.shift()).toBe(undefined)
  })

  it('take turns by namespace, and within a namespace leave in order of arrival', () => {
    const keys = new ReadyKeys<string>()
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) keys.push(name.slice(0, 1), 'user', name)
    expect(takeAll(keys)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  })

  it('let the key of a small namespace pass 5,000 keys of another', () => {
    const keys = new ReadyKeys<string>()
    for (let n = 0; n < 5_000; n += 1) keys.push('crowd', 'resync', `crowd ${n}`)
    keys.push('shop', 'resync', 'shop')
    expect([keys.shift(), keys.shift(), keys.shift()]).toEqual(['crowd 0', 'shop', 'crowd 1'])
  })

  it('put a namespace that comes back behind the waiting ones', () => {
    const keys = new ReadyKeys<string>()
    keys.push('a', 'user', 'a1')
    keys.push('b', 'user', 'b1')
    expect(keys.shift()).toBe('a1')
    keys.push('a', 'user', 'a2')
    keys.push('b', 'user', 'b2')
    expect(takeAll(keys)).toEqual(['b1', 'a2', 'b2'])
  })

  it('can be removed from any place', () => {
    const keys = new ReadyKeys<string>()
    const [first, , third, only] = [
      keys.push('a', 'user', 'a1'),
      keys.push('a', 'user', 'a2'),
      keys.push('a', 'user', 'a3'),
      keys.push('b', 'user', 'b1'),
    ]
    for (const place of [first, third, only]) if (place !== undefined) keys.remove(place)
    expect(takeAll(keys)).toEqual(['a2'])
  })

  it('are served at every priority while more urgent keys never end', () => {
    const keys = new ReadyKeys<string>()
    keys.push('a', 'child', 'child')
    keys.push('a', 'resync', 'resync')
    const taken: (string | undefined)[] = []
    for (let n = 0; n < 2 * takesPerExtraTurn; n += 1) {
      keys.push('flood', 'user', 'flood')
      taken.push(keys.shift())
    }
    expect(taken.filter((item) => item !== 'flood')).toEqual(['resync', 'child'])
  })

  /** A sequence of pushes, shifts and removals, compared with a plain list. */
  it('lose no key, invent no key, and keep the bound on waiting under any schedule', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant('push' as const),
          namespace: fc.constantFrom('a', 'b', 'c', 'd'),
          priority: fc.constantFrom(...priorities),
        }),
      },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('shift' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), index: fc.nat(50) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 250, size: 'max' }), (steps) => {
        const keys = new ReadyKeys<Inside>()
        const inside = new Map<Inside, ReadyPlace<Inside>>()
        let takes = 0
        const push = (namespace: string, priority: Priority): void => {
          const rivals = [...inside.keys()].filter((other) => other.priority === priority)
          const isAlone = rivals.every((other) => other.namespace !== namespace)
          const turn = new Set(rivals.map((other) => other.namespace)).size + 1
          const item = { namespace, priority, latestTake: isAlone ? takes + turn * 2 * takesPerExtraTurn : Infinity }
          inside.set(item, keys.push(namespace, priority, item))
        }
        const shift = (): void => {
          const item = keys.shift()
          takes += 1
          expect(item === undefined ? inside.size === 0 : inside.delete(item) && takes <= item.latestTake).toBe(true)
        }
        const remove = (index: number): void => {
          const [found] = [...inside].slice(index % Math.max(1, inside.size))
          if (found === undefined) return
          keys.remove(found[1])
          inside.delete(found[0])
        }
        for (const each of steps) {
          if (each.kind === 'push') push(each.namespace, each.priority)
          else if (each.kind === 'shift') shift()
          else remove(each.index)
          expect(keys.size).toBe(inside.size)
        }
        while (inside.size > 0) shift()
        expect(keys.shift()).toBe(undefined)
      }),
      { numRuns: 200 },
    )
  })
})

interface Inside {
  readonly namespace: string
  readonly priority: Priority
  readonly latestTake: number
}
