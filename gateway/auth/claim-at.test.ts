import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isRecord } from '../../program/is-record.ts'
import { claimAt } from './claim-at.ts'

describe('claimAt', () => {
  it('follows dots into objects', () => {
    expect(claimAt({ a: { b: { c: 1 } } }, 'a.b.c')).toBe(1)
  })

  it('prefers a claim with the whole path for a name, at each level', () => {
    expect(claimAt({ 'https://example.com/roles': 1 }, 'https://example.com/roles')).toBe(1)
    expect(claimAt({ 'a.b': 1, a: { b: 2 } }, 'a.b')).toBe(1)
    expect(claimAt({ a: { 'b.c': 1 } }, 'a.b.c')).toBe(1)
  })

  // The roles of a Keycloak client whose id has dots led nowhere, and its users got no events.
  it.each([
    ['a client id with dots', { resource_access: { 'my.console': { roles: 1 } } }, 'resource_access.my.console.roles'],
    [
      'a client id with many dots',
      { resource_access: { 'io.example.web.console': { roles: 1 } } },
      'resource_access.io.example.web.console.roles',
    ],
    ['a member of a claim that is named by a URL', { 'https://example.com/attrs': { roles: 1 } }, 'https://example.com/attrs.roles'],
    ['names with dots at two levels', { 'a.b': { 'c.d': 1 } }, 'a.b.c.d'],
    ['a name without dots, when the one with dots has no such member', { 'a.b': { x: 0 }, a: { b: { c: 1 } } }, 'a.b.c'],
    ['a name without dots, when the one with dots is not an object', { 'a.b': null, a: { b: { c: 1 } } }, 'a.b.c'],
  ])('reaches %s', (_what, claims, path) => {
    expect(claimAt(claims, path)).toBe(1)
  })

  it('tries the longest name first, at each level', () => {
    const claims = { 'a.b.c': { d: 3 }, 'a.b': { 'c.d': 2 }, a: { 'b.c.d': 1 } }
    expect(claimAt(claims, 'a.b.c.d')).toBe(3)
    expect(claimAt({ 'a.b': claims['a.b'], a: claims.a }, 'a.b.c.d')).toBe(2)
  })

  it('finds what is null, and does not look further', () => {
    expect(claimAt({ 'a.b': { c: null }, a: { b: { c: 1 } } }, 'a.b.c')).toBeNull()
  })

  it('finds nothing in a value that is not an object, and nothing that was inherited', () => {
    const claims = { text: 'x', list: [1], none: null }
    const inherited = ['constructor', 'constructor.name', '__proto__', 'toString', '__proto__.constructor']
    const paths = ['text.length', 'list.0', 'list.length', 'none.x', '', '.', '..', 'text.', '.text', ...inherited]
    expect(paths.filter((path) => claimAt(claims, path) !== undefined)).toEqual([])
  })

  it('finds what comes first when every way to cut the path into names is tried, the longest names first', () => {
    // Few names, so that paths and claims meet; some have dots.
    const name = fc.constantFrom('a', 'b', 'a.b', 'b.a', 'a.b.a')
    const { claims } = fc.letrec<{ claims: Record<string, unknown>; value: unknown }>((tie) => ({
      claims: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
      value: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.constantFrom('text', null, false), tie('claims')),
    }))
    fc.assert(
      fc.property(claims, fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 7 }), (tree, segments) => {
        expect(claimAt(tree, segments.join('.'))).toEqual(firstOf(tree, segments))
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes no longer for claims that were made to lead it astray', () => {
    // Each level has a name for every beginning of the rest of the path; none leads to the end.
    const segments = Array.from({ length: 12 }, () => 'a')
    const lure = (rest: number): unknown =>
      rest === 0 ? {} : Object.fromEntries(Array.from({ length: rest }, (_, n) => [segments.slice(0, n + 1).join('.'), lure(rest - n - 1)]))
    const members = JSON.stringify(lure(12)).split(':').length - 1
    let looks = 0
    const counting = (value: unknown): unknown =>
      isRecord(value)
        ? new Proxy(Object.fromEntries(Object.entries(value).map(([key, member]) => [key, counting(member)])), {
            getOwnPropertyDescriptor: (target, key) => {
              looks += 1
              return Reflect.getOwnPropertyDescriptor(target, key)
            },
          })
        : value
    expect(claimAt(counting(lure(12)), `${segments.join('.')}.end`)).toBeUndefined()
    expect(looks).toBeLessThan((members + 1) * 13)
  })
})

/** The definition: all ways to cut the path into names, in the order of the longest first name, then the longest second, and so on. */
function firstOf(claims: unknown, segments: readonly string[]): unknown {
  for (const names of cuts(segments)) {
    const found = names.reduce<unknown>((value, name) => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined), claims)
    if (found !== undefined) return found
  }
  return undefined
}

function cuts(segments: readonly string[]): readonly (readonly string[])[] {
  if (segments.length === 0) return [[]]
  return segments.flatMap((_, from) => {
    const length = segments.length - from
    return cuts(segments.slice(length)).map((rest) => [segments.slice(0, length).join('.'), ...rest])
  })
}
