import { describe, expect, it } from 'vitest'
import { textOf } from './canonical.ts'
import { maxFilterDepth, maxFilterLeaves, parseFilters } from './dialects.ts'
import { holds } from './filter.ts'

const order = { specversion: '1.0', id: 'a1', source: '/shop', type: 'com.example.order.created', subject: 'o-7', size: 7, urgent: true }
const ignore = { failed: () => {}, spent: () => {} }

const parsed = (filters: unknown): ReturnType<typeof parseFilters> =>
  parseFilters(typeof filters === 'string' ? filters : JSON.stringify(filters), { maxBytes: 2_048 })

function isAccepted(filters: unknown): boolean {
  const filter = parsed(filters)
  if (!filter.ok) throw new Error(filter.error)
  return filter.value === null || holds(filter.value, order, ignore)
}

const errorOf = (filters: unknown): string | null => {
  const filter = parsed(filters)
  return filter.ok ? null : filter.error
}

const canonicalOf = (filters: unknown): string | null => {
  const filter = parsed(filters)
  if (!filter.ok) throw new Error(filter.error)
  return filter.value === null ? null : textOf(filter.value)
}

describe('filters', () => {
  it.each<[string, unknown]>([
    ['an empty array', []],
    ['exact of all its attributes', [{ exact: { type: 'com.example.order.created', subject: 'o-7' } }]],
    ['exact of an integer and a Boolean as text', [{ exact: { size: '7', urgent: 'true' } }]],
    ['prefix', [{ prefix: { type: 'com.example.', source: '/' } }]],
    ['suffix', [{ suffix: { type: '.created' } }]],
    ['all', [{ all: [{ prefix: { type: 'com.' } }, { suffix: { type: '.created' } }] }]],
    ['any', [{ any: [{ exact: { type: 'other' } }, { exact: { id: 'a1' } }] }]],
    ['not', [{ not: { exact: { type: 'other' } } }]],
    ['not of an attribute that is missing', [{ not: { exact: { missing: 'x' } } }]],
    ['sql', [{ sql: "type LIKE 'com.example.%' AND size > 5" }]],
    ['not of an expression that fails', [{ not: { sql: 'missing > 1' } }]],
    ['each of several', [{ exact: { id: 'a1' } }, { sql: 'urgent' }]],
    ['specversion', [{ exact: { specversion: '1.0' } }]],
  ])('hold for an event: %s', (_title, filters) => {
    expect(isAccepted(filters)).toBe(true)
  })

  it.each<[string, unknown]>([
    ['exact with one attribute that differs', [{ exact: { type: 'com.example.order.created', subject: 'o-8' } }]],
    ['exact that differs by case', [{ exact: { id: 'A1' } }]],
    ['exact of an attribute that is missing', [{ exact: { missing: 'x' } }]],
    ['exact of a name that objects have', [{ prefix: { constructor: 'f' } }]],
    ['prefix that is longer than the value', [{ prefix: { id: 'a1b' } }]],
    ['suffix', [{ suffix: { type: '.deleted' } }]],
    ['all with one that does not hold', [{ all: [{ exact: { id: 'a1' } }, { exact: { id: 'a2' } }] }]],
    ['any with none that holds', [{ any: [{ exact: { id: 'a2' } }, { exact: { id: 'a3' } }] }]],
    ['not', [{ not: { exact: { id: 'a1' } } }]],
    ['sql whose result is a text', [{ sql: 'id' }]],
    ['sql whose result is an integer', [{ sql: 'size' }]],
    ['sql that fails', [{ sql: 'NOT (missing = 1)' }]],
    ['one of several', [{ exact: { id: 'a1' } }, { exact: { id: 'a2' } }]],
  ])('do not hold for an event: %s', (_title, filters) => {
    expect(isAccepted(filters)).toBe(false)
  })

  it.each<[string, unknown]>([
    ['filters: not JSON. Send a JSON array as in [{"prefix":{"type":"com.example."}}], percent-encoded.', '[{'],
    ['filters: must be an array of filters.', { exact: { id: 'a1' } }],
    ['filters[0]: must be a filter: an object with one member, whose name is the dialect.', ['x']],
    ['filters[1]: must have exactly one member, whose name is the dialect; put several filters into `all`.', [{ exact: { id: 'a' } }, {}]],
    [
      'filters[0].all[1]: unknown dialect "Exact"; the dialects are exact, prefix, suffix, all, any, not, sql.',
      [{ all: [{ exact: { id: 'a' } }, { Exact: { id: 'a' } }] }],
    ],
    ['filters[0].any: must have at least one filter.', [{ any: [] }]],
    ['filters[0].not: must be a filter: an object with one member, whose name is the dialect.', [{ not: [{ exact: { id: 'a' } }] }]],
    ['filters[0].exact: must name at least one attribute.', [{ exact: {} }]],
    ['filters[0].exact.id: must be a text that is not empty.', [{ exact: { id: '' } }]],
    ['filters[0].prefix.size: must be a text that is not empty.', [{ prefix: { size: 7 } }]],
    ['filters[0].exact.orgId: the name of an attribute has 1 to 64 lower-case letters and digits.', [{ exact: { orgId: '7' } }]],
    ['filters[0].exact.data: filters see only the attributes of an event, without `audience` and `cursor`.', [{ exact: { data: 'x' } }]],
    ['filters[0].sql: must be a text: an expression of CloudEvents SQL.', [{ sql: {} }]],
    ['filters[0].sql: not CloudEvents SQL: it ends where an expression should be.', [{ sql: 'size >' }]],
    ['filters[0].sql: its result is an Integer; a filter must give TRUE or FALSE.', [{ sql: 'size + 1' }]],
    ['filters[0].sql: the function LEFT does not take 1 arguments.', [{ sql: 'LEFT(id) = "a"' }]],
    [
      'filters[0].not.sql: there is no function LEN; the functions are INT, BOOL, STRING, ABS, LENGTH, CONCAT, CONCAT_WS, LOWER, UPPER, TRIM, LEFT, RIGHT, SUBSTRING.',
      [{ not: { sql: '1 IN (LEN(id))' } }],
    ],
  ])('are refused with the place and the rule: %s', (error, filters) => {
    expect(errorOf(filters)).toBe(error)
  })

  it('have as many bytes as the limit, and not one more', () => {
    const ofBytes = (bytes: number): string => `[{"exact":{"id":"${'x'.repeat(bytes - '[{"exact":{"id":""}}]'.length)}"}}]`
    expect([errorOf(ofBytes(2_048)), errorOf(ofBytes(2_049))]).toEqual([null, 'filters: 2049 bytes; MAX_FILTER_BYTES allows 2048.'])
  })

  it('may be nested 8 levels deep, and not one more', () => {
    const nested = (levels: number): unknown => (levels === 1 ? { exact: { id: 'a' } } : { not: nested(levels - 1) })
    expect(errorOf([nested(maxFilterDepth)])).toBeNull()
    expect(errorOf([nested(maxFilterDepth + 1)])).toBe(
      `filters[0]${'.not'.repeat(maxFilterDepth)}: filters are nested deeper than 8 levels.`,
    )
    expect(errorOf(`[${'{"not":'.repeat(250)}`)).not.toBeNull()
  })

  it('may have 32 attributes and expressions together, and not one more', () => {
    const leaves = (count: number): unknown => [
      ...Array.from({ length: count - 2 }, () => ({ sql: 'urgent' })),
      { exact: { id: 'a', type: 'b' } },
    ]
    expect(errorOf(leaves(maxFilterLeaves))).toBeNull()
    expect(errorOf(leaves(maxFilterLeaves + 1))).toBe(
      'filters[31].exact: the filters have more than 32 attributes and expressions together.',
    )
  })

  it.each<[string, unknown, unknown]>([
    ['attributes in another order', [{ exact: { id: 'a', type: 'b' } }], [{ exact: { type: 'b', id: 'a' } }]],
    ['filters in another order', [{ exact: { id: 'a' } }, { sql: 'x' }], [{ sql: 'x' }, { exact: { id: 'a' } }]],
    ['a filter that is there twice', [{ exact: { id: 'a' } }, { exact: { id: 'a' } }], [{ exact: { id: 'a' } }]],
    ['all of all', [{ all: [{ all: [{ sql: 'x' }] }, { sql: 'y' }] }], [{ sql: 'x' }, { sql: 'y' }]],
    ['any of one', [{ any: [{ sql: 'x' }] }], [{ sql: 'x' }]],
    ['not of not', [{ not: { not: { sql: 'x' } } }], [{ sql: 'x' }]],
    ['expressions with other blanks, cases and parentheses', [{ sql: 'x=1 and  (y)' }], [{ sql: '(X = 1) AND y' }]],
  ])('are the same filter as those with %s', (_title, left, right) => {
    expect(canonicalOf(left)).toBe(canonicalOf(right))
  })

  it.each<[string, unknown, unknown]>([
    ['all and any', [{ all: [{ sql: 'x' }, { sql: 'y' }] }], [{ any: [{ sql: 'x' }, { sql: 'y' }] }]],
    ['not and its opposite', [{ not: { sql: 'x' } }], [{ sql: 'x' }]],
    ['exact and prefix', [{ exact: { id: 'a' } }], [{ prefix: { id: 'a' } }]],
    ['expressions that group otherwise', [{ sql: 'x AND (y OR z)' }], [{ sql: 'x AND y OR z' }]],
  ])('stay apart: %s', (_title, left, right) => {
    expect(canonicalOf(left)).not.toBe(canonicalOf(right))
  })
})
