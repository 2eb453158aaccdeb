import type { PartitionBehind } from '../../../replay/record-source.ts'
import type { PartitionReaderHandler } from '../consume/partition-handler.ts'
import type { Watermarks } from '../consume/watermarks.ts'
import type { PartitionWorker } from './partition-worker.ts'

/** The partitions that this process works on, each with its worker. */
export interface PartitionSet {
  /** Handler for the reader of the partitions. */
  readonly handler: PartitionReaderHandler
  readonly partitions: readonly number[]
  /**
   * Stops the workers of all other partitions.
   * @returns the partitions that have no worker yet
   */
  keep(partitions: readonly number[]): readonly number[]
  add(partition: number, worker: PartitionWorker): void
  /** Goes back to these offsets: the topic was recreated. */
  rewindAll(offset: number): void
  /** Records between the workers and the ends of their partitions, summed. */
  lag(): number
  tick(nowMs: number): void
  /** Writes the pending progress of all partitions, with one attempt each. */
  flush(): Promise<void>
}

export interface PartitionSetParts {
  /** Called when a worker cannot go on: the partition is another process's, or an unforeseen error. */
  readonly broken: (cause: unknown) => void
  /** Finds where the worker of this partition can go on. */
  readonly relocate: (partition: number, worker: PartitionWorker) => Promise<void>
  readonly state: (partition: number, problem: PartitionBehind | null) => void
  readonly replaced: (detail: string) => void
}

export function createPartitionSet(parts: PartitionSetParts): PartitionSet {
  const workers = new Map<number, PartitionWorker>()
  const ends = new Map<number, number>()

  const note = (partition: number, { lastStableOffset }: Watermarks): void => void ends.set(partition, lastStableOffset)
  const remove = (partition: number): void => {
    workers.get(partition)?.stop()
    workers.delete(partition)
    ends.delete(partition)
  }
  /** A worker that was stopped during its work may fail. */
  const report = (partition: number, worker: PartitionWorker, cause: unknown): void => {
    if (workers.get(partition) === worker) parts.broken(cause)
  }

  const handler: PartitionReaderHandler = {
    position: (partition) => workers.get(partition)?.position() ?? 0,
    async deliver(partition, step, watermarks) {
      note(partition, watermarks)
      const worker = workers.get(partition)
      await worker?.deliver(step).catch((cause: unknown) => report(partition, worker, cause))
    },
    fetched: note,
    async outOfRange(partition) {
      const worker = workers.get(partition)
      if (worker !== undefined) await parts.relocate(partition, worker)
    },
    truncated: (partition, { endOffset }) => workers.get(partition)?.rewind(endOffset),
    state: parts.state,
    replaced: (_cause, detail) => parts.replaced(detail),
  }

  return {
    handler,
    get partitions() {
      return [...workers.keys()]
    },
    keep(partitions) {
      for (const partition of workers.keys()) if (!partitions.includes(partition)) remove(partition)
      return partitions.filter((partition) => !workers.has(partition))
    },
    add: (partition, worker) => void workers.set(partition, worker),
    rewindAll(offset) {
      for (const worker of workers.values()) worker.rewind(offset)
    },
    lag: () => [...workers].reduce((sum, [partition, worker]) => sum + Math.max(0, (ends.get(partition) ?? 0) - worker.position()), 0),
    tick(nowMs) {
      for (const [partition, worker] of workers)
        void worker.tick(nowMs).catch((cause: unknown) => (isLost(cause) ? report(partition, worker, cause) : undefined)) // reported by the copier, and tried again
    },
    async flush() {
      await Promise.allSettled([...workers.values()].map((worker) => worker.flush()))
    },
  }
}

const isLost = (cause: unknown): boolean => cause instanceof Error && cause.name === 'LostPartitionError'
