import { describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import type { RangeNote } from './dead-letter-copy.ts'
import { createFloodReport } from './flood-report.ts'

const note = (partition: number, counts: Readonly<Record<string, number>>): RangeNote => ({
  kind: 'range',
  reason: 'summary',
  detail: '',
  partition,
  fromOffset: 0,
  toOffset: 9,
  counts,
})

describe('the report of a flood', () => {
  it('is one line for all partitions and an interval', () => {
    const [log, metrics] = [createRecordingLogger(), createRecordingMetrics()]
    const report = createFloodReport('t', { logger: log.logger, metrics: metrics.metrics, everyMs: 10_000 })
    report.tick(0)
    report.add(note(4, { empty: 5 }))
    report.add(note(1, { empty: 2, 'not-json': 1 }))
    report.tick(1_000)
    report.add(note(1, { empty: 7 }))
    report.tick(10_999)
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('summaries were written'),
        fields: { topic: 't', partitions: '1,4', records: 8, reasons: { empty: 7, 'not-json': 1 } },
      },
    ])
    report.tick(11_000)
    expect([log.lines.length, metrics.value('dlqSummarised')]).toEqual([2, 15])
  })
})
