import type { PartitionBehind, PartitionTrouble, SourceHealth } from '../replay/record-source.ts'
import { partitionTroubles } from '../replay/record-source.ts'
import type { Degradation } from './health.ts'

/**
 * Whether a pod may serve, by how its reading goes (ADR 0017). Trouble of the brokers is shared by all pods: were each of them unready, browsers
 * would be refused, though a pod has most of what they ask for. So a pod that has read once stays ready while it reads any partition, and for
 * a while when it reads none. A pod that has never read is not ready: other pods have more than it has.
 */
export function judgeReading(reading: Reading, nowMs: number, unreadyAfterMs: number): ReadingVerdict {
  const { problem } = reading.state
  if (problem === null) return { waitingFor: null, judgeAgainInMs: null }
  const waitingFor = `${problem.kind}: ${problem.detail}`
  if (reading.unreadableSinceMs === null || !reading.hasRead) return { waitingFor, judgeAgainInMs: null }
  const leftMs = reading.unreadableSinceMs + unreadyAfterMs - nowMs
  return leftMs > 0 ? { waitingFor: null, judgeAgainInMs: leftMs } : { waitingFor, judgeAgainInMs: null }
}

/** How reading goes on from `before` with what the source says now. */
export function nextReading(before: Reading | null, state: SourceHealth, nowMs: number): Reading {
  const isReading = state.problem === null
  return {
    state,
    hasRead: (before?.hasRead ?? false) || isReading,
    unreadableSinceMs: isReading ? null : (before?.unreadableSinceMs ?? nowMs),
  }
}

/** What `/readyz` names: why nothing can be read, and the partitions that are behind. */
export function degradationsOf({ problem, behind }: SourceHealth): readonly Degradation[] {
  const whole: readonly Degradation[] = problem === null ? [] : [{ partition: null, ...problem }]
  return [...whole, ...behind.slice(0, maxNamed)]
}

/** Per kind of trouble, the partitions that have it. */
export function groupByTrouble(behind: readonly PartitionBehind[]): readonly TroubleGroup[] {
  return partitionTroubles.flatMap((kind) => {
    const those = behind.filter((partition) => partition.kind === kind)
    const [first] = those
    return first === undefined
      ? []
      : [{ kind, count: those.length, partitions: those.slice(0, maxNamed).map(({ partition }) => partition), detail: first.detail }]
  })
}

/** Partitions that are named one by one, in `/readyz` and in a log line. */
export const maxNamed = 100

export interface Reading {
  readonly state: SourceHealth
  /** Whether anything could be read before, or now. */
  readonly hasRead: boolean
  /** Since when nothing can be read, by the clock of `nowMs`; null while something can. */
  readonly unreadableSinceMs: number | null
}

export interface ReadingVerdict {
  /** null: the pod may serve. */
  readonly waitingFor: string | null
  /** When the verdict changes by the clock alone; null when it does not. */
  readonly judgeAgainInMs: number | null
}

export interface TroubleGroup {
  readonly kind: PartitionTrouble
  readonly count: number
  /** Ascending, at most `maxNamed`. */
  readonly partitions: readonly number[]
  /** Of the first of them. */
  readonly detail: string
}
