import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { options } from '../config/options.ts'
import { healthConditions } from './health.ts'
import type { SpanName } from './tracer.ts'

const page = readFileSync(new URL('../../docs/observability.md', import.meta.url), 'utf8')
/** The first column of the table with this head. */
const rowsBelow = (head: string): readonly string[] =>
  (page.split(`| ${head} |`)[1] ?? '')
    .split('\n\n')[0]
    ?.split('\n')
    .flatMap((line) => /^\| `([^`]+)`/.exec(line)?.[1] ?? []) ?? []

describe('docs/observability.md', () => {
  it('names only options of the table', () => {
    const variables: readonly string[] = Object.values(options).map(({ env }) => env)
    const named = (page.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? []).filter((name) => !name.startsWith('OTEL_'))
    expect(named.filter((name) => !variables.includes(name))).toEqual([])
  })

  it('explains every condition of health, in the order of the table', () => {
    expect(rowsBelow('condition | met when')).toEqual(Object.keys(healthConditions))
  })

  it('explains every span', () => {
    const spans: Record<SpanName, true> = { emit: true, send: true, publish: true, consume: true, deliver: true }
    expect(rowsBelow('span | kind | measures | parent')).toEqual(Object.keys(spans))
  })
})
