import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseDurationMs } from './durations.ts'

it.each([
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['90s', 90_000],
  ['250ms', 250],
  ['1m1ms', 60_001],
  ['0s', 0],
])('reads the duration %s', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms)
})

it.each(['', '5', 'm', '5 m', '-5m', '1.5h', '5d', '5m ', '9999999999h'])('returns null for %j, which is not a duration', (text) => {
  expect(parseDurationMs(text)).toBeNull()
})

it('adds the parts of a duration in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9_999), fc.constantFrom('ms', 's', 'm', 'h')), { minLength: 1, maxLength: 4 }), (parts) => {
      const texts = parts.map(([count, unit]) => `${count}${unit}`)
      expect(parseDurationMs(texts.join(''))).toBe(texts.reduce((sum, text) => sum + (parseDurationMs(text) ?? Number.NaN), 0))
    }),
  )
})
