import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeShortCursor, encodeShortCursor, type ShortCursor } from './short-cursor.ts'

const anyPlace: fc.Arbitrary<ShortCursor> = fc.record({ partition: fc.nat({ max: 5_000 }), offset: fc.oneof(fc.nat(), fc.maxSafeNat()) })

describe('a short cursor', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        const text = encodeShortCursor(place)
        expect([text[0], decodeShortCursor(text.slice(1))]).toEqual(['.', place])
      }),
    )
  })

  it('needs no escaping in a URL, a header or JSON', () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        const text = encodeShortCursor(place)
        expect([new URLSearchParams({ cursor: text }).toString(), JSON.stringify(text)]).toEqual([`cursor=${text}`, `"${text}"`])
      }),
    )
  })

  it('has 9 characters at a million records of one of 36 partitions, and 12 at two thousand millions of one of 1,024', () => {
    expect(encodeShortCursor({ partition: 7, offset: 1_000_000 })).toHaveLength(9)
    expect(encodeShortCursor({ partition: 1_023, offset: 2_000_000_000 })).toHaveLength(12)
  })

  it('is refused when its end is missing, or one of its characters is another', () => {
    const text = encodeShortCursor({ partition: 3, offset: 123_456_789 }).slice(1)
    const damaged = [...text].flatMap((_character, at) => [
      text.slice(0, at),
      ...['0', 'a', 'z', '-'].filter((other) => other !== text[at]).map((other) => text.slice(0, at) + other + text.slice(at + 1)),
    ])
    expect(damaged.filter((each) => decodeShortCursor(each) !== null)).toEqual([])
  })

  it.each(['', '-', '0-', '-00', '0-100', '00-100', 'A-1zz', '0-zzzzzzzzzzzzzzz', '0-1 zz', '💥'])('is refused as %j', (text) => {
    expect(decodeShortCursor(text)).toBeNull()
  })
})
