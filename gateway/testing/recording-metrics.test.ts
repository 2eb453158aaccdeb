import { describe, expect, it } from 'vitest'
import { metricsContract } from './metrics.contract.ts'
import { createRecordingMetrics } from './recording-metrics.ts'

metricsContract('recording twin', () => {
  const { metrics, value } = createRecordingMetrics()
  return { metrics, read: async (name, labels) => value(name, labels) }
})

describe('the recording twin of the metrics', () => {
  it('sums over a label that is not named', () => {
    const { metrics, value } = createRecordingMetrics()
    metrics.gaps.add(1, { reason: 'too-old' })
    metrics.gaps.add(2, { reason: 'epoch' })
    expect(value('gaps')).toBe(3)
    expect(value('gaps', { reason: 'epoch' })).toBe(2)
  })

  it('keeps what a histogram has observed', () => {
    const { metrics, value, observations } = createRecordingMetrics()
    metrics.emitLatency.observe(0.25)
    metrics.emitLatency.observe(3)
    expect(observations('emitLatency')).toEqual([0.25, 3])
    expect(value('emitLatency')).toBe(2)
  })

  it('says so when a test asks for a series that does not exist', () => {
    expect(() => createRecordingMetrics().value('gaps', { reason: 'none' })).toThrow(
      'metric gaps has no time series with the labels {"reason":"none"}',
    )
  })

  it('counts for one test alone', () => {
    createRecordingMetrics().metrics.deliveries.add(7)
    expect(createRecordingMetrics().value('deliveries')).toBe(0)
  })
})
