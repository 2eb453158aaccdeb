import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeShortCursor } from './short-cursor.ts'
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

describe('a cursor with short ones behind it', () => {
  const full = encodeCursor({ topicTag: 1, epochTag: 2, offsets: [10, 20] })
  const at = (partition: number, offset: number): string => encodeShortCursor({ partition, offset })
  const offsetsOf = (text: string, maxPartitions?: number): readonly number[] | null => {
    const decoded = decodeCursor(text, maxPartitions)
    return decoded.ok ? decoded.value.offsets : null
  }

  it('is the whole one, with the higher offset of each partition', () => {
    expect(offsetsOf(full + at(1, 21))).toEqual([10, 21])
    expect(offsetsOf(full + at(1, 21) + at(0, 11))).toEqual([11, 21])
    expect(offsetsOf(full + at(1, 5))).toEqual([10, 20])
    expect(offsetsOf(full + at(1, 30) + at(1, 25))).toEqual([10, 30])
  })

  it('keeps the topic and the epoch of the whole one', () => {
    expect(decodeCursor(full + at(0, 11))).toMatchObject({ ok: true, value: { topicTag: 1, epochTag: 2 } })
  })

  it('may name a partition that the topic has got since', () => {
    expect(offsetsOf(full + at(3, 7))).toEqual([10, 20, 0, 7])
  })

  it('names no partition beyond those that a whole one may name', () => {
    expect(offsetsOf(full + at(maxCursorPartitions - 1, 7))).toHaveLength(maxCursorPartitions)
    expect(offsetsOf(full + at(maxCursorPartitions, 7))).toBeNull()
    expect(offsetsOf(full + at(maxCursorPartitions, 7), maxCursorPartitions + 1)).toHaveLength(maxCursorPartitions + 1)
  })

  it.each([
    ['a short one that is damaged', full + at(0, 11).slice(0, -1)],
    ['nothing behind the point', `${full}.`],
    ['no whole one', at(0, 11)],
    ['a whole one that is damaged', full.slice(0, -1) + at(0, 11)],
    ['a place that is no cursor', `latest${at(0, 11)}`],
  ])('is refused with %s', (_what, text) => {
    expect(offsetsOf(text)).toBeNull()
  })

  it('with a short one for each of 1,024 partitions stays within the longest text that is read', () => {
    const offsets = Array.from({ length: maxCursorPartitions }, () => 2_000_000_000)
    const text = encodeCursor({ topicTag: 1, epochTag: 2, offsets }) + offsets.map((_, partition) => at(partition, 2_000_000_001)).join('')
    expect(offsetsOf(text)?.every((offset) => offset === 2_000_000_001)).toBe(true)
  })
})
