import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { binaryOperators, type Expression, type Value } from './expression.ts'
import { builtInNames } from './functions.ts'
import { isLike, readPattern } from './like.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { maxSteps } from './run.ts'

/** The canonical form has parentheses around each operation, so it is nested deeper than the text of a client may be. */
const bounds = { maxNodes: 100_000, maxDepth: 10_000 }
const event = { specversion: '1.0', id: 'a1', source: '/shop', type: 'com.example', size: 7, urgent: true, '1x': 'x' }

const word = fc.constantFrom('id', 'size', 'urgent', 'missing', '1x', 'constructor')
const literal = fc.oneof(
  fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }).map(String),
  fc.constantFrom('TRUE', 'false', "''", '"a\\"b"', "'a\\'b'", "'%_\\%'", '"\\\\"', "'com%'", "'7'"),
)
/** Texts of expressions, by the grammar. */
const expression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    literal,
    word,
    word.map((name) => `EXISTS ${name}`),
    tie('any').map((inner) => `(${inner})`),
    tie('any').map((inner) => `NOT ${inner}`),
    tie('any').map((inner) => `- ${inner}`),
    fc
      .tuple(tie('any'), fc.constantFrom(...Object.keys(binaryOperators)), tie('any'))
      .map(([left, operator, right]) => `${left} ${operator.toLowerCase()} ${right}`),
    fc.tuple(tie('any'), fc.constantFrom('LIKE', 'not like'), fc.constantFrom("'a%'", '"_1"', "'\\%'")).map((parts) => parts.join(' ')),
    fc.tuple(tie('any'), fc.constantFrom('IN', 'not in'), tie('any'), tie('any')).map(([x, not, y, z]) => `${x} ${not} (${y}, ${z})`),
    fc
      .tuple(fc.constantFrom(...builtInNames, 'NOSUCH'), fc.array(tie('any'), { maxLength: 3 }))
      .map(([name, operands]) => `${name}(${operands.join(',')})`),
  ),
})).any

const pieces = fc.array(
  fc.constantFrom(
    '(',
    ')',
    ',',
    'NOT',
    'IN',
    'LIKE',
    'EXISTS',
    'id',
    '1',
    '-',
    '+',
    '=',
    '<',
    '>',
    "'",
    '"',
    '\\',
    '%',
    ' ',
    'ABS',
    'true',
    '_',
    '\u{1f600}',
  ),
  { maxLength: 60 },
)

describe('CloudEvents SQL', () => {
  it('parses or refuses any text, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((all) => all.join('')),
          pieces.map((all) => all.join(' ')),
        ),
        (text) => {
          const parsed = parse(text, { maxNodes: 256, maxDepth: 32 })
          if (parsed.ok) evaluate(parsed.value, event)
          expect(parsed.ok ? '' : parsed.error).toMatch(/^$|character \d+|^it /)
        },
      ),
      { numRuns: 1_500 },
    )
  })

  it('gives a value of its three types, in its bounds, for every expression of the grammar', () => {
    fc.assert(
      fc.property(expression, (text) => {
        const { value, error, steps } = evaluate(valid(text), event)
        const isInteger = typeof value === 'number' && Object.is(value, value | 0)
        expect(isInteger || typeof value === 'string' || typeof value === 'boolean').toBe(true)
        expect(steps).toBeLessThanOrEqual(maxSteps)
        expect(error === null || typeof error === 'string').toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('reads its canonical form as the same expression, with the same result', () => {
    fc.assert(
      fc.property(expression, (text) => {
        const parsed = valid(text)
        const again = valid(print(parsed))
        expect(again).toEqual(parsed)
        expect(evaluate(again, event)).toEqual(evaluate(parsed, event))
      }),
      { numRuns: 1_000 },
    )
  })

  it('matches LIKE as a regular expression does', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '%', '_', '\\', '\u{1f600}'), { maxLength: 12 }).map((all) => all.join(''))
    fc.assert(
      fc.property(text, text, (value, pattern) => {
        expect(isLike(value, readPattern(pattern), 10_000).isMatch).toBe(regularExpression(pattern).test(value))
      }),
      { numRuns: 1_500 },
    )
  })

  it('compares integers as JavaScript does', () => {
    const integer = fc.integer({ min: -100, max: 100 })
    fc.assert(
      fc.property(integer, integer, integer, (x, y, z) => {
        const parsed = valid(`${x} + ${y} * ${z} > ${z} - ${x} OR ${x} % 7 = ${y}`)
        expect(evaluate(parsed, event).value satisfies Value).toBe(x + y * z > z - x || x % 7 === y)
      }),
    )
  })
})

function valid(text: string): Expression {
  const parsed = parse(text, bounds)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.error}`)
  return parsed.value
}

/** The pattern in the words of JavaScript. Only tests use it: its time is exponential for some patterns. */
function regularExpression(pattern: string): RegExp {
  const source = pattern.replaceAll(/\\[%_]|[^]/gu, (piece) => {
    if (piece === '%') return '[^]*'
    if (piece === '_') return '[^]'
    return (piece.length === 2 && piece.startsWith('\\') ? piece.slice(1) : piece)
      .replaceAll(/[\\%_]/g, '\\$&')
      .replaceAll(/\\([%_])/g, '$1')
  })
  return new RegExp(`^${source}$`, 'u')
}
