import fc from 'fast-check'
import { expect, it } from 'vitest'
import { IdTimes } from './id-times.ts'
import { keyedHash } from './keyed-hash.ts'

/** Texts that are not valid UTF-16 occur, too, and so do pairs of which one is the start of the other. */
const id = fc.oneof(
  fc.string({ unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 4 }),
  fc.constantFrom('', 'a', 'aa', '\u0000', '\u0000\u0000', 'é', '\ud800', '\udc00', '\ufffd'),
)

it.each<[string, (text: string) => number]>([
  ['with its hash', keyedHash],
  ['when all hashes collide', () => -7],
  ['when hashes differ in their upper half alone', (text) => text.length << 16],
])('an id table finds what a map finds, %s', (_title, hash) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(id, fc.integer())), (pairs) => {
      const table = new IdTimes()
      const map = new Map<string, number>()
      for (const [text, time] of pairs) {
        expect(table.get(text, hash(text))).toBe(map.get(text))
        table.set(text, hash(text), time)
        map.set(text, time)
      }
      expect([...map.keys()].map((text) => table.get(text, hash(text)))).toEqual([...map.values()])
      expect(table.size).toBe(map.size)
    }),
  )
})

it('an id table keeps each of 10,000 ids while it grows', () => {
  const table = new IdTimes()
  const ids = Array.from({ length: 10_000 }, (_, index) => `3f2504e0-4f89-41d3-${index}`)
  ids.forEach((text, index) => table.set(text, keyedHash(text), index))
  expect(ids.every((text, index) => table.get(text, keyedHash(text)) === index)).toBe(true)
  expect([table.size, table.get('another', keyedHash('another'))]).toEqual([10_000, undefined])
})

it('a keyed hash spreads ids that differ in one character over all places of a table', () => {
  const places = new Set(Array.from({ length: 4_096 }, (_, index) => keyedHash(`id-${String.fromCharCode(index)}`) & 0xfff))
  // Chance leaves out a third of the places (1/e).
  expect(places.size).toBeGreaterThan(2_300)
})

it('a keyed hash tells texts apart that differ beyond the places with factors of their own', () => {
  const long = 'x'.repeat(10_000)
  expect(keyedHash(`${long}a`)).not.toBe(keyedHash(`${long}b`))
})
