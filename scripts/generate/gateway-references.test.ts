import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { options } from '../../gateway/config/options.ts'
import { gatewayOptions } from '../../gateway/config/bind-options.ts'
import { decodeFailureReasons } from '../../gateway/event/decoded-record.ts'
import { metrics } from '../../gateway/observability/metrics.ts'
import { problems } from '../../gateway/request/problem.ts'
import { closeCodes } from '../../gateway/session/close-codes.ts'
import { operatorOptions } from '../../operator/config/options.ts'
import { operatorMetrics } from '../../operator/observability/metrics.ts'
import { conditionReasons } from '../../operator/reconcile/condition-reasons.ts'
import { chartFiles, renderChartFile } from '../chart/render-chart.ts'
import { renderPage } from './reference-page.ts'
import { withVerdicts } from './conformance-verdicts.ts'
import { referencePages } from './gateway-references.ts'

const folder = new URL('../../docs/reference/', import.meta.url)

function text(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}

describe('X1: generated pages are current', () => {
  test.each(referencePages.map((page) => [page.name, page] as const))(
    'docs/reference/%s is what its table says (else: make docs)',
    (name, page) => {
      expect(text(name)).toBe(renderPage(page))
    },
  )

  test.each(chartFiles.map((file) => [file.path, file] as const))(
    'charts/carillon/%s is what the code says (else: make docs)',
    (path, file) => {
      expect(readFileSync(new URL(`../../charts/carillon/${path}`, import.meta.url), 'utf8')).toBe(renderChartFile(file))
    },
  )

  test('docs/conformance.md has the recorded verdicts (else: make docs)', () => {
    const page = readFileSync(new URL('../conformance.md', folder), 'utf8')
    expect(withVerdicts(page)).toBe(page)
  })

  test('docs/reference/ has no page without a generator', () => {
    const generated = readdirSync(folder).filter((name) => text(name).startsWith('<!-- Generated'))
    expect(generated.toSorted()).toEqual(referencePages.map((page) => page.name).toSorted())
  })
})

describe('X2: each row of a table is documented', () => {
  test.each([
    ['configuration.md', gatewayOptions.names.map((name) => options[name].env)],
    ['operator-configuration.md', Object.values(operatorOptions).map(({ env }) => env)],
    ['metrics.md', Object.values(metrics).map((metric) => metric.name)],
    ['close-codes.md', Object.values(closeCodes).map(({ code }) => String(code))],
    ['close-codes.md', Object.keys(closeCodes)],
    ['problems.md', Object.keys(problems).map((type) => `urn:carillon:problem:${type}`)],
    ['decode-failures.md', [...decodeFailureReasons]],
    ['operator-metrics.md', Object.values(operatorMetrics).map((metric) => metric.name)],
    ['conditions.md', Object.keys(conditionReasons)],
  ])('%s has a row for each', (name, words) => {
    const page = text(name)
    expect(words.length).toBeGreaterThan(5)
    expect(words.filter((word) => !page.includes(`| \`${word}\` |`))).toEqual([])
  })

  test('close codes stay in the three ranges that tell a client what to do', () => {
    const strays = Object.values(closeCodes).filter(({ code }) => code < 4000 || code > 4299)
    expect(strays).toEqual([])
  })

  test('each metric has a prefix, and a unit or _total where Prometheus wants one', () => {
    const all: readonly { readonly name: string; readonly type: string }[] = Object.values(metrics)
    expect(all.filter(({ name }) => !name.startsWith('carillon_'))).toEqual([])
    expect(all.filter(({ name, type }) => (type === 'counter') !== name.endsWith('_total'))).toEqual([])
    expect(all.filter(({ name, type }) => type === 'histogram' && !name.endsWith('_seconds'))).toEqual([])
  })
})
