import { describe, expect, it } from 'vitest'
import { operatorMetricsContract, type OperatorMetricsUnderTest } from '../testing/operator-metrics-contract.ts'
import { testNames } from '../testing/recording-metrics.ts'
import type { CellLabels } from './metric-handles.ts'
import { operatorMetrics as table, type MetricDefinition, type OperatorMetrics, type Sample } from './metrics.ts'
import { createPrometheusMetrics } from './prometheus.ts'

operatorMetricsContract('prom-client', (): OperatorMetricsUnderTest => {
  const { metrics, render } = createPrometheusMetrics(testNames)
  const shown = async (name: keyof OperatorMetrics): Promise<readonly Sample[]> => parse(await render(), table[name])
  return {
    metrics,
    read: async (name, labels = {}) => (await shown(name)).find((sample) => sameLabels(sample.labels, labels))?.value,
    samples: shown,
  }
})

describe('the metrics page of the operator', () => {
  it('says what runs, and how the process is', async () => {
    const page = await createPrometheusMetrics({ ...testNames, version: '1.2.3' }).render()
    expect(page).toContain(`carillon_operator_build_info{version="1.2.3",node="${process.version}"} 1`)
    expect(page).toContain('process_resident_memory_bytes ')
    expect(page).toContain('nodejs_eventloop_lag_seconds ')
  })

  it('has help for every row, in a sentence', () => {
    for (const { help } of Object.values<MetricDefinition>(table)) expect(help).toMatch(/^[A-Z1].*\.$/)
  })

  it('has one name for one thing', () => {
    const names = Object.values<MetricDefinition>(table).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('names counters, and no others, as totals', () => {
    const wrong = Object.values<MetricDefinition>(table).filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))
    expect(wrong).toEqual([])
  })

  it('shows NaN, and the rest of the page, when a reader throws', async () => {
    const { metrics, render } = createPrometheusMetrics(testNames)
    const broken = (): number => {
      throw new Error('a bug')
    }
    metrics.watchLastEventAge.collect(broken, { resource: 'deployments' })
    metrics.watchRelists.collect(broken, { resource: 'deployments' })
    const page = await render()
    expect(page).toContain('carillon_operator_watch_last_event_age_seconds{resource="deployments"} Nan')
    expect(page).toContain('carillon_operator_watch_relists_total{resource="deployments"} 0')
  })
})

const sameLabels = (a: CellLabels, b: CellLabels): boolean =>
  JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted())

/** The samples of one metric on a page; of a histogram, its counts. */
function parse(page: string, { name, type }: MetricDefinition): readonly Sample[] {
  const wanted = type === 'histogram' ? `${name}_count` : name
  return page.split('\n').flatMap((line) => {
    const [, found, , inBraces = '', value] = /^(\w+)(\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (found !== wanted) return []
    return [
      {
        labels: Object.fromEntries([...inBraces.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text])),
        value: Number(value),
      },
    ]
  })
}
