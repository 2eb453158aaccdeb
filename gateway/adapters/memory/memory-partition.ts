import type { LogRecord, RecordHeaders } from '../../event/log-record.ts'
import type { PartitionBehind, SourceProblem } from '../../replay/record-source.ts'

/** One partition of the in-process log: a bounded run of records. Like Kafka's, it begins anywhere and may have holes. */
export interface MemoryPartition {
  /** Offset of the oldest record that is still there; the end when there is none. */
  readonly startOffset: number
  /** Offset of the next record. */
  readonly endOffset: number
  append(record: Omit<LogRecord, 'partition' | 'offset'>): void
  /** Moves the end without a record, as a transaction's marker does. */
  skip(offsets: number): void
  /** Drops the records below `offset`, as retention does. */
  trim(offset: number): void
  /**
   * Returns records from `offset` on, at most `max`.
   * @param offset at least `startOffset`
   */
  read(offset: number, max: number): readonly LogRecord[]
  /** Returns the offset of the first record that is not older than `timestampMs`; the end when all are older. */
  offsetAt(timestampMs: number): number
}

export interface MemoryRecord {
  readonly partition: number
  /** @default null */
  readonly key?: Buffer | string | null
  /** @default null, a tombstone */
  readonly value?: Buffer | string | null
  readonly headers?: RecordHeaders | Readonly<Record<string, string>>
  /** @default the clock's now */
  readonly timestampMs?: number
}

/** State of the log, as sources and publishers see it. */
export interface MemoryLogState {
  readonly epoch: string
  readonly partitions: readonly MemoryPartition[]
  readonly problem: SourceProblem | null
  readonly behind: readonly PartitionBehind[]
}

/** Reports changes of the log to its listeners. */
export interface Signal {
  /** @returns a function that ends it */
  listen(listener: () => void): () => void
}

/** @param maxRecords the oldest record goes when one more than this comes */
export function createMemoryPartition(partition: number, maxRecords: number): MemoryPartition {
  let records: LogRecord[] = []
  // Dropped records stay at the front of the array until they are as many as the rest. Dropping one then costs nothing, on average.
  let dropped = 0
  let start = 0
  let end = 0

  function drop(count: number): void {
    dropped += count
    if (dropped * 2 < records.length) return
    records = records.slice(dropped)
    dropped = 0
  }

  const indexOf = (matches: (record: LogRecord) => boolean): number => firstIndex(records, dropped, matches)

  return {
    get startOffset() {
      return start
    },
    get endOffset() {
      return end
    },
    append(record) {
      records.push({ ...record, partition, offset: end })
      end += 1
      if (records.length - dropped <= maxRecords) return
      drop(1)
      start = records[dropped]?.offset ?? end
    },
    skip(offsets) {
      end += offsets
    },
    trim(offset) {
      if (offset <= start) return
      start = Math.min(offset, end)
      drop(indexOf((record) => record.offset >= start) - dropped)
    },
    read(offset, max) {
      const from = indexOf((record) => record.offset >= offset)
      return records.slice(from, from + max)
    },
    offsetAt(timestampMs) {
      return records[indexOf((record) => record.timestampMs >= timestampMs)]?.offset ?? end
    },
  }
}

/** Returns the first index at or after `from` whose record matches. Every later record must match, too. */
function firstIndex(records: readonly LogRecord[], from: number, matches: (record: LogRecord) => boolean): number {
  let low = from
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const record = records[middle]
    if (record !== undefined && matches(record)) high = middle
    else low = middle + 1
  }
  return low
}
