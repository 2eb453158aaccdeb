import { randomUUID } from 'node:crypto'
import type { EventPublisher, PublishFailure } from '../../emit/event-publisher.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { PartitionBehind, PartitionOffsets, RecordSource, SourceProblem } from '../../replay/record-source.ts'
import { createMemoryPartition, type MemoryLogState, type MemoryPartition, type MemoryRecord, type Signal } from './memory-partition.ts'
import { createMemoryPublisher } from './memory-publisher.ts'
import { createMemorySource } from './memory-source.ts'

export interface MemoryLogOptions {
  readonly partitions: number
  readonly clock: { now(): number }
  /** Limit on the records of a partition: the oldest goes when one more comes. @default 100_000 */
  readonly maxRecordsPerPartition?: number
  /** Limit on a record, in bytes: a larger one is refused as too large. @default 1 MiB, as Kafka's */
  readonly maxRecordBytes?: number
  /**
   * True: the log has one source, and drops what that has handed over. The replay log keeps the same events, and what is kept twice is twice
   * the work for the garbage collector. @default false
   */
  readonly dropsRead?: boolean
  /** Interval at which sources report the ends while nothing arrives. @default 1_000 */
  readonly endsIntervalMs?: number
  /** Logger for a sink that throws, which is a bug. @default console */
  readonly logger?: Pick<Logger, 'error'>
}

/**
 * The in-process stand-in for a Kafka topic. `make start` runs on it, and it is the memory double of the Kafka adapters in tests. Any
 * number of sources and publishers share it. It is bounded: retention is a number of records per partition.
 */
export interface MemoryLog {
  /** Returns a new, independent reader of the whole log. */
  source(): RecordSource
  publisher(): EventPublisher
  /**
   * Appends records to the partitions that the caller names, as a foreign producer would.
   * @throws RangeError when there is no such partition
   */
  append(records: readonly MemoryRecord[]): void
  readonly epoch: string
  readonly startOffsets: PartitionOffsets
  readonly endOffsets: PartitionOffsets
  /**
   * Deletes the topic and creates it again: empty, with another epoch.
   * @param partitions left out: as many as before
   */
  recreate(partitions?: number): void
  /**
   * Adds empty partitions.
   * @throws RangeError when that is fewer than there are
   */
  grow(partitions: number): void
  /** Drops the records below `offset`, as retention does. */
  trim(partition: number, offset: number): void
  /** Leaves a hole of `offsets` offsets at the end, as transaction markers and compaction do. */
  skip(partition: number, offsets: number): void
  readonly faults: MemoryLogFaults
}

/** Faults of a real log, on command. */
export interface MemoryLogFaults {
  /** Makes sources hand over nothing and report `problem` until `resume`. */
  interrupt(problem: SourceProblem): void
  /** Makes sources hand over no record of this partition and report that it is behind, until `resume`. */
  interruptPartition(behind: PartitionBehind): void
  resume(): void
  /** Makes the next publish fail so. Its records are not in the log. */
  failNextPublish(failure: PublishFailure): void
  /**
   * Makes publishers append without an acknowledgement until `releaseAcknowledgements`. A wait beyond the caller's deadline is a `timeout`.
   */
  holdAcknowledgements(): void
  releaseAcknowledgements(): void
}

export function createMemoryLog(options: MemoryLogOptions): MemoryLog {
  const maxRecords = options.maxRecordsPerPartition ?? 100_000
  const makePartitions = (from: number, to: number): MemoryPartition[] =>
    Array.from({ length: to - from }, (_, n) => createMemoryPartition(from + n, maxRecords))

  const changed = createSignal()
  const acknowledgements = createGate()
  let state: MemoryLogState = { epoch: randomUUID(), partitions: makePartitions(0, options.partitions), problem: null, behind: [] }
  let nextFailure: PublishFailure | null = null

  function update(change: Partial<MemoryLogState>): void {
    state = { ...state, ...change }
    changed.fire()
  }

  function partitionAt(index: number): MemoryPartition {
    const partition = state.partitions[index]
    if (partition === undefined) throw new RangeError(`there is no partition ${index}: the log has ${state.partitions.length}`)
    return partition
  }

  function append(records: readonly MemoryRecord[]): void {
    for (const record of records) partitionAt(record.partition).append(record, options.clock.now())
    changed.fire()
  }

  return {
    source: () =>
      createMemorySource({
        state: () => state,
        changed,
        dropsRead: options.dropsRead ?? false,
        endsIntervalMs: options.endsIntervalMs ?? 1_000,
        logger: options.logger ?? console,
      }),
    publisher: () =>
      createMemoryPublisher({
        partitions: () => state.partitions.length,
        append,
        maxRecordBytes: options.maxRecordBytes ?? 1_048_576,
        acknowledged: acknowledgements.passed,
        takeFailure: () => {
          const failure = nextFailure
          nextFailure = null
          return failure
        },
      }),
    append,
    get epoch() {
      return state.epoch
    },
    get startOffsets() {
      return state.partitions.map((partition) => partition.startOffset)
    },
    get endOffsets() {
      return state.partitions.map((partition) => partition.endOffset)
    },
    recreate: (partitions = state.partitions.length) => update({ epoch: randomUUID(), partitions: makePartitions(0, partitions) }),
    grow(partitions) {
      const before = state.partitions.length
      if (partitions < before) throw new RangeError(`a log of ${before} partitions cannot shrink to ${partitions}`)
      update({ partitions: [...state.partitions, ...makePartitions(before, partitions)] })
    },
    trim(partition, offset) {
      partitionAt(partition).trim(offset)
      changed.fire()
    },
    skip(partition, offsets) {
      partitionAt(partition).skip(offsets)
      changed.fire()
    },
    faults: {
      interrupt: (problem) => update({ problem }),
      interruptPartition: (behind) =>
        update({
          behind: [...state.behind.filter(({ partition }) => partition !== behind.partition), behind].toSorted(
            (a, b) => a.partition - b.partition,
          ),
        }),
      resume: () => update({ problem: null, behind: state.behind.length === 0 ? state.behind : [] }),
      failNextPublish: (failure) => void (nextFailure = failure),
      holdAcknowledgements: acknowledgements.close,
      releaseAcknowledgements: acknowledgements.open,
    },
  }
}

function createSignal(): Signal & { fire(): void } {
  const listeners = new Set<() => void>()
  return {
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    fire() {
      for (const listener of listeners) listener()
    },
  }
}

/** A gate that is open, or will be. */
function createGate(): { passed(): Promise<void> | null; close(): void; open(): void } {
  let opened: Promise<void> | null = null
  let release = (): void => undefined
  return {
    passed: () => opened,
    close() {
      opened ??= new Promise((resolve) => (release = resolve))
    },
    open() {
      opened = null
      release()
    },
  }
}
