import { createBackOffWait } from '../../../../program/back-off.ts'
import type { DeadLetterHealth } from './health.ts'
import type { PartitionSet } from './partition-set.ts'
import type { PartitionWorker } from './partition-worker.ts'
import type { StartingPoints } from './starting-points.ts'

/** Follows the group's assignment to this process. */
export interface Assignment {
  /** Resolves when each of these partitions has a worker, or when the assignment is out of date. */
  become(partitions: readonly number[]): Promise<void>
}

export interface AssignmentParts {
  readonly set: PartitionSet
  readonly points: Pick<StartingPoints, 'find'>
  readonly health: DeadLetterHealth
  readonly signal: AbortSignal
  readonly makeWorker: (partition: number, startOffset: number) => PartitionWorker
  /** Grows when the topic is recreated. */
  readonly generation: () => number
  /** Called whenever the set has other partitions. */
  readonly assigned: () => void
}

const firstWaitMs = 500
const maxWaitMs = 5_000

export function createAssignment({ set, points, health, signal, makeWorker, generation, assigned }: AssignmentParts): Assignment {
  let assignments = 0

  /** @returns the partitions that are still without a worker */
  async function begin(partitions: readonly number[], isCurrent: () => boolean): Promise<readonly number[]> {
    const before = generation()
    const found = await points.find(partitions).catch(() => new Map<number, number>()) // counted as trouble below, and tried again
    if (!isCurrent()) return []
    // These are offsets of the previous topic.
    if (before !== generation()) return partitions
    for (const [partition, offset] of found) {
      set.add(partition, makeWorker(partition, offset))
      health.trouble('read', partition, null)
    }
    assigned()
    const left = partitions.filter((partition) => !found.has(partition))
    for (const partition of left) health.trouble('read', partition, 'no broker reports where the partition begins')
    return left
  }

  return {
    async become(partitions) {
      const assignment = ++assignments
      const isCurrent = (): boolean => assignment === assignments && !signal.aborted
      const backOff = createBackOffWait({ firstMs: firstWaitMs, maxMs: maxWaitMs })
      let left = set.keep(partitions)
      health.forget(partitions)
      health.joined()
      assigned()
      while (left.length > 0 && isCurrent()) {
        left = await begin(left, isCurrent)
        if (left.length > 0) await backOff.wait(signal)
      }
    },
  }
}
