import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { storedQuantities } from './testing/stored-quantities.ts'
import { canonicalQuantity, parseBytes, parseQuantity } from './quantities.ts'

describe('a quantity', () => {
  it.each(storedQuantities)('%s is stored as %s', (written, stored) => {
    expect(canonicalQuantity(written)).toBe(stored)
  })

  it('keeps its value in canonical form, and does not change when it is in canonical form', () => {
    const units = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'Ti')
    const written = fc.tuple(fc.nat(9_999), units).map(([amount, unit]) => `${amount}${unit}`)
    fc.assert(
      fc.property(written, (text) => {
        const stored = canonicalQuantity(text)
        expect(canonicalQuantity(stored)).toBe(stored)
        expect(parseQuantity(stored)?.nano).toBe(parseQuantity(text)?.nano)
      }),
    )
  })

  it('stays unchanged when it is not a quantity, and loses leading zeros when it is', () => {
    expect(parseQuantity('much')).toBeNull()
    expect(canonicalQuantity('1.Gi')).toBe('1.Gi')
    expect(canonicalQuantity('-1')).toBe('-1')
    // The API server would keep the zeros, but it is ours that is applied.
    expect(canonicalQuantity('007')).toBe('7')
    expect(canonicalQuantity('5P')).toBe('5P')
  })
})

it.each([
  [65_536, 65_536],
  ['65536', 65_536],
  ['64Mi', 67_108_864],
  ['8Gi', 8_589_934_592],
  ['1Ki', 1_024],
])('reads the bytes of %s', (quantity, bytes) => {
  expect(parseBytes(quantity)).toBe(bytes)
})

it.each(['', '64M', '1.5Gi', '-1', 1.5, '64 Mi'])('returns null for %j, which is not a number of bytes', (quantity) => {
  expect(parseBytes(quantity)).toBeNull()
})
