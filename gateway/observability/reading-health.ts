import { partitionTroubles, type SourceHealth } from '../replay/record-source.ts'
import type { Health } from './health.ts'
import { degradationsOf, groupByTrouble, checkReading, nextReading, type Reading } from './check-reading.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from './metrics.ts'
import { createReadingReport } from './reading-report.ts'

/** Reports the state of reading from the topic to readiness, metrics and log lines. */
export interface ReadingHealth {
  report(state: SourceHealth): void
  /** Ends the timers. Idempotent. */
  stop(): void
}

export interface ReadingHealthParts {
  readonly health: Pick<Health, 'set' | 'degrade'>
  readonly metrics: Pick<Metrics, 'logHealthy' | 'partitionsBehind' | 'uncommittedRecords'>
  readonly logger: Logger
  /** Time for which a pod that can read nothing stays ready, if it has read before. */
  readonly unreadyAfterMs: number
  /** Monotonic clock. Milliseconds. */
  readonly clock: () => number
}

export function createReadingHealth(parts: ReadingHealthParts): ReadingHealth {
  const lines = createReadingReport({ logger: parts.logger, clock: parts.clock })
  let reading: Reading | null = null
  let timer: NodeJS.Timeout | undefined

  function check(now: Reading): void {
    clearTimeout(timer)
    const { waitingFor, checkAgainInMs } = checkReading(now, parts.clock(), parts.unreadyAfterMs)
    parts.health.set('log-reading', waitingFor)
    if (checkAgainInMs !== null) timer = setTimeout(() => check(now), Math.ceil(checkAgainInMs)).unref()
  }

  return {
    report(state) {
      reading = nextReading(reading, state, parts.clock())
      parts.health.degrade(degradationsOf(state))
      gauge(state, parts.metrics)
      if (reading.hasRead) lines.report(state)
      check(reading)
    },
    stop() {
      clearTimeout(timer)
      lines.stop()
    },
  }
}

function gauge(state: SourceHealth, metrics: ReadingHealthParts['metrics']): void {
  const counts = new Map(groupByTrouble(state.behind).map(({ kind, count }) => [kind, count]))
  for (const kind of partitionTroubles) metrics.partitionsBehind.set(counts.get(kind) ?? 0, { state: kind })
  metrics.uncommittedRecords.set(state.uncommittedRecords)
  metrics.logHealthy.set(state.problem === null && state.behind.length === 0 ? 1 : 0)
}
