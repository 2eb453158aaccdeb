import { createBackOffWait } from '../../../../program/back-off.ts'
import type { DeadLetterHealth } from './health.ts'
import { createLetterCopier, type LetterCopier, type LetterCopierParts } from './letter-copier.ts'
import { createPartitionWorker, type PartitionWorker, type PartitionWorkerParts } from './partition-worker.ts'

type WorkerParts = Pick<PartitionWorkerParts, 'check' | 'mayCopy' | 'summarised' | 'summaryEveryMs' | 'clock'>
type CopierParts = Pick<LetterCopierParts, 'topic' | 'transactions' | 'logger' | 'metrics' | 'describe'>

export interface PartitionWorkersParts extends WorkerParts, CopierParts {
  readonly health: DeadLetterHealth
  /** Returns the partitions of this process now. */
  readonly partitions: () => readonly number[]
}

/** Makes the workers of a run, each with its copier. */
export interface PartitionWorkers {
  make(partition: number, startOffset: number): PartitionWorker
  /** Ends the waits of all copiers: brokers answer. */
  wake(): void
}

const [firstWaitMs, maxWaitMs] = [500, 5_000]
/** Time in which one partition in eight writes its progress, so that 200 partitions cost no more transactions than eight. */
const progressEveryMs = 15_000
const partitionsAtOnce = 8

export function createPartitionWorkers(parts: PartitionWorkersParts): PartitionWorkers {
  const { partitions, health } = parts
  const copiers = new Map<number, LetterCopier>()

  function makeCopier(partition: number): LetterCopier {
    const trouble = (detail: string | null): void =>
      partitions().includes(partition) ? health.trouble('copy', partition, detail) : undefined
    return createLetterCopier({ ...parts, partition, trouble, backOff: createBackOffWait({ firstMs: firstWaitMs, maxMs: maxWaitMs }) })
  }

  return {
    make(partition, startOffset) {
      const copier = makeCopier(partition)
      copiers.set(partition, copier)
      return createPartitionWorker({
        ...parts,
        partition,
        startOffset,
        copier,
        progressEveryMs: () => progressEveryMs * Math.ceil(partitions().length / partitionsAtOnce),
      })
    },
    wake() {
      for (const copier of copiers.values()) copier.wake()
    },
  }
}
