import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { locateJsonError, parseJson } from './json-error.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('locateJsonError', () => {
  it.each([
    ['', 0],
    ['  ', 2],
    ['{"a": }', 6],
    ['{"a" 1}', 5],
    ['{"a": 1,}', 8],
    ['[1, 2', 5],
    ['[1 2]', 3],
    ['{a: 1}', 1],
    ['"ab\ncd"', 3],
    [String.raw`"ab\x"`, 3],
    ['01', 1],
    ['1.', 1],
    ['tru', 0],
    ['{} {}', 3],
    ['[}', 1],
    ['{"a": 1]', 7],
  ])('finds the first wrong character of %j at %i', (text, place) => {
    expect(locateJsonError(text)).toBe(place)
  })

  it('finds an error in exactly the texts that JSON.parse refuses', () => {
    const edited = fc
      .tuple(fc.json(), fc.nat(), fc.nat({ max: 2 }), fc.constantFrom('', ',', '}', ']', '"', ':', '0', '\\', ' ', 'e', '-', '\n', 'null'))
      .map(([json, place, removed, added]) => {
        const at = place % (json.length + 1)
        return json.slice(0, at) + added + json.slice(at + removed)
      })
    fc.assert(
      fc.property(edited, (text) => (locateJsonError(text) === null) === isJson(text)),
      { numRuns: 2_000 },
    )
  })

  it('finds the end of an array that is nested 100,000 levels deep', () => {
    expect(locateJsonError('['.repeat(100_000))).toBe(100_000)
  })
})

describe('parseJson', () => {
  it('returns the value of JSON', () => {
    expect(parseJson(' {"a": [1, "ü"]} ')).toEqual({ ok: true, value: { a: [1, 'ü'] } })
  })

  it('names the line, the column and the character that is wrong', () => {
    expect(parseJson('{\n  "a": 1\n  "b": 2\n}')).toEqual({
      ok: false,
      problem: 'This is not JSON. Unexpected "\\"" in line 3, column 3.',
      at: 13,
    })
    expect(parseJson('{"a": 👋}')).toMatchObject({ problem: 'This is not JSON. Unexpected "👋" in line 1, column 7.' })
    expect(parseJson('[')).toMatchObject({ problem: 'This is not JSON. The text ends too early in line 1, column 2.' })
  })
})
