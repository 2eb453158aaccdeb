import type { SourceHealth } from '../replay/record-source.ts'
import { groupByTrouble } from './check-reading.ts'
import type { Logger } from '../../program/log/logger.ts'

/** Logs which partitions are behind when that changes. Limits the lines, so a partition that comes and goes does not fill the log output. */
export interface ReadingReport {
  report(state: SourceHealth): void
  /** Drops the report that waits. Idempotent. */
  stop(): void
}

export interface ReadingReportParts {
  readonly logger: Pick<Logger, 'warn' | 'info'>
  /** Monotonic clock. Milliseconds. */
  readonly clock: () => number
}

/** Least time between two reports. A change in between is logged afterwards, unless it was undone. */
export const reportEveryMs = 10_000

export function createReadingReport({ logger, clock }: ReadingReportParts): ReadingReport {
  let reported = ''
  let reportedAtMs = -Infinity
  let pending: SourceHealth | null = null
  let timer: NodeJS.Timeout | undefined

  function write(state: SourceHealth): void {
    pending = null
    const now = signatureOf(state)
    if (now === reported) return
    reported = now
    reportedAtMs = clock()
    if (now === '') return logger.info({}, 'all partitions are read')
    if (state.problem !== null) logger.warn({ ...state.problem }, 'no partition can be read')
    for (const group of groupByTrouble(state.behind)) logger.warn({ ...group }, 'partitions are behind')
  }

  function writePending(): void {
    timer = undefined
    if (pending !== null) write(pending)
  }

  return {
    report(state) {
      const waitMs = reportedAtMs + reportEveryMs - clock()
      if (waitMs <= 0) return write(state)
      pending = state
      timer ??= setTimeout(writePending, waitMs).unref()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
      pending = null
    },
  }
}

/** Returns equal texts when the same partitions have the same kinds of trouble, and an empty text when none has. */
function signatureOf({ problem, behind }: SourceHealth): string {
  const partitions = behind.map(({ partition, kind }) => `${partition}:${kind}`)
  return [...(problem === null ? [] : [problem.kind]), ...partitions].join(' ')
}
