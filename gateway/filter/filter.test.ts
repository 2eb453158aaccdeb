import { expect, it } from 'vitest'
import { parse } from './cesql/parse.ts'
import { maxSteps } from './cesql/run.ts'
import { type Filter, holds } from './filter.ts'

function sql(text: string): Filter {
  const parsed = parse(text, { maxNodes: 256, maxDepth: 32 })
  if (!parsed.ok) throw new Error(parsed.error)
  return { kind: 'sql', expression: parsed.value }
}

it('the expressions of a filter share their steps, and those beyond do not hold', () => {
  const long = 'a'.repeat(2_000)
  const failures: string[] = []
  let spent = 0
  const filter: Filter = {
    kind: 'any',
    filters: Array.from({ length: 31 }, (_, n) => sql(`UPPER(subject) = 'x${n}'`)),
  }
  const isHeld = holds(filter, { subject: long }, { failed: (error) => failures.push(error), spent: (steps) => (spent += steps) })
  expect(isHeld).toBe(false)
  expect(failures).toContain('generic')
  expect(spent).toBeLessThan(maxSteps + 3 * long.length + 31 * 10)
})
