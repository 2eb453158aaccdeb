import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { maxTextLength } from './functions.ts'
import { parse } from './parse.ts'
import { maxSteps } from './run.ts'

const bounds = { maxNodes: 256, maxDepth: 32 }
const event = { specversion: '1.0', id: 'a1', source: '/shop', type: 'com.example.order', size: 7, urgent: true, hop: '5' }

function result(text: string, attributes: Readonly<Record<string, string | number | boolean>> = event): readonly unknown[] {
  const parsed = parse(text, bounds)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`)
  const { value, error } = evaluate(parsed.value, attributes)
  return error === null ? [value] : [value, error]
}

/** `make interop` runs the conformance tests of the language. These cases are those of the specification's text, and its corners. */
describe('an expression', () => {
  it.each<[string, readonly unknown[]]>([
    ['size', [7]],
    ['urgent', [true]],
    ['TYPE', ['com.example.order']],
    ['missing', [false, 'missingAttribute']],
    ['EXISTS missing', [false]],
    ['NOT EXISTS missing', [true]],
    ['constructor', [false, 'missingAttribute']],
    ['EXISTS constructor', [false]],
  ])('reads attributes with their types: %s', (text, expected) => {
    expect(result(text)).toEqual(expected)
  })

  it.each<[string, readonly unknown[]]>([
    ['1 + 2 * 3', [7]],
    ['(1 + 2) * 3', [9]],
    ['10 - 4 - 3', [3]],
    ['10 -4', [6]],
    ['7 / -2', [-3]],
    ['-7 % 4', [-3]],
    ['0 * -1', [0]],
    ['2147483647 + 1', [0, 'math']],
    ['--2147483648', [0, 'math']],
    ['-2147483648 / -1', [0, 'math']],
    ['1 / 0', [0, 'math']],
    ['1 / missing', [0, 'missingAttribute']],
    ['ABS(-2147483648)', [2147483647, 'math']],
  ])('calculates with integers of 32 bits: %s', (text, expected) => {
    expect(result(text)).toEqual(expected)
  })

  it.each<[string, readonly unknown[]]>([
    ['TRUE OR TRUE AND FALSE', [false]],
    ['FALSE AND TRUE OR TRUE', [true]],
    ['NOT FALSE AND FALSE', [false]],
    ['NOT size', [false]],
    ['1 < 2 = TRUE', [true]],
    ['1 + 1 = 2 AND 2 > 1', [true]],
    ['-1 LIKE "-_"', [true]],
    ['TRUE XOR TRUE XOR TRUE', [true]],
  ])('applies operators by precedence, and those of one precedence from left to right: %s', (text, expected) => {
    expect(result(text)).toEqual(expected)
  })

  it.each<[string, readonly unknown[]]>([
    ['FALSE AND 1 / 0 = 1', [false]],
    ['TRUE OR missing', [true]],
    ['missing OR TRUE', [false, 'missingAttribute']],
    ['TRUE AND missing = 1', [false, 'missingAttribute']],
    ['NOT (missing = 1)', [false, 'missingAttribute']],
    ['1 NOT IN (missing)', [false, 'missingAttribute']],
    ['"a" = 1', [false, 'cast']],
    ['INT("2147483648")', [0, 'cast']],
    ['INT(" 1")', [0, 'cast']],
    ['INT("+1")', [1]],
    ['BOOL("yes")', [false, 'cast']],
    ['NOSUCH(1)', [false, 'missingFunction']],
    ['SUBSTRING("abc", 5)', ['', 'functionEvaluation']],
    ['CONCAT(SUBSTRING("abc", 5), "x")', ['', 'functionEvaluation']],
  ])('ends at the first error that it comes to: %s', (text, expected) => {
    expect(result(text)).toEqual(expected)
  })

  it.each<[string, readonly unknown[]]>([
    ['hop = 5', [true]],
    ['5 = hop', [true]],
    ['size = "7"', [true]],
    ['urgent = "true"', [true]],
    ['"TRUE" = urgent', [true]],
    ['size IN ("6", "7")', [true]],
    ['hop IN (5)', [true]],
    ['size LIKE "_"', [true]],
    ['CONCAT(size, "-", urgent)', ['7-true']],
  ])('casts the operands to the types of the operator: %s', (text, expected) => {
    expect(result(text)).toEqual(expected)
  })

  it.each<[string, readonly unknown[]]>([
    ['LENGTH("a\u{1f600}b")', [3]],
    ['LEFT("\u{1f600}\u{1f601}", 1)', ['\u{1f600}']],
    ['RIGHT("\u{1f600}\u{1f601}", 1)', ['\u{1f601}']],
    ['RIGHT("abc", 0)', ['']],
    ['SUBSTRING("\u{1f600}bc", 2, 1)', ['b']],
    ['"\u{1f600}" LIKE "_"', [true]],
    ['"\u{1f600}" LIKE "__"', [false]],
    ['TRIM("\u00a0\u2003a\u0085\ufeff")', ['a\u0085\ufeff']],
    ['UPPER("stra\u00dfe")', ['STRASSE']],
    ['concat_ws("-", 1, 2, 3)', ['1-2-3']],
  ])('counts Unicode characters, not UTF-16 units: %s', (text, expected) => {
    expect(result(text)).toEqual(expected)
  })

  it('removes exactly the white space of Unicode', () => {
    expect(result('TRIM(id)', { ...event, id: '\u0085\u3000 a\ufeff ' })).toEqual(['a\ufeff'])
  })

  it('makes texts of 8,192 characters, and fails for one more', () => {
    const half = 'x'.repeat(maxTextLength / 2)
    expect(result('CONCAT(a, a)', { ...event, a: half })).toEqual([half + half])
    expect(result('CONCAT(a, a, "x")', { ...event, a: half })).toEqual(['', 'functionEvaluation'])
    expect(result('UPPER(a)', { ...event, a: '\u00df'.repeat(maxTextLength / 2 + 1) })).toEqual(['', 'functionEvaluation'])
  })

  it('fails when it takes more steps than the limit, whatever takes them', () => {
    const long = 'a'.repeat(32_000)
    const attributes = { ...event, a: long }
    expect(result(`a LIKE '%${'a'.repeat(50)}b'`, attributes)).toEqual([false, 'generic'])
    expect(result(Array.from({ length: 20 }, () => 'LENGTH(a) > 1').join(' AND '), attributes)).toEqual([false, 'generic'])
    expect(result(`CONCAT_WS(${Array.from({ length: 60 }, () => 'CONCAT(a, a)').join(', ')})`, attributes)[1]).toBeDefined()
    const parsed = parse(`a LIKE '%b%'`, bounds)
    expect(parsed.ok && evaluate(parsed.value, { ...event, a: 'a'.repeat(7_000) }).steps).toBeLessThan(maxSteps)
  })

  it('counts what a function reads, also when it makes nothing of it', () => {
    const parsed = parse(`TRIM(a) = ''`, bounds)
    expect(parsed.ok && evaluate(parsed.value, { ...event, a: ' '.repeat(10_000) }).steps).toBeGreaterThan(10_000)
  })

  it('takes no more steps than it is given', () => {
    const parsed = parse(`LENGTH(a) > 1`, bounds)
    expect(parsed.ok && evaluate(parsed.value, { ...event, a: 'aaaa' }, 3)).toMatchObject({ error: 'generic' })
  })
})

describe('a text that is no expression', () => {
  it.each([
    ['', 'it ends where an expression should be'],
    ['1 +', 'it ends where an expression should be'],
    ['(1', 'it ends where `)` should be'],
    ['1 2', 'character 3 should be an operator, or the end'],
    ['a b', 'character 3 should be an operator, or the end'],
    ['x LIKE 1', 'character 8 should be a pattern in quotes'],
    ['x IN ()', 'character 7 should be an expression'],
    ['x NOT = 1', 'character 3 should be an operator, or the end'],
    ['EXISTS 1 = 1', null],
    ['EXISTS "a"', 'character 8 should be the name of an attribute'],
    ['a_b = 1', 'character 1 should be the name of an attribute, which has letters and digits only'],
    ["'abc", "the string that begins at character 1 has no closing '"],
    ['a & b', 'character 3 is not part of any operator, name or literal'],
    ['2147483648', 'the number at character 1 is not an integer of 32 bits'],
    ['+ 1', 'character 3 should be digits right behind the +'],
    ['F1(2)', 'character 1 should be the name of a function, which has letters and underscores only'],
  ])('is refused with the place of the mistake: %s', (text, expected) => {
    const parsed = parse(text, bounds)
    expect(parsed.ok ? null : parsed.error).toBe(expected)
  })

  it('has more than 256 operators and names', () => {
    const sum = (names: number): string => Array.from({ length: names }, () => 'a').join('+')
    // n names have n - 1 operators between them.
    expect(parse(sum(128), bounds).ok).toBe(true)
    const tooMany = parse(sum(129), bounds)
    expect(tooMany.ok ? null : tooMany.error).toBe('it has more than 256 operators, functions, names and literals')
  })

  it('is nested deeper than 32 levels', () => {
    const nested = (levels: number): string => `${'('.repeat(levels)}a${')'.repeat(levels)}`
    expect(parse(nested(31), bounds).ok).toBe(true)
    const tooDeep = parse(nested(32), bounds)
    expect(tooDeep.ok ? null : tooDeep.error).toBe('it is nested deeper than 32 levels')
    expect(parse('NOT '.repeat(100_000), bounds).ok).toBe(false)
  })
})
