import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { explainJson, findJsonError, maxSearchedBytes } from './explain-json.ts'
import { parseJson } from './json-text.ts'

function explain(body: string | Buffer): string {
  const bytes = Buffer.from(body as string) // Buffer.from takes both; its overloads do not say so together
  const parsed = parseJson(bytes)
  return parsed.ok ? 'is JSON' : explainJson(bytes, parsed.error)
}

/** JSON in which one character was replaced, left out or added. */
const almostJson = fc
  .tuple(
    fc.json().map((json) => JSON.stringify(JSON.parse(json), null, 1)),
    fc.nat(),
    fc.constantFrom('', '"', '\\', ',', ':', '{', '}', '[', ']', '0', '-', '.', 'e', 't', '\n', '\u0001', 'ü', '\\u00', 'nul'),
    fc.nat({ max: 2 }),
  )
  .map(([json, at, other, removed]) => json.slice(0, at % json.length) + other + json.slice((at % json.length) + removed))

/** Returns the error of JSON.parse for a text; null: it is JSON. */
function parseError(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return String(error)
  }
}

describe('the explanation of a body that is not JSON', () => {
  it('says the place of an error in 65,536 bytes, and that it does not search in more', () => {
    const broken = (bytes: number): Buffer => Buffer.from(`${'['.padEnd(bytes - 1)}x`)
    expect(explain(broken(maxSearchedBytes))).toBe('is not JSON: a value was expected at line 1, column 65536.')
    expect(explain(broken(maxSearchedBytes + 1))).toBe('is not JSON. The place of an error is searched for in 65536 bytes at most.')
  })

  it.each([
    ['nothing', '', 'is empty. Send JSON.'],
    [
      '50,001 members',
      `[${'{"":1},'.repeat(50_001)}1]`,
      'is JSON of too many parts. The JSON has more than 50,000 members of objects, or more than 60,000 numbers of more than 15 digits or with an exponent.',
    ],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'is compressed (it begins as gzip does). Send it uncompressed.'],
    ['UTF-16, little endian', Buffer.from('\ufeff{}', 'utf16le'), 'is UTF-16 (it begins with a byte order mark). Send UTF-8.'],
    ['UTF-16, big endian', Buffer.from([0xfe, 0xff, 0, 0x7b]), 'is UTF-16 (it begins with a byte order mark). Send UTF-8.'],
    ['Latin-1', Buffer.from('"ü"', 'latin1'), 'is not UTF-8. Send JSON as UTF-8.'],
    ['a form', 'id=1&type=test', 'is a form (name=value). Send JSON.'],
    ['deep JSON', '['.repeat(65), 'is JSON that is too deep. The JSON is nested deeper than 64 levels.'],
    ['a byte order mark alone', '\ufeff', 'is not JSON: a value was expected at line 1, column 1.'],
    ['white space', ' \r\n\t', 'is not JSON: a value was expected at line 2, column 2.'],
    ['text', 'hello', 'is not JSON: a value was expected at line 1, column 1.'],
    ['half of a member', '{"id":', 'is not JSON: a value was expected at line 1, column 7.'],
    ['an object that does not end', '{"id":1', 'is not JSON: a comma or } was expected at line 1, column 8.'],
    ['a list that does not end', '[1', 'is not JSON: a comma or ] was expected at line 1, column 3.'],
    ['a comma too many', '{\n  "id": 1,\n}', 'is not JSON: a name in double quotes was expected at line 3, column 1.'],
    ['a comma too many in a list', '[1,]', 'is not JSON: a value was expected at line 1, column 4.'],
    ['a comma too few', '{"a": 1\r\n "b": 2}', 'is not JSON: a comma or } was expected at line 2, column 2.'],
    ['a name without quotes', '{id: 1}', 'is not JSON: a name in double quotes or } was expected at line 1, column 2.'],
    ['single quotes', "{'id': 1}", 'is not JSON: a name in double quotes or } was expected at line 1, column 2.'],
    ['a bracket that does not fit', '{"a":[1}', 'is not JSON: a comma or ] was expected at line 1, column 8.'],
    ['no colon', '{"a" 1}', 'is not JSON: a colon was expected at line 1, column 6.'],
    ['two values', '{} {}', 'is not JSON: the end of the text was expected at line 1, column 4.'],
    ['a closing bracket alone', ']', 'is not JSON: a value was expected at line 1, column 1.'],
    ['a raw line break in a string', '"a\nb"', 'is not JSON: a string without control characters was expected at line 1, column 3.'],
    ['an escape that is none', '["\\x41"]', 'is not JSON: an escape of JSON was expected at line 1, column 4.'],
    ['an escape that is too short', '["\\u12"]', 'is not JSON: a hexadecimal digit was expected at line 1, column 7.'],
    ['a string that does not end', '["abc', 'is not JSON: the end of a string was expected at line 1, column 6.'],
    ['a number that begins with 0', '01', 'is not JSON: the end of the text was expected at line 1, column 2.'],
    ['a number without an exponent', '[1.5e]', 'is not JSON: a digit was expected at line 1, column 6.'],
    ['a minus sign alone', '-', 'is not JSON: a digit was expected at line 1, column 2.'],
    ['NaN', '{"a":NaN}', 'is not JSON: a value was expected at line 1, column 6.'],
    ['behind a byte order mark', '\ufeff{"a":}', 'is not JSON: a value was expected at line 1, column 6.'],
  ])('of %s', (_, body, expected) => {
    expect(explain(body)).toBe(expected)
  })

  it('names a place in the text, and never quotes it', () => {
    fc.assert(
      fc.property(almostJson, fc.stringMatching(/^[a-z]{8}$/), (text, secret) => {
        expect(explain(text.replaceAll('a', secret))).not.toContain(secret)
        expect(findJsonError(text).at).toBeLessThanOrEqual(text.length)
      }),
    )
  })

  it('has the place that JSON.parse names, where it names one', () => {
    // Of a misspelt literal JSON.parse names the letter that is wrong; here the literal as a whole is none.
    const isLiteral = (text: string, at: number): boolean => /^[tfn]/.test(text.slice(at))
    fc.assert(
      fc.property(almostJson, (text) => {
        const { at } = findJsonError(text)
        const place = / at position (\d+)/.exec(parseError(text) ?? '')?.[1]
        expect(place === undefined || isLiteral(text, at) ? at : Number(place)).toBe(at)
      }),
      { numRuns: 3000 },
    )
  })

  it('finds nothing in JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => void expect(findJsonError(text)).toEqual({ at: text.length, expected: 'the end of the text' })),
    )
  })

  it('is fast for bodies that are made to be slow', () => {
    const bodies = ['"\\u123', '{"a":', '[', '"', '\n', 'a=', '\\"', '{"', '-', '1e'].map((part) => part.repeat(200_000))
    for (const body of bodies) expect(findJsonError(body).at).toBeLessThanOrEqual(body.length)
  })
})
