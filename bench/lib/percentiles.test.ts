import { expect, test } from 'vitest'
import { medianOf, percentilesOf } from './percentiles.ts'

test('percentiles are values that occurred, of the nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index)
  expect(percentilesOf(values)).toEqual({ count: 200, p50: 100, p99: 198, max: 200 })
  expect(medianOf([9, 1, 5])).toBe(5)
})

test('percentiles of no values are zero', () => {
  expect(percentilesOf([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 })
})
