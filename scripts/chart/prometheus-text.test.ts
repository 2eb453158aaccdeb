import { expect, it } from 'vitest'
import { labelsAfterBy, metricsOf, parseSeries } from './prometheus-text.ts'

it('the Prometheus reader reads series with their labels', () => {
  const text = '# HELP a_total A.\n# TYPE a_total counter\na_total 1\nb_bucket{le="+Inf",path="/x{}\\"y\\""} 2 1700000000\n'
  expect(parseSeries(text)).toEqual([
    { name: 'a_total', labels: [] },
    { name: 'b_bucket', labels: ['le', 'path'] },
  ])
})

it('the Prometheus reader finds the metrics of an expression, and neither functions nor labels', () => {
  expect(metricsOf('histogram_quantile(0.99, sum by (le) (rate(a_seconds_bucket[5m]))) > 1')).toEqual([
    { name: 'a_seconds_bucket', labels: [] },
  ])
  expect(metricsOf('increase(b_total{outcome="failed"}[15m]) > 3 and increase(b_total{outcome!~"ok|x", pod="y"}[15m]) == 0')).toEqual([
    { name: 'b_total', labels: ['outcome'] },
    { name: 'b_total', labels: ['outcome', 'pod'] },
  ])
  expect(metricsOf('(max(leader_election_master_status) or vector(0)) < 1')).toEqual([
    { name: 'leader_election_master_status', labels: [] },
  ])
})

it('the Prometheus reader finds the labels that an expression groups by', () => {
  expect(labelsAfterBy('sum by (code, le) (rate(a_total[5m])) / on(pod) b')).toEqual(['code', 'le', 'pod'])
})
