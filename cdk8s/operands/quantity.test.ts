import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalQuantity, parseQuantity } from './quantity.ts'

/** What the API server makes of quantities; `operands.kubernetes.test.ts` asks a real one. */
export const storedQuantities: readonly (readonly [string | number, string])[] = [
  ['100m', '100m'], ['1000m', '1'], ['1500m', '1500m'], ['0.5', '500m'], ['2.50', '2500m'], [2, '2'], [0, '0'], ['0.0', '0'],
  ['1000', '1k'], ['1500', '1500'], ['1000k', '1M'], ['0.5k', '500'], ['1.5G', '1500M'], ['1024', '1024'],
  ['192Mi', '192Mi'], ['1024Mi', '1Gi'], ['1536Mi', '1536Mi'], ['1.5Gi', '1536Mi'], ['0.5Gi', '512Mi'], ['1048576Ki', '1Gi'], ['1024Gi', '1Ti'],
  ['0.5Ki', '512'], ['1Ki', '1Ki'], ['0Mi', '0'], ['007', '7'], ['5000T', '5P'],
]

describe('a quantity', () => {
  it.each(storedQuantities)('%s is stored as %s', (written, stored) => {
    expect(canonicalQuantity(written)).toBe(stored)
  })

  it('stays as it is in its canonical form, and keeps its value', () => {
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

  it('that is none is left to the API server', () => {
    expect(parseQuantity('much')).toBeNull()
    expect(canonicalQuantity('1.Gi')).toBe('1.Gi')
    expect(canonicalQuantity('-1')).toBe('-1')
    expect(canonicalQuantity('5P')).toBe('5P')
  })
})
