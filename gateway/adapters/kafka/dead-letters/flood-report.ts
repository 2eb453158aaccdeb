import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import type { RangeNote } from './dead-letter-copy.ts'

/** Reports records that were counted in summaries: one log line for all partitions of the pod and an interval. */
export interface FloodReport {
  add(note: RangeNote): void
  /** Writes the line, if there are records to report and the interval is over. */
  tick(nowMs: number): void
}

export function createFloodReport(
  topic: string,
  { logger, metrics, everyMs }: { readonly logger: Logger; readonly metrics: Pick<Metrics, 'dlqSummarised'>; readonly everyMs: number },
): FloodReport {
  let partitions = new Set<number>()
  let counts = new Map<string, number>()
  let reportedAtMs = -Infinity
  return {
    add({ partition, counts: added }) {
      partitions.add(partition)
      for (const [reason, count] of Object.entries(added)) {
        counts.set(reason, (counts.get(reason) ?? 0) + count)
        metrics.dlqSummarised.add(count)
      }
    },
    tick(nowMs) {
      if (partitions.size === 0 || nowMs - reportedAtMs < everyMs) return
      reportedAtMs = nowMs
      const records = [...counts.values()].reduce((sum, count) => sum + count, 0)
      logger.warn(
        { topic, partitions: [...partitions].sort((a, b) => a - b).join(','), records, reasons: Object.fromEntries(counts) },
        'undecodable records above the copy rate; summaries were written instead',
      )
      partitions = new Set()
      counts = new Map()
    },
  }
}
