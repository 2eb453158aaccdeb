import { expect, it } from 'vitest'
import { readFilters } from './read-filters.ts'

it.each([
  ['', null],
  ['  ', null],
  ['[]', []],
  ['{"sql": "TRUE"}', [{ sql: 'TRUE' }]],
  ['[{"exact": {"type": "a"}}, {"prefix": {"type": "b"}}]', [{ exact: { type: 'a' } }, { prefix: { type: 'b' } }]],
])('readFilters takes %j', (text, filters) => {
  expect(readFilters(text)).toEqual({ ok: true, filters })
})

it('readFilters says what is wrong with text that is no JSON', () => {
  expect(readFilters('type = 1')).toEqual({ ok: false, problem: expect.any(String) })
})
