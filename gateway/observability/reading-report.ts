import type { SourceHealth } from '../replay/record-source.ts'
import { groupByTrouble } from './judge-reading.ts'
import type { Logger } from '../../program/log/logger.ts'

/** Logs which partitions are behind when that changes, and at most so often that a partition that comes and goes does not fill the log. */
export interface ReadingReport {
  report(state: SourceHealth): void
  /** Drops what was not logged yet. Idempotent. */
  stop(): void
}

export interface ReadingReportParts {
  readonly logger: Pick<Logger, 'warn' | 'info'>
  /** Milliseconds of a clock that nobody sets. */
  readonly clock: () => number
}

/** The least time between two reports. What changes in between is logged afterwards, if it is still so. */
export const reportEveryMs = 10_000

export function createReadingReport({ logger, clock }: ReadingReportParts): ReadingReport {
  let told = ''
  let toldAtMs = -Infinity
  let pending: SourceHealth | null = null
  let timer: NodeJS.Timeout | undefined

  function tell(state: SourceHealth): void {
    pending = null
    const now = signatureOf(state)
    if (now === told) return
    told = now
    toldAtMs = clock()
    if (now === '') return logger.info({}, 'all partitions are read')
    if (state.problem !== null) logger.warn({ ...state.problem }, 'no partition can be read')
    for (const group of groupByTrouble(state.behind)) logger.warn({ ...group }, 'partitions are behind')
  }

  function tellPending(): void {
    timer = undefined
    if (pending !== null) tell(pending)
  }

  return {
    report(state) {
      const waitMs = toldAtMs + reportEveryMs - clock()
      if (waitMs <= 0) return tell(state)
      pending = state
      timer ??= setTimeout(tellPending, waitMs).unref()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
      pending = null
    },
  }
}

/** Equal when the same partitions have the same kinds of trouble; empty when none has. */
function signatureOf({ problem, behind }: SourceHealth): string {
  const partitions = behind.map(({ partition, kind }) => `${partition}:${kind}`)
  return [...(problem === null ? [] : [problem.kind]), ...partitions].join(' ')
}
