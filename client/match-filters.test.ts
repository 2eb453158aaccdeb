import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseFilters } from '../gateway/filter/dialects.ts'
import { holds } from '../gateway/filter/filter.ts'
import type { Filter } from './filters.ts'
import { isNarrowable, passes } from './match-filters.ts'

const text = fc.constantFrom('a', 'ab', 'b', '7', 'true', 'constructor', 'order.shipped', 'order.')
const name = fc.constantFrom('type', 'source', 'subject', 'count', 'flag', 'constructor', 'missing')
const texts = fc.dictionary(name, text, { minKeys: 1, maxKeys: 2 })

const { filter } = fc.letrec<{ filter: Filter; leaf: Filter }>((tie) => ({
  leaf: fc.oneof(fc.record({ exact: texts }), fc.record({ prefix: texts }), fc.record({ suffix: texts })),
  filter: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.record({ all: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
  ),
}))

const event = fc.record({
  specversion: fc.constant('1.0'),
  id: text,
  type: text,
  source: text,
  subject: text,
  count: fc.constantFrom(7, 70),
  flag: fc.boolean(),
})

it('the client lets through what the gateway lets through', () => {
  fc.assert(
    fc.property(fc.array(filter, { maxLength: 3 }), event, (filters, attributes) => {
      const parsed = parseFilters(JSON.stringify(filters), { maxBytes: 1e6 })
      // More than 32 attributes.
      fc.pre(parsed.ok)
      const expected = !parsed.ok || parsed.value === null || holds(parsed.value, attributes, { failed: () => {}, spent: () => {} })
      expect(passes(filters, { ...attributes, data: { type: 'a' }, cursor: 'a' })).toBe(expected)
    }),
    { numRuns: 1000 },
  )
})

it('filters see neither the data nor the cursor', () => {
  const made = { specversion: '1.0', id: '1', source: 's', type: 't', data: 'x', cursor: 'x' }
  expect([passes([{ exact: { data: 'x' } }], made), passes([{ exact: { cursor: 'x' } }], made)]).toEqual([false, false])
})

it('a page cannot tell what an expression of CloudEvents SQL lets through, wherever it is', () => {
  const sql: Filter = { sql: 'TRUE' }
  const other: Filter = { exact: { type: 'a' } }
  expect([sql, { all: [other, sql] }, { any: [sql] }, { not: { not: sql } }].map((each) => isNarrowable([other, each]))).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect(isNarrowable([other, { not: { any: [other] } }])).toBe(true)
})
