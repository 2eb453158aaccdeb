import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { healthySource, type SourceHealth } from '../replay/record-source.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { createControlHealth } from './control-health.ts'

const behind: SourceHealth = { problem: null, behind: [{ partition: 0, kind: 'no-leader', detail: 'gone' }], uncommittedRecords: 0 }

function setUp(unreadyAfterMs = 1_000) {
  const metrics = createRecordingMetrics()
  const { logger, lines } = createRecordingLogger()
  const state = { waitingFor: 'not set' as string | null }
  const health = createControlHealth({
    health: { set: (_, waitingFor) => (state.waitingFor = waitingFor) },
    metrics: metrics.metrics,
    logger,
    unreadyAfterMs,
    clock: () => performance.now(),
  })
  return { health, state, lines, healthy: () => metrics.value('revocationsHealthy') }
}

describe('the health of reading revocations', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is not met until all revocations were read', () => {
    const { health, state, healthy } = setUp()
    health.health(healthySource)
    expect([state.waitingFor, healthy()]).toEqual(['the revocations have not been read yet', 0])
    health.caughtUp()
    expect([state.waitingFor, healthy(), health.degraded()]).toEqual([null, 1, []])
  })

  it('says why the revocations cannot be read before they were ever read', () => {
    const { health, state } = setUp()
    health.health(behind)
    expect(state.waitingFor).toBe('the revocations have not been read yet (revocations-no-leader: gone)')
    health.health(healthySource)
    expect(state.waitingFor).toBe('the revocations have not been read yet')
  })

  it('stays met for a while when the topic cannot be read, says so, and recovers', () => {
    const { health, state, healthy, lines } = setUp()
    health.caughtUp()
    health.health(behind)
    vi.advanceTimersByTime(999)
    health.health(behind)
    expect([state.waitingFor, healthy(), health.degraded()]).toEqual([
      null,
      0,
      [{ partition: 0, kind: 'revocations-no-leader', detail: 'gone' }],
    ])
    vi.advanceTimersByTime(1)
    expect(state.waitingFor).toBe('revocations-no-leader: gone')
    health.health(healthySource)
    expect([state.waitingFor, healthy(), health.degraded()]).toEqual([null, 1, []])
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'revocations cannot be read'],
      ['info', 'revocations are read again'],
    ])
  })

  it('stays met for ever where the option says so', () => {
    const { health, state } = setUp(0)
    health.caughtUp()
    health.health(behind)
    vi.advanceTimersByTime(86_400_000)
    expect(state.waitingFor).toBeNull()
  })

  it('is not met any more when there are more revocations than the pod can hold', () => {
    const { health, state, lines } = setUp()
    health.caughtUp()
    health.overflowed()
    health.overflowed()
    expect(state.waitingFor).toContain('MAX_REVOCATIONS')
    expect(lines).toHaveLength(1)
  })
})
