import { describe, expect, it } from 'vitest'
import { createPrometheusMetrics, type PrometheusMetrics } from './prometheus.ts'
import type { MetricDefinition } from './table.ts'
import { contractGiven, contractTable, metricsContract } from './testing/metrics-contract.ts'
import { createScraped } from './testing/registries.ts'

metricsContract('prom-client', createScraped)

const create = (): PrometheusMetrics<typeof contractTable> =>
  createPrometheusMetrics(contractTable, {
    buildInfo: 'test_build_info',
    version: '1.2.3',
    given: contractGiven,
    leftOut: ['process_open_fds'],
  })

/** Returns the value of one line of a page, as text; undefined when there is no such line. */
const sample = (page: string, series: string): string | undefined =>
  page
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1)

describe('the page of metrics', () => {
  it('has a HELP and a TYPE line for every row of the table that has a series', async () => {
    const { metrics, render } = create()
    metrics.requests.add(1, { code: '200', method: 'GET' })
    const page = await render()
    const definitions = Object.values<MetricDefinition>(contractTable)
    const described = definitions.filter(({ name, type, help }) =>
      page.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type === 'transient' ? 'gauge' : type}\n`),
    )
    expect(described).toEqual(definitions)
  })

  it('is Prometheus text of the version that its content type says', async () => {
    const { render, contentType } = create()
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    const lines = (await render()).split('\n').filter((line) => line !== '')
    const grammar = /^(# (HELP|TYPE) [a-z][a-z0-9_]* .+|[a-z][a-z0-9_]*(_bucket)?(\{([a-z_]+="[^"\n]*",?)+\})? (Nan|[+-]Inf|-?[0-9.e+-]+))$/
    expect(lines.filter((line) => !grammar.test(line))).toEqual([])
  })

  it('sorts what a histogram observes into the buckets of the table', async () => {
    const { metrics, render } = create()
    for (const seconds of [0.0005, 0.004, 0.004, 60]) metrics.latency.observe(seconds)
    const page = await render()
    const bucket = (le: string): string | undefined => sample(page, `test_latency_seconds_bucket{le="${le}"}`)
    expect([bucket('0.001'), bucket('0.0025'), bucket('0.005'), bucket('10'), bucket('+Inf')]).toEqual(['1', '1', '3', '3', '4'])
    expect(Number(sample(page, 'test_latency_seconds_sum'))).toBeCloseTo(60.0085)
  })

  it('shows the version of the program and of Node', async () => {
    expect(sample(await create().render(), `test_build_info{version="1.2.3",node="${process.version}"}`)).toBe('1')
  })

  it('shows the process, without the metrics that are left out', async () => {
    const page = await create().render()
    expect(sample(page, 'process_resident_memory_bytes')).toMatch(/^\d+$/)
    expect(sample(page, 'nodejs_eventloop_lag_p99_seconds')).toMatch(/^[\d.]+/)
    expect(page).not.toContain('process_open_fds')
  })

  it('loses one sample, not the page, when a source throws', async () => {
    const { metrics, render } = create()
    const broken = (): number => {
      throw new Error('not now')
    }
    metrics.writes.add(3)
    metrics.bytes.collect(broken)
    metrics.ends.collect(broken, { cause: 'peer' })
    const page = await render()
    expect([sample(page, 'test_bytes'), sample(page, 'test_ends_total{cause="peer"}'), sample(page, 'test_writes_total')]).toEqual([
      'Nan',
      '0',
      '3',
    ])
  })

  it('keeps two registries apart', async () => {
    const [first, second] = [create(), create()]
    first.metrics.writes.add(1)
    expect(sample(await second.render(), 'test_writes_total')).toBe('0')
  })
})
