import { describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import { createHealth, MissingTopicError } from './health.ts'

function rig() {
  const [log, metrics] = [createRecordingLogger(), createRecordingMetrics()]
  let now = 0
  const health = createHealth({ topic: 't.dlq', logger: log.logger, metrics: metrics.metrics, clock: { now: () => now } })
  const brokenAt = (atMs: number, cause: unknown): void => {
    now = atMs
    health.broken(cause)
  }
  return {
    brokenAt,
    health,
    lines: () => log.lines.map(({ level, fields }) => [level, fields.detail]),
    healthy: () => metrics.value('dlqHealthy'),
  }
}
const loading = (): Error =>
  Object.assign(new Error("The coordinator is loading and hence can't process requests for this group"), { type: 'GROUP_LOAD_IN_PROGRESS' })

describe('the health of dead letters', () => {
  it('is 0 until the group has given this pod its partitions, and while one of them waits', () => {
    const { health, healthy } = rig()
    expect(healthy()).toBe(0)
    health.joined()
    expect(healthy()).toBe(1)
    health.trouble('copy', 3, 'no leader')
    health.trouble('read', 4, 'no leader')
    health.trouble('copy', 3, null)
    expect(healthy()).toBe(0)
    health.forget([3])
    expect(healthy()).toBe(1)
    health.broken(new Error('gone'))
    expect(healthy()).toBe(0)
  })

  // KS10 d: each first pod of a new cluster warned.
  it('ignores a coordinator that is loading while it may still begin', () => {
    const { health, brokenAt, lines } = rig()
    brokenAt(0, loading())
    brokenAt(14_999, loading())
    health.joined()
    brokenAt(20_000, loading())
    expect(lines()).toEqual([])
  })

  it('warns once of lasting trouble, and logs its end', () => {
    const { health, brokenAt, lines } = rig()
    for (let attempt = 0; attempt < 10; attempt++) brokenAt(attempt * 5_000, loading())
    health.joined()
    expect(lines()).toEqual([
      ['warn', loading().message],
      ['info', undefined],
    ])
  })

  it('warns at once, and once, of trouble that does not pass by itself', () => {
    const { brokenAt, lines } = rig()
    const refused = Object.assign(new Error('Not authorized to access group'), { type: 'GROUP_AUTHORIZATION_FAILED' })
    brokenAt(0, refused)
    brokenAt(10, refused)
    expect(lines()).toEqual([['warn', refused.message]])
  })

  it('warns of a missing topic when it has been missing for a second, since each broker learns of a new one in turn', () => {
    const { brokenAt, lines } = rig()
    for (const atMs of [0, 500, 1_000, 1_500]) brokenAt(atMs, new MissingTopicError('it does not exist'))
    expect(lines()).toEqual([['warn', 'it does not exist']])
  })
})
