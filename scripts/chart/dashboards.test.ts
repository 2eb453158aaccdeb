import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Yaml } from 'cdk8s'
import { beforeAll, describe, expect, it } from 'vitest'
import { createPrometheusMetrics as createGatewayMetrics } from '../../gateway/observability/prometheus.ts'
import { createPrometheusMetrics as createOperatorMetrics } from '../../operator/observability/prometheus.ts'
import { testNames } from '../../operator/testing/recording-metrics.ts'
import { dashboards, expressionsOf, withEverythingChosen } from './dashboards.ts'
import { chartFolder } from './helm.ts'
import { labelsAfterBy, metricsOf, parseSeries, type Series } from './prometheus-text.ts'
import { renderDashboard } from './render-dashboard.ts'

/** Expressions against the metrics of gateway and operator, without a cluster; e2e/observability asks a real Prometheus. */

/** Labels that a scrape adds. */
const added = ['job', 'pod', 'namespace', 'carillon_dev_channel']
let exposed: readonly Series[]

beforeAll(async () => {
  const gateway = createGatewayMetrics()
  const operator = createOperatorMetrics(testNames)
  // Series of these metrics appear with the first request, and with the first channel.
  operator.metrics.restRequests.add(1, { code: '200', method: 'GET' })
  operator.metrics.channelReady.collect(() => [{ labels: { namespace: 'shop', channel: 'news', reason: 'Reconciled' }, value: 1 }])
  exposed = [...parseSeries(await gateway.render()), ...parseSeries(await operator.render())]
})

const alerts = (): readonly { readonly where: string; readonly expression: string }[] => {
  const [file] = Yaml.load(join(chartFolder, 'files/alerts.yaml')) as [
    { readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[] },
  ] // our own file
  return file.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ where: alert, expression: expr })))
}

/** Returns metrics and labels that an expression uses but no program exposes. */
function missing(expression: string): readonly string[] {
  const asked = metricsOf(withEverythingChosen(expression, '1m'))
  const known = asked.map(({ name, labels }) => ({ name, labels, series: exposed.filter((series) => series.name === name) }))
  const labelsOf = (series: readonly Series[]): readonly string[] => [...added, ...series.flatMap(({ labels }) => labels)]
  const unknown = known.flatMap(({ name, labels, series }) =>
    series.length === 0 ? [name] : labels.filter((label) => !labelsOf(series).includes(label)).map((label) => `${name}{${label}}`),
  )
  const all = labelsOf(known.flatMap(({ series }) => series))
  return [
    ...unknown,
    ...labelsAfterBy(expression)
      .filter((label) => !all.includes(label))
      .map((label) => `by (${label})`),
  ]
}

describe('an expression of a dashboard or an alert', () => {
  it('asks only for metrics and labels that are exposed', () => {
    const all = [...alerts(), ...dashboards.flatMap(expressionsOf)]
    expect(all.length).toBeGreaterThan(60)
    expect(all.flatMap(({ where, expression }) => missing(expression).map((what) => `${where}: ${what}`))).toEqual([])
  })

  it('is reported when it asks for something else', () => {
    expect(missing('sum by (kode) (rate(carillon_sessions_closed_total[5m]))')).toEqual(['by (kode)'])
    expect(missing('carillon_session{namespace="x"}')).toEqual(['carillon_session'])
    expect(missing('carillon_sessions{kind="x"}')).toEqual(['carillon_sessions{kind}'])
  })
})

describe('a dashboard', () => {
  it.each(dashboards.map((dashboard) => [dashboard.name, dashboard] as const))(
    '%s has panels that do not cover each other, each with a sentence',
    (name, dashboard) => {
      const model = JSON.parse(renderDashboard(dashboard)) as Model
      const cells = model.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
      )
      expect(new Set(cells).size).toBe(cells.length)
      expect(model.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
      expect(new Set(model.panels.map(({ id }) => id)).size).toBe(model.panels.length)
      expect(dashboard.rows.flatMap(({ panels }) => panels).filter(({ description }) => !/^[A-Z0-9].+[.?]$/.test(description))).toEqual([])
      expect(readFileSync(join(chartFolder, `files/dashboards/${name}.json`), 'utf8')).toBe(renderDashboard(dashboard))
    },
  )

  it('has a variable for each that its expressions name', () => {
    for (const dashboard of dashboards) {
      const named = expressionsOf(dashboard)
        .flatMap(({ expression }) => [...expression.matchAll(/\$(\w+)/g)].map(([, name]) => name))
        .filter((name) => name !== '__rate_interval')
      expect([...new Set(named)].toSorted()).toEqual(dashboard.variables.map(({ name }) => name).toSorted())
    }
  })
})

interface Model {
  readonly panels: readonly { readonly id: number; readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>> }[]
}
