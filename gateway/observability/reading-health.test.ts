import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { healthySource, type PartitionBehind, partitionTroubles, type SourceHealth } from '../replay/record-source.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { createHealth, healthConditions } from './health.ts'
import { checkReading, nextReading, type Reading } from './check-reading.ts'
import { createReadingHealth } from './reading-health.ts'
import { reportEveryMs } from './reading-report.ts'

const nothing: SourceHealth = { problem: { kind: 'connecting', detail: 'no broker answers' }, behind: [], uncommittedRecords: 0 }
const behind = (...partitions: readonly PartitionBehind[]): SourceHealth => ({ ...healthySource, behind: partitions })
const leaderless = (partition: number): PartitionBehind => ({ partition, kind: 'no-leader', detail: 'no leader' })

function aPod(unreadyAfterMs = 60_000) {
  const health = createHealth()
  const metrics = createRecordingMetrics()
  const log = createRecordingLogger()
  for (const condition of Object.keys(healthConditions))
    if (condition !== 'log-reading') health.set(condition as keyof typeof healthConditions, null) // the table's own keys
  const reading = createReadingHealth({
    health,
    metrics: metrics.metrics,
    logger: log.logger,
    unreadyAfterMs,
    clock: () => performance.now(),
  })
  return { health, metrics, log, reading, isReady: () => health.ready().ok }
}

describe('the readiness of a pod, by its reading', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('starts with the first read, after any time', () => {
    const pod = aPod()
    expect(pod.health.ready().waitingFor).toEqual(['log-reading: the log is not being read yet'])
    pod.reading.report(nothing)
    vi.advanceTimersByTime(600_000)
    expect(pod.health.ready().waitingFor).toEqual(['log-reading: connecting: no broker answers'])
    pod.reading.report(healthySource)
    expect(pod.isReady()).toBe(true)
  })

  it('lasts while one partition can be read, without a limit', () => {
    const pod = aPod()
    pod.reading.report(healthySource)
    pod.reading.report(behind(leaderless(1), leaderless(2)))
    vi.advanceTimersByTime(3_600_000)
    expect([pod.isReady(), pod.health.degraded()]).toEqual([true, [leaderless(1), leaderless(2)]])
  })

  it('lasts for KAFKA_UNREADY_AFTER_MS when nothing can be read, and comes back with the first read', () => {
    const pod = aPod(60_000)
    pod.reading.report(healthySource)
    pod.reading.report(nothing)
    vi.advanceTimersByTime(59_999)
    expect([pod.isReady(), pod.health.degraded()]).toEqual([true, [{ partition: null, kind: 'connecting', detail: 'no broker answers' }]])
    vi.advanceTimersByTime(2)
    expect(pod.health.ready()).toEqual({ ok: false, waitingFor: ['log-reading: connecting: no broker answers'] })
    vi.advanceTimersByTime(600_000)
    pod.reading.report(behind(leaderless(0)))
    expect(pod.isReady()).toBe(true)
  })

  it('ends after a time that counts from the loss of the last partition, not from the last report', () => {
    const pod = aPod(60_000)
    pod.reading.report(healthySource)
    for (let second = 0; second < 61; second += 1) {
      pod.reading.report({ ...nothing, problem: { kind: 'refused', detail: `look ${second}` } })
      vi.advanceTimersByTime(1_000)
    }
    expect(pod.health.ready().waitingFor).toEqual(['log-reading: refused: look 60'])
  })

  it('does not change after the stop', () => {
    const pod = aPod(1_000)
    pod.reading.report(healthySource)
    pod.reading.report(nothing)
    pod.reading.stop()
    pod.reading.stop()
    vi.advanceTimersByTime(10_000)
    expect([pod.isReady(), vi.getTimerCount()]).toEqual([true, 0])
  })

  it('is lost only by a pod that has read before and could read nothing for KAFKA_UNREADY_AFTER_MS, after any history', () => {
    const state = fc.constantFrom(healthySource, nothing, behind(leaderless(1)))
    fc.assert(
      fc.property(fc.array(fc.tuple(state, fc.nat({ max: 500 })), { minLength: 1, maxLength: 30 }), (history) => {
        let nowMs = 0
        let reading: Reading | null = null
        let lastReadMs: number | null = null
        for (const [now, forMs] of history) {
          reading = nextReading(reading, now, nowMs)
          if (now.problem === null) lastReadMs = nowMs + forMs
          nowMs += forMs
          const isReady = checkReading(reading, nowMs, 1_000).waitingFor === null
          expect(isReady).toBe(now.problem === null || (lastReadMs !== null && nowMs - lastReadMs < 1_000))
        }
      }),
    )
  })
})

