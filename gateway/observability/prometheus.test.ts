import { describe, expect, it } from 'vitest'
import { metricsContract } from '../testing/metrics.contract.ts'
import { metrics as table } from './metrics.ts'
import type { MetricDefinition } from './metrics.ts'
import { createPrometheusMetrics } from './prometheus.ts'

/** The value of one line of a page, as text; undefined when there is no such line. */
const sample = (page: string, series: string): string | undefined =>
  page
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1)

const definitions: readonly MetricDefinition[] = Object.values(table)

metricsContract('Prometheus', () => {
  const { metrics, render } = createPrometheusMetrics()
  return {
    metrics,
    read: async (key, labels = {}) => {
      const { name, type } = table[key]
      const [label] = Object.entries(labels)
      const value = sample(
        await render(),
        `${name}${type === 'histogram' ? '_count' : ''}${label === undefined ? '' : `{${label[0]}="${label[1]}"}`}`,
      )
      return value === undefined ? undefined : Number(value)
    },
  }
})

describe('the page of metrics', () => {
  it('has a HELP and a TYPE line for every row of the table', async () => {
    const page = await createPrometheusMetrics().render()
    const described = definitions.filter(({ name, type, help }) => page.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`))
    expect(described).toEqual(definitions)
  })

  it('is Prometheus text of the version that its content type says', async () => {
    const { render, contentType } = createPrometheusMetrics()
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    const lines = (await render()).split('\n').filter((line) => line !== '')
    const grammar = /^(# (HELP|TYPE) [a-z][a-z0-9_]* .+|[a-z][a-z0-9_]*(_bucket)?(\{([a-z_]+="[^"\n]*",?)+\})? (Nan|[+-]Inf|-?[0-9.e+-]+))$/
    expect(lines.filter((line) => !grammar.test(line))).toEqual([])
  })

  it('sorts what a histogram observes into the buckets of the table', async () => {
    const { metrics, render } = createPrometheusMetrics()
    for (const seconds of [0.0005, 0.004, 0.004, 60]) metrics.deliveryLatency.observe(seconds)
    const page = await render()
    const bucket = (le: string): string | undefined => sample(page, `carillon_delivery_latency_seconds_bucket{le="${le}"}`)
    expect([bucket('0.001'), bucket('0.0025'), bucket('0.005'), bucket('10'), bucket('+Inf')]).toEqual(['1', '1', '3', '3', '4'])
    expect(Number(sample(page, 'carillon_delivery_latency_seconds_sum'))).toBeCloseTo(60.0085)
  })

  it('says what runs', async () => {
    const page = await createPrometheusMetrics({ version: '1.2.3' }).render()
    expect(sample(page, `carillon_build_info{version="1.2.3",node="${process.version}"}`)).toBe('1')
  })

  it('shows the process, but nothing that must look at every socket to be known', async () => {
    const page = await createPrometheusMetrics().render()
    expect(sample(page, 'process_resident_memory_bytes')).toMatch(/^\d+$/)
    expect(sample(page, 'nodejs_eventloop_lag_p99_seconds')).toMatch(/^[\d.]+/)
    expect(page).not.toMatch(/process_open_fds|nodejs_active_/)
  })

  it('loses one sample, not the page, when a gauge cannot be read', async () => {
    const { metrics, render } = createPrometheusMetrics()
    metrics.deliveries.add(3)
    metrics.replayAge.collect(() => {
      throw new Error('not now')
    })
    const page = await render()
    expect(sample(page, 'carillon_replay_age_seconds')).toBe('Nan')
    expect(sample(page, 'carillon_deliveries_total')).toBe('3')
  })

  it('keeps two registries apart', async () => {
    const [first, second] = [createPrometheusMetrics(), createPrometheusMetrics()]
    first.metrics.deliveries.add(1)
    expect(sample(await second.render(), 'carillon_deliveries_total')).toBe('0')
  })
})

describe('the table of metrics', () => {
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

  it('has one label at most, with values that differ', () => {
    const broken = definitions.filter(
      ({ labels }) => Object.keys(labels).length > 1 || Object.values(labels).some((values) => new Set(values).size !== values.length),
    )
    expect(broken).toEqual([])
  })
})
