import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Cursor, decodeCursor, encodeCursor, maxCursorLength, maxCursorPartitions, tagOf } from './cursor.ts'

const anyCursor: fc.Arbitrary<Cursor> = fc.record({
  topicTag: fc.nat({ max: 0xffffffff }),
  epochTag: fc.nat({ max: 0xffffffff }),
  offsets: fc.array(fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER)), { maxLength: 64 }),
})

describe('a cursor', () => {
  it('comes back from its text as it was', () => {
    fc.assert(fc.property(anyCursor, (cursor) => void expect(decodeCursor(encodeCursor(cursor))).toEqual({ ok: true, value: cursor })))
  })

  it('needs no escaping in a URL, a header or JSON', () => {
    fc.assert(fc.property(anyCursor, (cursor) => void expect(encodeCursor(cursor)).toMatch(/^[A-Za-z0-9_-]+$/)))
  })

  it('is short: 8 partitions of a million records each take less than 70 characters', () => {
    const text = encodeCursor({
      topicTag: tagOf('platform.chrome'),
      epochTag: tagOf('e'),
      offsets: Array.from({ length: 8 }, () => 1_000_000),
    })
    expect(text.length).toBeLessThan(70)
  })

  it('is refused when one character of it was changed', () => {
    fc.assert(
      fc.property(anyCursor, fc.nat(), fc.constantFrom('A', 'z', '_', '0'), (cursor, at, other) => {
        const text = encodeCursor(cursor)
        const index = at % text.length
        fc.pre(text[index] !== other)
        expect(decodeCursor(text.slice(0, index) + other + text.slice(index + 1)).ok).toBe(false)
      }),
    )
  })

  it('is refused, and never throws, when it is any other text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String()),
        (text) => void expect(decodeCursor(text).ok).toBe(false),
      ),
    )
  })

  it.each(['', 'x', '%', 'AAAA', 'latest', '💥', '../../etc/passwd', encodeCursor({ topicTag: 1, epochTag: 2, offsets: [3] }) + '='])(
    'is refused as %j',
    (text) => {
      expect(decodeCursor(text).ok).toBe(false)
    },
  )

  it('is refused before it is decoded when it is longer than any cursor', () => {
    expect(decodeCursor('A'.repeat(maxCursorLength + 1))).toEqual({ ok: false, error: expect.stringContaining('longer than') })
  })

  it('with a great number of partitions stays within the longest text that is read', () => {
    const offsets = Array.from({ length: 1024 }, () => Number.MAX_SAFE_INTEGER)
    expect(decodeCursor(encodeCursor({ topicTag: 1, epochTag: 2, offsets })).ok).toBe(true)
  })

  it('names 1,024 partitions at most, or as many as the topic has when it has more', () => {
    const ofPartitions = (count: number): string =>
      encodeCursor({ topicTag: 1, epochTag: 2, offsets: Array.from({ length: count }, () => 1) })
    expect(decodeCursor(ofPartitions(maxCursorPartitions)).ok).toBe(true)
    expect(decodeCursor(ofPartitions(maxCursorPartitions + 1))).toEqual({
      ok: false,
      error: expect.stringContaining('more than 1024 partitions'),
    })
    expect([decodeCursor(ofPartitions(3000), 3000).ok, decodeCursor(ofPartitions(3001), 3000).ok]).toEqual([true, false])
  })
})
