import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textOf } from './canonical.ts'
import { parseFilters } from './dialects.ts'
import { type Filter, holds } from './filter.ts'

type Json = Readonly<Record<string, unknown>>

const name = fc.constantFrom('type', 'size', 'urgent', 'missing')
const text = fc.constantFrom('a', 'ab', 'b', '7', 'true', 'ba')
const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc
    .tuple(fc.constantFrom('exact', 'prefix', 'suffix'), fc.dictionary(name, text, { minKeys: 1, maxKeys: 2, noNullPrototype: true }))
    .map(([dialect, texts]) => ({ [dialect]: texts })),
  fc.constantFrom("type = 'a'", 'size > 5', 'urgent', 'missing = 1', 'EXISTS missing', "type LIKE '%b'").map((sql) => ({ sql })),
)
const filter = fc.letrec<{ any: Json }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    leaf,
    tie('any').map((inner) => ({ not: inner })),
    fc
      .tuple(fc.constantFrom('all', 'any'), fc.array(tie('any'), { minLength: 1, maxLength: 3 }))
      .map(([dialect, members]) => ({ [dialect]: members })),
  ),
})).any
const filters = fc.array(filter, { minLength: 1, maxLength: 2 })
const event = fc
  .record({ type: fc.constantFrom('a', 'ab', 'b'), size: fc.constantFrom(5, 7) }, { requiredKeys: ['type'] })
  .chain((some) => fc.record({ urgent: fc.boolean() }).map((more) => ({ ...some, ...more })))

/** The Subscriptions API once more, over the JSON itself. Its expressions are few and written out. */
function oracle(json: Json, attributes: Readonly<Record<string, unknown>>): boolean {
  const [dialect, value] = Object.entries(json)[0] ?? ['', null]
  const texts = (accepts: (given: string, expected: string) => boolean): boolean =>
    Object.entries(value as Record<string, string>).every(
      ([attribute, expected]) => attributes[attribute] !== undefined && accepts(String(attributes[attribute]), expected),
    )
  switch (dialect) {
    case 'exact':
      return texts((given, expected) => given === expected)
    case 'prefix':
      return texts((given, expected) => given.slice(0, expected.length) === expected)
    case 'suffix':
      return texts((given, expected) => given.length >= expected.length && given.slice(given.length - expected.length) === expected)
    case 'all':
      return (value as Json[]).every((member) => oracle(member, attributes))
    case 'any':
      return (value as Json[]).some((member) => oracle(member, attributes))
    case 'not':
      return !oracle(value as Json, attributes)
    default:
      return expressions[String(value)]?.(attributes) === true
  }
}

const expressions: Readonly<Record<string, (attributes: Readonly<Record<string, unknown>>) => boolean>> = {
  "type = 'a'": ({ type }) => type === 'a',
  'size > 5': ({ size }) => typeof size === 'number' && size > 5,
  urgent: ({ urgent }) => urgent === true,
  'missing = 1': () => false,
  'EXISTS missing': () => false,
  "type LIKE '%b'": ({ type }) => String(type).endsWith('b'),
}

const ignore = { failed: () => {}, spent: () => {} }
const read = (json: readonly Json[]): Filter => {
  const parsed = parseFilters(JSON.stringify(json), { maxBytes: 100_000 })
  if (!parsed.ok || parsed.value === null) throw new Error(parsed.ok ? 'no filter' : parsed.error)
  return parsed.value
}
/** Filters that are small enough for the limits. */
const small = filters.filter((json) => parseFilters(JSON.stringify(json), { maxBytes: 100_000 }).ok)

describe('a filter', () => {
  it('holds exactly for the events that the Subscriptions API says', () => {
    fc.assert(
      fc.property(small, event, (json, attributes) => {
        expect(holds(read(json), attributes, ignore)).toBe(json.every((member) => oracle(member, attributes)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('has the same result as every filter with its canonical form, which is a fixed point', () => {
    fc.assert(
      fc.property(small, event, (json, attributes) => {
        const once = read(json)
        const twice = read([JSON.parse(textOf(once)) as Json])
        expect(textOf(twice)).toBe(textOf(once))
        expect(holds(twice, attributes, ignore)).toBe(holds(once, attributes, ignore))
      }),
      { numRuns: 1_000 },
    )
  })

  it('is parsed or refused with its place for any JSON and any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.array(fc.oneof(filter, fc.jsonValue())).map((json) => JSON.stringify(json)),
        ),
        (given) => {
          const parsed = parseFilters(given, { maxBytes: 2_048 })
          expect(parsed.ok ? 'filters:' : parsed.error).toMatch(/^filters[^ ]*: ?/)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
