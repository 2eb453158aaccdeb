import { expect, test } from 'vitest'
import { dataOf, type Mark, readMarks } from './marks.ts'

function marksIn(text: string, from = 0, to = text.length): readonly Mark[] {
  const found: Mark[] = []
  readMarks(Buffer.from(text), from, to, (number, atMs) => found.push({ number, atMs }))
  return found
}

const mark: Mark = { number: 4711, atMs: 123_456_789.123 }

test('an event is JSON of exactly the wanted size', () => {
  for (const bytes of [64, 512, 16_384]) {
    const data = dataOf(mark, bytes)
    expect(data).toHaveLength(bytes)
    expect(JSON.parse(data)).toHaveProperty('mark')
  }
  expect(() => dataOf(mark, 20)).toThrow(RangeError)
})

test('a mark is found in any envelope, to the microsecond', () => {
  expect(marksIn(`42["event",${dataOf(mark, 512)},"offset"]`)).toEqual([mark])
})

test('all marks of joined messages are found', () => {
  const other = { number: 99_999_999, atMs: 0.001 }
  expect(marksIn(`{"push":${dataOf(mark, 100)}}\n{"push":${dataOf(other, 100)}}`)).toEqual([mark, other])
})

test('bytes beyond the end of the message are not read', () => {
  const text = dataOf(mark, 64)
  expect(marksIn(text + text, 0, text.length)).toEqual([mark])
  expect(marksIn(text, 0, 30)).toEqual([])
  expect(marksIn('{"type":"other"}')).toEqual([])
})
