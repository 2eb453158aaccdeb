import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseDurationMs, renderDuration } from './durations.ts'

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

it.each([
  [0, '0s'],
  [500, '500ms'],
  [90_000, '1m30s'],
  [5_400_000, '1h30m'],
  [86_400_000, '24h'],
  [3_600_001, '1h1ms'],
])('renders %d milliseconds as the duration %s', (ms, text) => {
  expect(renderDuration(ms)).toBe(text)
})

it('reads a rendered duration back as the same milliseconds', () => {
  fc.assert(
    fc.property(fc.nat(10 * 86_400_000), (ms) => {
      expect(parseDurationMs(renderDuration(ms))).toBe(ms)
    }),
  )
})
