import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fit, type Observation, predict } from './fit.ts'

const coefficient = fc.double({ min: 0, max: 100, noNaN: true })

test('a fit finds the coefficients of values without noise, however large the factors are', () => {
  fc.assert(
    fc.property(coefficient, coefficient, coefficient, (base, perRate, perSession) => {
      const wanted = [base, perRate * 1e-6, perSession * 1e-7]
      const observations = [1_000, 5_000, 20_000].flatMap((rate) =>
        [100, 1_000, 10_000].map((sessions) => ({ factors: [1, rate, sessions], value: predict(wanted, [1, rate, sessions]) })),
      )
      const { coefficients, error } = fit(observations)
      coefficients.forEach((found, index) => expect(found).toBeCloseTo(wanted[index] ?? 0, 6))
      expect(error).toBeLessThan(1e-6)
    }),
  )
})

test('a fit lies between values that contradict each other, and says by how much it is wrong', () => {
  const found = fit([
    { factors: [1], value: 1 },
    { factors: [1], value: 3 },
  ])
  expect(found).toEqual({ coefficients: [2], error: 1, explained: 0 })
})

test('a factor that would cost less than nothing is left out', () => {
  const observations: readonly Observation[] = [1, 2, 3, 4].map((rate) => ({ factors: [1, rate], value: 10 - rate }))
  expect(fit(observations).coefficients).toEqual([7.5, 0])
})

test('a factor that never changes beside the base explains nothing more', () => {
  const observations = [1, 2, 3].map((rate) => ({ factors: [1, rate, 5], value: rate }))
  const { coefficients, error } = fit(observations)
  expect(coefficients[1]).toBeCloseTo(1)
  expect(error).toBeLessThan(1e-9)
})

test('fewer observations than factors are refused', () => {
  expect(() => fit([{ factors: [1, 2], value: 1 }])).toThrow('1 observations are too few for 2 factors')
})
