import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isExactNumber, parseExactly } from './exact-numbers.ts'

/** Parses with a reviver and the source text of numbers (ECMAScript): slow and correct. */
interface SourceText {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): unknown
}
const json = JSON as unknown as SourceText // Node 24 has it
const isHeld = (value: number, source: string): boolean => {
  const digits = (source.split(/e/i)[0] ?? '').replace(/\D/g, '').replace(/^0+/, '')
  if (value === 0) return digits === ''
  // Subnormal numbers (IEEE 754) have fewer digits.
  const hasAllDigits = Math.abs(value) >= 2 ** -1022 && digits.length <= 15
  return Number.isFinite(value) && (hasAllDigits || String(value) === source)
}
const byReviver = (text: string): unknown =>
  json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isHeld(value, source) ? json.rawJSON(source) : value,
  )
const outcome = (parse: (text: string) => unknown, text: string): string => {
  try {
    return JSON.stringify(parse(text))
  } catch (error) {
    return error instanceof SyntaxError ? 'no JSON' : String(error)
  }
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt().map(String),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.constantFrom('0', '1', '12345678901234567', '000', ''),
      fc.constantFrom('', '.', '.0', '.12345678901234567', '.00000000000000000001'),
      fc.constantFrom('', 'e', 'e1', 'E+22', 'e-400', 'e-320', 'e-310', 'e-308', 'e99', 'e100', 'e308', 'e309', 'e0005', 'e1+1'),
    )
    .map((parts) => parts.join('')),
)
const space = fc.constantFrom('', ' ', '\n', '\t')
const { value: text } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    number,
    fc.constantFrom('null', 'true', '"1e400"', '"\\"1e400"', '"\\\\"', '""', '1e400'),
    fc
      .tuple(fc.array(fc.tuple(space, tie('value'), space), { maxLength: 3 }), fc.constantFrom(',', ',', ',', ' '))
      .map(([items, comma]) => `[${items.map((item) => item.join('')).join(comma)}]`),
    fc
      .array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom('"a"', '"__proto__"', '"12345678901234567"', '1e400', '12345678901234567'),
            fc.string().map((name) => JSON.stringify(name)),
          ),
          space,
          tie('value'),
        ),
        { maxLength: 3 },
      )
      .map((members) => `{${members.map(([name, blank, value]) => `${name}${blank}:${value}`).join(',')}}`),
  ),
}))

describe('JSON with numbers that no double holds', () => {
  it('is parsed as by a reviver that keeps them, and refused where JSON.parse refuses it', () => {
    let [kept, refused] = [0, 0]
    fc.assert(
      fc.property(text, (one) => {
        const expected = outcome(byReviver, one)
        expect(outcome(parseExactly, one)).toBe(expected)
        if (expected === 'no JSON') refused += 1
        else if (expected !== outcome(JSON.parse, one)) kept += 1
      }),
      { numRuns: 3_000 },
    )
    expect([kept > 300, refused > 300]).toEqual([true, true])
  })

  it('is refused when such a number is the name of a member', () => {
    for (const wrong of ['{1e400:1}', '{ 12345678901234567 :1}', '{"a":1,1e400\n:2}'])
      expect(() => parseExactly(wrong)).toThrow(SyntaxError)
  })

  it('keeps a member __proto__ one of its own', () => {
    const value = parseExactly('{"__proto__":1e400}') as object // an object, as the text says
    expect([
      Object.keys(value),
      Object.getPrototypeOf(value) === Object.prototype,
      JSON.stringify(value),
      Object.values(value).map(isExactNumber),
    ]).toEqual([['__proto__'], true, '{"__proto__":1e400}', [true]])
  })
})
