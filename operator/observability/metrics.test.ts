import { describe, expect, it } from 'vitest'
import type { MetricDefinition } from '../../program/metrics/table.ts'
import { tableContract } from '../../program/metrics/testing/metrics-contract.ts'
import { createRecorded, createScraped } from '../../program/metrics/testing/registries.ts'
import { testNames } from '../testing/recording-metrics.ts'
import { operatorMetrics as table } from './metrics.ts'
import { createPrometheusMetrics } from './prometheus.ts'

tableContract("prom-client, with the operator's table", createScraped, table, testNames)
tableContract("the recording double, with the operator's table", createRecorded, table, testNames)

describe("the page of the operator's metrics", () => {
  it('shows the version of the operator and of Node, and the process', async () => {
    const page = await createPrometheusMetrics({ ...testNames, version: '1.2.3' }).render()
    expect(page).toContain(`carillon_operator_build_info{version="1.2.3",node="${process.version}"} 1`)
    expect(page).toContain('process_resident_memory_bytes ')
    expect(page).toContain('nodejs_eventloop_lag_seconds ')
  })

  it('shows NaN for a gauge and zero for a counter whose source throws, and the rest of the page', async () => {
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

describe("the table of the operator's metrics", () => {
  const definitions: readonly MetricDefinition[] = Object.values(table)

  it('has help for every row, in a sentence', () => {
    for (const { help } of definitions) expect(help).toMatch(/^[A-Z1].*\.$/)
  })

  it('has one name for one thing', () => {
    const names = definitions.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('names counters, and no others, as totals', () => {
    expect(definitions.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))).toEqual([])
  })
})
