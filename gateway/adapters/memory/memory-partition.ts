import type { LogRecord, RecordHeaders } from '../../event/log-record.ts'
import type { PartitionBehind, SourceProblem } from '../../replay/record-source.ts'

/** One partition of the in-process log: a bounded run of records. Like Kafka's, it begins anywhere and may have holes. */
export interface MemoryPartition {
  /** Offset of the oldest record that is still there; the end when there is none. */
  readonly startOffset: number
  /** Offset of the next record. */
  readonly endOffset: number
  /** @param nowMs timestamp of a record without one */
  append(record: MemoryRecord, nowMs: number): void
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

/** A record as it was appended. Its texts become bytes when it is read: as buffers, they would be most of what the garbage collector follows. */
interface KeptRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers: NonNullable<MemoryRecord['headers']>
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
  let records: KeptRecord[] = []
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

  const indexOf = (matches: (record: KeptRecord) => boolean): number => firstIndex(records, dropped, matches)

  return {
    get startOffset() {
      return start
    },
    get endOffset() {
      return end
    },
    append({ timestampMs, key = null, value = null, headers = none }, nowMs) {
      records.push({ offset: end, timestampMs: timestampMs ?? nowMs, key, value, headers })
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
      return records.slice(from, from + max).map((record) => toLogRecord(partition, record))
    },
    offsetAt(timestampMs) {
      return records[indexOf((record) => record.timestampMs >= timestampMs)]?.offset ?? end
    },
  }
}

const none = Object.freeze({})

function toLogRecord(partition: number, { offset, timestampMs, key, value, headers }: KeptRecord): LogRecord {
  const bytes: Record<string, Buffer | readonly Buffer[] | undefined> = {}
  for (const name in headers) {
    const header = headers[name]
    bytes[name] = typeof header === 'string' ? Buffer.from(header) : header
  }
  return { partition, offset, timestampMs, key: toBuffer(key), value: toBuffer(value), headers: bytes }
}

const toBuffer = (content: Buffer | string | null): Buffer | null => (typeof content === 'string' ? Buffer.from(content) : content)

/** Returns the first index at or after `from` whose record matches. Every later record must match, too. */
function firstIndex(records: readonly KeptRecord[], from: number, matches: (record: KeptRecord) => boolean): number {
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
