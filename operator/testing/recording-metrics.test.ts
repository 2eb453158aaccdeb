import { describe, expect, it } from 'vitest'
import { operatorMetricsContract } from './operator-metrics-contract.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

operatorMetricsContract('recording twin', () => {
  const { metrics, value, samples } = createRecordingMetrics()
  return {
    metrics,
    read: async (name, labels) => {
      try {
        return value(name, labels)
      } catch {
        return undefined // there is no such series
      }
    },
    samples: async (name) => samples(name),
  }
})

describe("the recording twin of the operator's metrics", () => {
  it('sums over labels that are not named', () => {
    const { metrics, value } = createRecordingMetrics()
    metrics.applies.add(1, { kind: 'Deployment', outcome: 'ok' })
    metrics.applies.add(2, { kind: 'Service', outcome: 'conflict' })
    expect([value('applies'), value('applies', { outcome: 'conflict' })]).toEqual([3, 2])
  })

  it('keeps what a histogram has observed', () => {
    const { metrics, observations } = createRecordingMetrics()
    metrics.queueDuration.observe(0.25, { name: 'realtimechannel' })
    metrics.queueDuration.observe(3, { name: 'realtimechannel' })
    expect(observations('queueDuration')).toEqual([0.25, 3])
  })

  it('says so when a test asks for a series that does not exist', () => {
    expect(() => createRecordingMetrics().value('applies', { kind: 'Pod' })).toThrow(
      'metric applies has no time series with the labels {"kind":"Pod"}',
    )
  })
})
