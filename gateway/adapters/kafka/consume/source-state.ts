import type { PartitionBehind, SourceHealth, SourceProblem } from '../../../replay/record-source.ts'

/** State of reading: pure data, from which the health follows. */
export interface SourceState {
  readonly partitions: number
  readonly behind: ReadonlyMap<number, PartitionBehind>
  /** Partitions that were fetched at least once since the log was opened. */
  readonly read: ReadonlySet<number>
  /** Problem of the topic as a whole: it is missing, or not found yet. */
  readonly topicProblem: SourceProblem | null
  readonly uncommittedRecords: number
}

/** Returns the health. Reading has a problem when no partition is read; otherwise only the partitions behind are named. */
export function healthOf(state: SourceState): SourceHealth {
  const behind = [...state.behind.values()].toSorted((left, right) => left.partition - right.partition)
  return { problem: state.topicProblem ?? problemOf(state, behind), behind, uncommittedRecords: state.uncommittedRecords }
}

function problemOf(state: SourceState, behind: readonly PartitionBehind[]): SourceProblem | null {
  const isOneRead = [...state.read].some((partition) => !state.behind.has(partition))
  if (isOneRead || state.partitions === 0) return null
  const [first] = behind
  if (first === undefined) return { kind: 'connecting', detail: 'no partition has been read yet' }
  return { kind: behind.every(({ kind }) => kind === 'refused') ? 'refused' : 'connecting', detail: first.detail }
}

export function isSameHealth(left: SourceHealth, right: SourceHealth | null): boolean {
  return right !== null && JSON.stringify(left) === JSON.stringify(right)
}
