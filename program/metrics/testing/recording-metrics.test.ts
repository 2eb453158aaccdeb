import { describe, expect, it } from 'vitest'
import { contractGiven, contractTable, metricsContract } from './metrics-contract.ts'
import { recordMetrics, type RecordingMetrics } from './recording-metrics.ts'
import { createRecorded } from './registries.ts'

metricsContract('the recording double', createRecorded)

const create = (): RecordingMetrics<typeof contractTable> => recordMetrics(contractTable, contractGiven)

describe('the recording double of metrics', () => {
  it('sums over labels that are not named', () => {
    const { metrics, value } = create()
    metrics.applies.add(1, { kind: 'Deployment', outcome: 'ok' })
    metrics.applies.add(2, { kind: 'Service', outcome: 'failed' })
    expect([value('applies'), value('applies', { outcome: 'failed' })]).toEqual([3, 2])
  })

  it('keeps what a histogram has observed', () => {
    const { metrics, value, observations } = create()
    metrics.latency.observe(0.25)
    metrics.latency.observe(3)
    expect(observations('latency')).toEqual([0.25, 3])
    expect(value('latency')).toBe(2)
  })

  it('throws when a test asks for a series that does not exist', () => {
    expect(() => create().value('applies', { kind: 'Pod' })).toThrow('metric applies has no time series with the labels {"kind":"Pod"}')
  })

  it('counts for one test alone', () => {
    create().metrics.writes.add(7)
    expect(create().value('writes')).toBe(0)
  })
})
