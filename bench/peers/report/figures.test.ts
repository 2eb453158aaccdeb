import { expect, test } from 'vitest'
import { exactly, percentText, ratioOf, spreadOf, spreadText } from './figures.ts'

test('a spread is the median, with the least and the most', () => {
  expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 })
  expect(spreadOf([])).toEqual(exactly(0))
  expect(spreadText(spreadOf([90, 100, 110]))).toBe('100 ±10 %')
  expect(spreadText(exactly(1_234.5))).toBe('1,235')
  expect(spreadText(exactly(0))).toBe('0')
})

test('a ratio is ours divided by theirs, and null without a divisor', () => {
  expect(ratioOf(6, 3)).toBe(2)
  expect(ratioOf(6, 0)).toBeNull()
  expect(ratioOf(Infinity, 3)).toBeNull()
})

test('a part of a whole is never rounded up to 100 %', () => {
  expect(percentText(100, 100)).toBe('100 %')
  expect(percentText(99_999, 100_000)).toBe('99.99 %')
  expect(percentText(999_999, 1_000_000)).toBe('99.99 %')
  expect(percentText(1, 3)).toBe('33.33 %')
  expect(percentText(0, 3)).toBe('0 %')
  expect(percentText(0, 0)).toBe('-')
})
