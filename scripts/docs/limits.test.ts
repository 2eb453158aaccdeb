import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { options } from '../../gateway/config/options.ts'
import { metrics } from '../../gateway/observability/metrics.ts'
import { operatorOptions } from '../../operator/config/options.ts'
import { operatorMetrics } from '../../operator/observability/metrics.ts'
import { fixedLimits, numbersInTheirTests } from './fixed-limits.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/limits.md')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| what'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
const quoted = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => (pattern.test(code) ? [code] : []))
const variable = /^[A-Z][A-Z_]+$/
const ofGateway: readonly string[] = Object.values(options).map(({ env }) => env)
const variables: readonly string[] = [...ofGateway, ...Object.values(operatorOptions).map(({ env }) => env)]

interface Metric {
  readonly name: string
  readonly labels: object
}

/** Returns the metric alone, and with each value of each of its labels that has a closed list. */
function seriesOf({ name, labels }: Metric): readonly string[] {
  const listed = Object.entries(labels).filter((entry): entry is [string, readonly string[]] => Array.isArray(entry[1]))
  return [name, ...listed.flatMap(([label, values]) => values.map((value) => `${name}{${label}="${value}"}`))]
}

/** True for a source in which the title opens a test, in any quotes and on a line of its own or not. */
function hasTitle(source: string, title: string): boolean {
  return [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`].some((literal) =>
    source
      .split(literal)
      .slice(0, -1)
      .some((before) => /\(\s*$/.test(before)),
  )
}

describe('docs/limits.md', () => {
  it('names options that exist, or says that the limit is fixed', () => {
    expect(rows.length).toBeGreaterThan(15)
    expect(quoted(page, variable).filter((name) => !variables.includes(name))).toEqual([])
    expect(rows.filter(([, , limit = '']) => quoted(limit, variable).length === 0 && !limit.includes('fixed'))).toEqual([])
  })

  it('lists every limit of a gateway that has an option', () => {
    const limits = ofGateway.filter((name) => /(^|_)(MAX|BURST|RATE|BYTES)(_|$)|_PER_S$/.test(name))
    expect([limits.length > 10, limits.filter((name) => !rows.some(([, , limit = '']) => limit.includes(`\`${name}\``)))]).toEqual([
      true,
      [],
    ])
  })

  it('names metrics that exist, with labels that exist', () => {
    const series = [...Object.values<Metric>(metrics), ...Object.values<Metric>(operatorMetrics)].flatMap(seriesOf)
    const named = quoted(page, /^carillon_/)
    expect([named.length > 15, named.filter((name) => !series.includes(name))]).toEqual([true, []])
  })

  it('names tests that exist', () => {
    const named = rows.map(
      (cells) => /^`((?:client|gateway|operator)\/[^`]+\.test\.ts)`: "([^"]+)"$/.exec(cells[4] ?? '') ?? [cells.join('|')],
    )
    const missing = named.filter(([, file, title = '']) => file === undefined || !hasTitle(read(file), title))
    expect(missing).toEqual([])
  })

  it('has the numbers of the code, in each row that says "fixed"', () => {
    const limitOf = new Map(rows.map(([, name = '', limit = '']) => [name, limit]))
    const wrong = Object.entries(fixedLimits).flatMap(([name, phrases]) =>
      phrases.filter((phrase) => limitOf.get(name)?.includes(phrase) !== true).map((phrase) => `${name}: ${phrase}`),
    )
    expect(wrong).toEqual([])
    const named = new Set([...Object.keys(fixedLimits), ...numbersInTheirTests])
    expect([...limitOf].flatMap(([name, limit]) => (limit.includes('fixed') && !named.has(name) ? [name] : []))).toEqual([])
    expect([...named].filter((name) => !limitOf.has(name))).toEqual([])
  })
})