describe('the metrics of reading', () => {
  it('count the partitions that are behind by state, and the records that an open transaction holds back', () => {
    const { reading, metrics } = aPod()
    reading.report({
      problem: null,
      behind: [leaderless(1), leaderless(4), { partition: 7, kind: 'stalled', detail: 's' }],
      uncommittedRecords: 12,
    })
    expect(partitionTroubles.map((state) => metrics.value('partitionsBehind', { state }))).toEqual([2, 0, 0, 1])
    expect([metrics.value('uncommittedRecords'), metrics.value('logHealthy')]).toEqual([12, 0])
    reading.report(healthySource)
    expect([metrics.value('partitionsBehind'), metrics.value('uncommittedRecords'), metrics.value('logHealthy')]).toEqual([0, 0, 1])
  })
})

describe('the log lines of reading', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const linesOf = ({ log }: ReturnType<typeof aPod>) =>
    log.lines.map(({ level, message, fields }) => [level, message, fields['partitions'] ?? fields['kind'] ?? null])

  it('name the partitions that are behind by kind, once, and report when all are read', () => {
    const pod = aPod()
    pod.reading.report(healthySource)
    const state = behind(leaderless(1), { partition: 2, kind: 'unreachable', detail: 'broker 3 does not answer' }, leaderless(5))
    for (let look = 0; look < 5; look += 1) pod.reading.report({ ...state, uncommittedRecords: look })
    vi.advanceTimersByTime(reportEveryMs)
    pod.reading.report(healthySource)
    expect(linesOf(pod)).toEqual([
      ['warn', 'partitions are behind', [1, 5]],
      ['warn', 'partitions are behind', [2]],
      ['info', 'all partitions are read', null],
    ])
    expect(pod.log.lines[1]?.fields).toEqual({ kind: 'unreachable', count: 1, partitions: [2], detail: 'broker 3 does not answer' })
  })

  it('report that nothing can be read, for a pod that has read before', () => {
    const pod = aPod()
    pod.reading.report(nothing)
    expect(linesOf(pod)).toEqual([])
    pod.reading.report(healthySource)
    pod.reading.report(nothing)
    expect(linesOf(pod)).toEqual([['warn', 'no partition can be read', 'connecting']])
  })

  it('are few when a partition comes and goes, and the last state is reported', () => {
    const pod = aPod()
    for (let look = 0; look < 1_000; look += 1) {
      pod.reading.report(look % 2 === 0 ? behind(leaderless(look % 7)) : healthySource)
      vi.advanceTimersByTime(100)
    }
    expect(pod.log.lines.length).toBeLessThanOrEqual(12)
    vi.advanceTimersByTime(reportEveryMs)
    expect(pod.log.lines.at(-1)?.message).toBe('all partitions are read')
  })

  it('name at most a hundred partitions, and count all', () => {
    const pod = aPod()
    pod.reading.report(behind(...Array.from({ length: 1_000 }, (_, partition) => leaderless(partition))))
    expect(pod.log.lines[0]?.fields).toMatchObject({ count: 1_000, partitions: expect.objectContaining({ length: 100 }) })
    expect(pod.health.degraded()).toHaveLength(100)
  })
})
