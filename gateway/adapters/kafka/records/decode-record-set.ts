import type { LogRecord } from '../../../event/log-record.ts'
import { trackAborted, type AbortedTransaction, type AbortedTransactions } from './aborted-transactions.ts'
import { codecs } from './codecs.ts'
import { decodeRecords } from './decode-records.ts'

/** What a fetch brought of one partition. */
export interface RecordSet {
  /** What consumers may see: neither markers nor records of aborted transactions; may begin below the offset that was asked for. */
  readonly records: readonly LogRecord[]
  /** Everything below has been read, holes included; -1 when the fetch brought nothing. */
  readonly nextOffset: number
  /** Why the records between the offset that was asked for and `nextOffset` cannot be read, or null. Never together with records. */
  readonly unreadable: string | null
}

export type { AbortedTransaction }

const nothing: RecordSet = { records: [], nextOffset: -1, unreadable: null }

/**
 * Decodes the batches of a fetch (record format v2). A batch that cannot be read (an unknown codec, damaged bytes, the formats of Kafka
 * before 0.11) ends the set when there is something before it, and is a set of its own otherwise: the reader is told what is lost, and
 * goes on behind it. An incomplete batch at the end is left for the next fetch.
 */
export async function decodeRecordSet(bytes: Buffer, partition: number, aborted: readonly AbortedTransaction[]): Promise<RecordSet> {
  const transactions = trackAborted(aborted)
  let set = nothing
  for (let at = 0; at < bytes.length; ) {
    const batch = readBatch(bytes, at)
    if (batch === null) return set
    at += batch.bytes
    const records = await decodeBatch(batch, partition, transactions).catch(explain)
    if (typeof records !== 'string') set = join(set, records, batch.nextOffset)
    else if (set.nextOffset === -1) return { records: [], nextOffset: batch.nextOffset, unreadable: records }
    else return set
  }
  return set
}

/** Damaged bytes and bugs of codecs arrive here; both make the batch unreadable. */
const explain = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

function join(set: RecordSet, records: readonly LogRecord[], nextOffset: number): RecordSet {
  if (set.records.length === 0) return { records, nextOffset, unreadable: null }
  return { records: records.length === 0 ? set.records : set.records.concat(records), nextOffset, unreadable: null }
}

interface Batch {
  /** All of it, header included. */
  readonly bytes: number
  readonly nextOffset: number
  readonly baseOffset: number
  readonly magic: number
  readonly attributes: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: bigint
  readonly count: number
  readonly body: Buffer
}

const headerBytes = 61
const attribute = { codec: 0x07, appendTime: 0x08, transactional: 0x10, control: 0x20 }

/** null when the bytes end before the batch does. */
function readBatch(bytes: Buffer, at: number): Batch | null {
  if (bytes.length - at < 17) return null
  const baseOffset = readInt64(bytes, at)
  const size = 12 + bytes.readInt32BE(at + 8)
  const magic = bytes.readInt8(at + 16)
  if (size < 17 || bytes.length - at < size) return null
  if (magic !== 2 || size < headerBytes) return { ...emptyBatch, bytes: size, baseOffset, nextOffset: baseOffset + 1, magic }
  return {
    bytes: size,
    baseOffset,
    magic,
    nextOffset: baseOffset + bytes.readInt32BE(at + 23) + 1,
    attributes: bytes.readInt16BE(at + 21),
    baseTimestampMs: readInt64(bytes, at + 27),
    maxTimestampMs: readInt64(bytes, at + 35),
    producerId: bytes.readBigInt64BE(at + 43),
    count: bytes.readInt32BE(at + 57),
    body: bytes.subarray(at + headerBytes, at + size),
  }
}

const emptyBatch = { attributes: 0, baseTimestampMs: 0, maxTimestampMs: 0, producerId: -1n, count: 0, body: Buffer.alloc(0) }

async function decodeBatch(batch: Batch, partition: number, transactions: AbortedTransactions): Promise<readonly LogRecord[]> {
  if (batch.magic !== 2) throw new Error(`a batch of record format ${batch.magic}; only format 2 (Kafka 0.11 and later) can be read`)
  transactions.enter(batch.nextOffset)
  const isTransactional = (batch.attributes & attribute.transactional) !== 0
  if ((batch.attributes & attribute.control) !== 0) {
    transactions.end(batch.producerId)
    return []
  }
  if (isTransactional && transactions.isAborted(batch.producerId)) return []
  // Compaction may leave a batch without records, to remember its producer's sequence.
  if (batch.count <= 0) return []
  return decodeRecords(await decompress(batch), batch.count, {
    partition,
    baseOffset: batch.baseOffset,
    baseTimestampMs: batch.baseTimestampMs,
    appendTimeMs: (batch.attributes & attribute.appendTime) === 0 ? null : batch.maxTimestampMs,
  })
}

function decompress(batch: Batch): Buffer | Promise<Buffer> {
  const type = batch.attributes & attribute.codec
  if (type === 0) return batch.body
  const codec = codecs[type]
  if (codec === undefined) throw new Error(`a batch of compression type ${type}; only 0 to 4 (none, gzip, snappy, lz4, zstd) can be read`)
  return codec.decompress(batch.body)
}

/** Exact up to 2^53. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}
