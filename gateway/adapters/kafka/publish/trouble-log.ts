import type { Logger } from '../../../../program/log/logger.ts'

/** Logs once that publishing fails, and once that it works again, for any number of attempts in between. */
export interface TroubleLog {
  failed(place: string, detail: string): void
  works(place: string): void
  /** Logs that Kafka refuses records, at most once in 10 s: every caller may bring one. */
  refused(records: number, detail: string): void
}

const refusalsEveryMs = 10_000

/** @param topic the topic, for all lines */
export function createTroubleLog(logger: Pick<Logger, 'warn' | 'info'>, topic: string): TroubleLog {
  const failing = new Set<string>()
  let refusedRecords = 0
  let reportedAtMs = Number.NEGATIVE_INFINITY
  return {
    failed(place, detail) {
      if (failing.has(place)) return
      failing.add(place)
      logger.warn({ topic, place, detail }, 'publishing to Kafka failed; retrying')
    },
    works(place) {
      if (failing.delete(place)) logger.info({ topic, place }, 'publishing to Kafka recovered')
    },
    refused(records, detail) {
      refusedRecords += records
      if (performance.now() - reportedAtMs < refusalsEveryMs) return
      reportedAtMs = performance.now()
      logger.warn({ topic, records: refusedRecords, detail }, 'Kafka refuses records')
      refusedRecords = 0
    },
  }
}
