import type { PartitionBehind, PartitionTrouble, SourceHealth } from '../replay/record-source.ts'
import { partitionTroubles } from '../replay/record-source.ts'
import type { Degradation } from './health.ts'

/**
 * Returns whether a pod may serve, by the state of its reading (ADR 0017).
 *
 * All pods share the trouble of the brokers. If each of them became unready, browsers would be refused although a pod has most of their events. So a
 * pod that has read once stays ready while it reads any partition, and for `unreadyAfterMs` when it reads none. A pod that has never read is not ready:
 * other pods have more events.
 */
export function checkReading(reading: Reading, nowMs: number, unreadyAfterMs: number): ReadingVerdict {
  const { problem } = reading.state
  if (problem === null) return { waitingFor: null, checkAgainInMs: null }
  const waitingFor = `${problem.kind}: ${problem.detail}`
  if (reading.unreadableSinceMs === null || !reading.hasRead) return { waitingFor, checkAgainInMs: null }
  const leftMs = reading.unreadableSinceMs + unreadyAfterMs - nowMs
  return leftMs > 0 ? { waitingFor: null, checkAgainInMs: leftMs } : { waitingFor, checkAgainInMs: null }
}

/** Returns the reading after `before`, with the present state of the source. */
export function nextReading(before: Reading | null, state: SourceHealth, nowMs: number): Reading {
  const isReading = state.problem === null
  return {
    state,
    hasRead: (before?.hasRead ?? false) || isReading,
    unreadableSinceMs: isReading ? null : (before?.unreadableSinceMs ?? nowMs),
  }
}

/** Returns the degradations for `/readyz`: the reason why nothing can be read, and the partitions that are behind. */
export function degradationsOf({ problem, behind }: SourceHealth): readonly Degradation[] {
  const whole: readonly Degradation[] = problem === null ? [] : [{ partition: null, ...problem }]
  return [...whole, ...behind.slice(0, maxNamed)]
}

/** Groups the partitions by their kind of trouble. */
export function groupByTrouble(behind: readonly PartitionBehind[]): readonly TroubleGroup[] {
  return partitionTroubles.flatMap((kind) => {
    const those = behind.filter((partition) => partition.kind === kind)
    const [first] = those
    return first === undefined
      ? []
      : [{ kind, count: those.length, partitions: those.slice(0, maxNamed).map(({ partition }) => partition), detail: first.detail }]
  })
}

/** Most partitions that `/readyz` or a log line names one by one. */
export const maxNamed = 100

export interface Reading {
  readonly state: SourceHealth
  /** True once some partition was read. */
  readonly hasRead: boolean
  /** Time since which nothing can be read, by the clock of `nowMs`; null while something can. */
  readonly unreadableSinceMs: number | null
}

export interface ReadingVerdict {
  /** null: the pod may serve. */
  readonly waitingFor: string | null
  /** Time until the verdict changes by the clock alone; null when it does not. */
  readonly checkAgainInMs: number | null
}

export interface TroubleGroup {
  readonly kind: PartitionTrouble
  readonly count: number
  /** Ascending, at most `maxNamed`. */
  readonly partitions: readonly number[]
  /** Detail of the first of these partitions. */
  readonly detail: string
}
