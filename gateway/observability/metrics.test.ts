import { describe, expect, it } from 'vitest'
import type { CellDefinition } from '../../program/metrics/table.ts'
import { tableContract } from '../../program/metrics/testing/metrics-contract.ts'
import { createRecorded, createScraped } from '../../program/metrics/testing/registries.ts'
import { metrics as table } from './metrics.ts'
import { createPrometheusMetrics } from './prometheus.ts'

tableContract("prom-client, with the gateway's table", createScraped, table, {})
tableContract("the recording double, with the gateway's table", createRecorded, table, {})

const definitions: readonly CellDefinition[] = Object.values(table)

describe("the page of the gateway's metrics", () => {
  it('has a HELP and a TYPE line for every row of the table', async () => {
    const page = await createPrometheusMetrics().render()
    const described = definitions.filter(({ name, type, help }) => page.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`))
    expect(described).toEqual(definitions)
  })

  it('shows the version of the gateway and of Node', async () => {
    const page = await createPrometheusMetrics({ version: '1.2.3' }).render()
    expect(page).toContain(`carillon_build_info{version="1.2.3",node="${process.version}"} 1\n`)
  })

  it('shows the process, without the metrics that visit every socket', async () => {
    const page = await createPrometheusMetrics().render()
    expect(page).toMatch(/^process_resident_memory_bytes \d+$/m)
    expect(page).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.]+/m)
    expect(page).not.toMatch(/process_open_fds|nodejs_active_/)
  })
})

describe("the table of the gateway's metrics", () => {
  it('names every metric by the conventions: prefix, unit, and _total for counters alone', () => {
    const names = definitions.map(({ name }) => name)
    expect(names.filter((name) => !/^carillon_[a-z]+(_[a-z]+)*$/.test(name))).toEqual([])
    expect(new Set(names).size).toBe(names.length)
    expect(definitions.filter(({ name, type }) => name.endsWith('_total') !== (type === 'counter'))).toEqual([])
    expect(definitions.filter(({ name, type }) => type === 'histogram' && !name.endsWith('_seconds'))).toEqual([])
  })

  it('has buckets that grow, for histograms alone', () => {
    const broken = definitions.filter(
      ({ type, buckets = [] }) =>
        (type === 'histogram') !== buckets.length > 0 || buckets.some((bound, index) => bound <= (buckets[index - 1] ?? 0)),
    )
    expect(broken).toEqual([])
  })

  it('has at most one label per metric, with values that differ', () => {
    const broken = Object.values(table).filter(
      ({ labels }) =>
        Object.keys(labels).length > 1 || Object.values<readonly string[]>(labels).some((values) => new Set(values).size !== values.length),
    )
    expect(broken).toEqual([])
  })
})
