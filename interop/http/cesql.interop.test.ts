import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe } from 'vitest'
import type { Attributes } from '../../gateway/filter/attributes.ts'
import { evaluate } from '../../gateway/filter/cesql/evaluate.ts'
import { parse } from '../../gateway/filter/cesql/parse.ts'
import { goProgram, startForeign } from './testing/foreign-client.ts'
import { tabulate } from './testing/trials.ts'
import { versionOf } from './versions.ts'

const goModule = 'github.com/cloudevents/sdk-go/sql/v2'
const client = { name: 'sdk-go, CloudEvents SQL', version: versionOf(goModule) }
const bounds = { maxNodes: 256, maxDepth: 32 }

interface Case {
  readonly file: string
  readonly name: string
  readonly expression: string
  readonly result: unknown
  readonly error: string
  readonly event: Attributes | null
  readonly eventOverrides: Attributes | null
}

interface Outcome {
  readonly value: unknown
  /** Kind of the error, by the names of the conformance tests; empty: none. */
  readonly error: string
}

/** The event of a test that brings none: sdk-go has a full one, too. */
const anyEvent = { specversion: '1.0', id: 'any', source: '/any', type: 'any', time: '2026-01-31T12:00:00Z' }

function ours(expression: string, attributes: Attributes): Outcome {
  const parsed = parse(expression, bounds)
  if (!parsed.ok) return { value: null, error: 'parse' }
  const { value, error } = evaluate(parsed.value, attributes)
  return { value, error: error ?? '' }
}

async function runGo<T>(
  program: string,
  kind: string,
  { args = [], input = '' }: { args?: readonly string[]; input?: string },
): Promise<T> {
  const foreign = startForeign(goProgram(program, args), input)
  await foreign.ended().finally(() => foreign.kill())
  // The program is in this folder, so the shape of its lines is known.
  return JSON.parse(foreign.texts(kind)[0] ?? 'null') as T
}

/** The conformance tests (cesql_tck) are in the module of sdk-go, and come with the version that go.mod pins. */
function conformanceFolder(): string {
  const cwd = fileURLToPath(new URL('clients/go', import.meta.url))
  return join(execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', goModule], { cwd, encoding: 'utf8', timeout: 20_000 }).trim(), 'test/tck')
}

// ---- expressions for both

const integer = fc.integer({ min: -9, max: 9 }).map(String)
const text = fc.constantFrom("'a'", "'ab'", "'7'", "'true'", "''", '"b"')
const attribute = fc.constantFrom('id', 'type', 'size', 'urgent', 'missing')
/** Each operation is in parentheses, because sdk-go groups AND, OR and XOR from the right, and the specification from the left. */
const expression = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    integer,
    text,
    attribute,
    fc.constantFrom('TRUE', 'FALSE'),
    attribute.map((name) => `(EXISTS ${name})`),
    tie('any').map((inner) => `(NOT ${inner})`),
    fc
      .tuple(tie('any'), fc.constantFrom('=', '!=', '<', '>=', 'AND', 'OR', 'XOR', '+', '-', '%', '/'), tie('any'))
      .map((parts) => `(${parts.join(' ')})`),
    fc
      .tuple(tie('any'), fc.constantFrom('LIKE', 'NOT LIKE'), fc.constantFrom("'a%'", "'_'", "'%b'", "'t%e'"))
      .map((parts) => `(${parts.join(' ')})`),
    fc
      .tuple(tie('any'), fc.constantFrom('IN', 'NOT IN'), tie('any'), tie('any'))
      .map(([x, operator, y, z]) => `(${x} ${operator} (${y}, ${z}))`),
    fc
      .tuple(fc.constantFrom('INT', 'BOOL', 'STRING', 'LENGTH', 'UPPER', 'LOWER', 'TRIM'), tie('any'))
      .map(([name, inner]) => `${name}(${inner})`),
    fc.tuple(tie('any'), tie('any')).map((operands) => `CONCAT(${operands.join(', ')})`),
    fc.tuple(fc.constantFrom('LEFT', 'RIGHT', 'SUBSTRING'), tie('any'), integer).map(([name, x, y]) => `${name}(${x}, ${y})`),
  ),
})).any

describe('CloudEvents SQL', () => {
  const trial = tabulate('cesql')

  trial({
    client: { ...client, name: 'conformance tests of CloudEvents SQL 1.0' },
    what: 'run 275 cases, and each has the result and the error of the specification',
    arrives: { cases: 275, wrong: [] },
    act: async () => {
      const cases = await runGo<readonly Case[]>('cesql-cases', 'cases', { args: [conformanceFolder()] })
      const wrong = cases.flatMap((each) => {
        const outcome = ours(each.expression, each.event ?? { ...anyEvent, ...each.eventOverrides })
        const isRight = outcome.error === each.error && (each.error === 'parse' || outcome.value === each.result)
        return isRight ? [] : [{ ...each, outcome }]
      })
      return { cases: cases.length, wrong }
    },
  })

  trial({
    client,
    what: 'evaluates 3,000 generated expressions, each with the same value and error as the gateway',
    arrives: { cases: 3_000, different: [] },
    act: async () => {
      const event = { ...anyEvent, id: 'a', type: 'ab', size: 7, urgent: true }
      const expressions = fc.sample(expression, { numRuns: 3_000, seed: 42 })
      const input = JSON.stringify(expressions.map((each) => ({ expression: each, event })))
      const theirs = await runGo<readonly Outcome[]>('cesql', 'results', { input })
      const different = expressions.flatMap((each, index) => {
        const [outcome, other] = [ours(each, event), theirs[index]]
        return outcome.error === other?.error && outcome.value === other.value ? [] : [{ expression: each, ours: outcome, theirs: other }]
      })
      return { cases: theirs.length, different: different.slice(0, 20) }
    },
  })
})
