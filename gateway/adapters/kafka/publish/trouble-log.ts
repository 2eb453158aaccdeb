import type { Logger } from '../../../../program/log/logger.ts'

/** Says once that something fails, and once that it works again, however often it is tried in between. */
export interface TroubleLog {
  failed(place: string, detail: string): void
  works(place: string): void
  /** Kafka refuses records, which is told at most once in 10 s: every caller may bring one. */
  refused(records: number, detail: string): void
}

const refusalsEveryMs = 10_000

export function createTroubleLog(logger: Logger): TroubleLog {
  const failing = new Set<string>()
  let refusedRecords = 0
  let toldAtMs = Number.NEGATIVE_INFINITY
  return {
    failed(place, detail) {
      if (failing.has(place)) return
      failing.add(place)
      logger.warn({ place, detail }, 'publishing to Kafka fails; trying again')
    },
    works(place) {
      if (failing.delete(place)) logger.info({ place }, 'publishing to Kafka works again')
    },
    refused(records, detail) {
      refusedRecords += records
      if (performance.now() - toldAtMs < refusalsEveryMs) return
      toldAtMs = performance.now()
      logger.warn({ records: refusedRecords, detail }, 'Kafka refuses records')
      refusedRecords = 0
    },
  }
}
