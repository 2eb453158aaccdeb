import { createPause } from './pause.ts'
import type { QueuedRecord } from './publish.ts'

/**
 * Holds the records of one partition that are not in the log yet, in the order in which they were published.
 *
 * One batch at a time is in progress, and its records stay here until the log has them. After a failure the next batch begins with the same
 * records. So a record never overtakes an earlier one of its partition, with any leader, and nothing has to be put back.
 */
export interface PartitionLane {
  readonly partition: number
  readonly records: ReadonlySet<QueuedRecord>
  /** True when records wait, no batch is in progress, and no pause is on. */
  readonly isReady: boolean
  isUnderWay(record: QueuedRecord): boolean
  add(record: QueuedRecord): void
  delete(record: QueuedRecord): void
  /** Returns the records of the next batch, which is in progress from now on. */
  take(): readonly QueuedRecord[]
  /** Ends the batch in progress. */
  ended(): void
  /** Notes that the topic accepts smaller batches than this one. */
  takeFewerBytes(than: readonly QueuedRecord[]): void
  /** Notes that one record of this batch may be the cause: the next batch has half of them. */
  takeFewerRecords(than: readonly QueuedRecord[]): void
  /** Allows batches of full size again. */
  takeFullBatches(): void
  /**
   * Waits before the next batch, longer each time.
   * @returns the number of failed attempts in a row
   */
  pause(): number
  /** Ends the pause: another leader may take the batch at once. */
  resume(): void
  /** Notes that the log has taken a batch. */
  succeeded(): void
}

/** Default limit of a topic on a batch: 1 MiB. A larger record goes alone. */
export const maxBatchBytes = 900_000
export const maxBatchRecords = 1_000

/** @param ready called when a pause is over */
export function createPartitionLane(partition: number, ready: () => void): PartitionLane {
  const records = new Set<QueuedRecord>()
  const pause = createPause({ firstMs: 50, maxMs: 1_000, onEnd: ready })
  let underWay: ReadonlySet<QueuedRecord> | null = null
  let bytesLimit = maxBatchBytes
  let recordsLimit = maxBatchRecords

  function next(): readonly QueuedRecord[] {
    const batch: QueuedRecord[] = []
    let bytes = 0
    for (const record of records) {
      bytes += record.bytes
      if (batch.length > 0 && (bytes > bytesLimit || batch.length >= recordsLimit)) break
      batch.push(record)
    }
    return batch
  }

  return {
    partition,
    records,
    get isReady() {
      return records.size > 0 && underWay === null && !pause.isOn
    },
    isUnderWay: (record) => underWay?.has(record) ?? false,
    add(record) {
      record.partition = partition
      records.add(record)
    },
    delete: (record) => void records.delete(record),
    take() {
      const batch = next()
      underWay = new Set(batch)
      for (const record of batch) record.attempts += 1
      return batch
    },
    ended() {
      underWay = null
    },
    takeFewerBytes(than) {
      bytesLimit = Math.floor(than.reduce((sum, { bytes }) => sum + bytes, 0) / 2)
    },
    takeFewerRecords(than) {
      recordsLimit = Math.floor(than.length / 2)
    },
    takeFullBatches() {
      bytesLimit = maxBatchBytes
    },
    pause() {
      pause.begin()
      return pause.count
    },
    resume: pause.cut,
    succeeded() {
      pause.reset()
      recordsLimit = Math.min(maxBatchRecords, recordsLimit * 2)
    },
  }
}
