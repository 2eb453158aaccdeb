import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Histogram } from './histogram.ts'

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

test('percentiles of a histogram are within a hundredth of the nearest rank', () => {
  const values = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(values, (ms) => {
      const sorted = ms.toSorted((a, b) => a - b)
      const rank = (fraction: number): number => sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? 0
      const { count, p50, p99, p999, max } = histogramOf(ms).read()
      expect(count).toBe(ms.length)
      expect(max).toBe(sorted.at(-1))
      for (const [read, exact] of [
        [p50, rank(0.5)],
        [p99, rank(0.99)],
        [p999, rank(0.999)],
      ] as const) {
        expect(Math.abs(read - exact) / exact).toBeLessThanOrEqual(0.01)
      }
    }),
  )
})

test('an empty or cleared histogram has percentiles of zero', () => {
  const histogram = histogramOf([5, 6])
  histogram.clear()
  expect(histogram.read()).toEqual({ count: 0, p50: 0, p99: 0, p999: 0, max: 0 })
  histogram.add(2)
  expect(histogram.read()).toMatchObject({ count: 1, max: 2 })
})

test('values beyond the last or before the first bucket count in that bucket', () => {
  expect(histogramOf([1e12]).read()).toMatchObject({ count: 1, max: 1e12 })
  expect(histogramOf([0, -1, 0.0001]).read().p50).toBeLessThanOrEqual(0.001)
})
