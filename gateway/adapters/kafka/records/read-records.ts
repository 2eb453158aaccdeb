import { messageOf } from '../../../../program/message-of.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import { trackAborted, type AbortedTransaction, type AbortedTransactions } from './aborted-transactions.ts'
import { attribute, frameBatch, readInt64, type Batch } from './batch.ts'
import { codecs } from './codecs.ts'
import { crc32c } from './crc32c.ts'
import { RecordReader } from './record-reader.ts'
import { Turns } from './turns.ts'

export type RecordStep =
  /**
   * Records that consumers may see, at or above fromOffset, at most 1_000; never empty. nextOffset: all records below it have been read.
   */
  | { readonly kind: 'records'; readonly records: readonly LogRecord[]; readonly nextOffset: number }
  /** No visible record up to here: markers, aborted records, holes, empty batches. */
  | { readonly kind: 'skipped'; readonly nextOffset: number }
  /**
   * One batch, or the rest of it, cannot be read (codec, CRC, damaged, too large decompressed, record format 0/1). Reading goes on behind
   * it.
   */
  | { readonly kind: 'unreadable'; readonly nextOffset: number; readonly why: string }

/** Content of a fetch of one partition. */
export interface FetchedRecords {
  readonly partition: number
  readonly records: Buffer
  /** In any order. */
  readonly aborted: readonly AbortedTransaction[]
  /** End of the partition when the broker answered: a batch with a wrong checksum moves the position no further. */
  readonly highWatermark?: number
}

/** Limit on the records of one step. */
export const maxRecordsPerStep = 1_000

/** Pieces in which the checksum of a large batch is taken: some 2 ms each. */
const crcPieceBytes = 1_048_576

/**
 * Decodes a fetch of one partition, lazily: a step at a time, and never all records of a large batch. Records of small batches come
 * together in one step. The event loop turns every 4 ms, within long steps and between short ones. At most one decompressed batch is held
 * (`maxDecompressedBytes`), and the records of one step.
 *
 * **What is trusted**: the broker decides where batches begin and their base offsets, which are checked for being possible. All else of a
 * header is under the batch's checksum. With the right one it is what the producer and the broker wrote, and offsets of records still have
 * to lie within their batch, ascending. With a wrong one no value is believed that would move the position beyond the next batch. Reading
 * then ends: the batch may have been the marker of a transaction.
 *
 * Each step's `nextOffset` is above the one before, and above `fromOffset`. An incomplete batch at the end is left for the next fetch (but
 * see `stuckBatch`).
 *
 * @param turns may be shared with other work that keeps the event loop
 */
export async function* readRecords(fetched: FetchedRecords, fromOffset: number, turns = new Turns()): AsyncGenerator<RecordStep> {
  const { records: bytes } = fetched
  const reading: Reading = {
    fetched,
    transactions: trackAborted(fetched.aborted),
    turns,
    position: fromOffset,
    reported: fromOffset,
    pending: [],
    pendingTo: fromOffset,
  }
  let isWhole = false
  for (let at = 0; at < bytes.length;) {
    const framed = frameBatch(bytes, at)
    if (framed.kind === 'incomplete') break
    isWhole = true
    if (framed.kind !== 'batch') {
      yield* flush(reading)
      yield unreadable(
        reading,
        framed.kind === 'broken' ? reading.position + 1 : Math.max(reading.position, Math.min(framed.baseOffset, endOf(reading))) + 1,
        framed.why,
      )
      if (framed.kind === 'broken') return
      at += framed.bytes
      continue
    }
    const { batch } = framed
    at += framed.bytes
    const isShort = batch.checked.length <= crcPieceBytes
    const damage = damageOf(batch, isShort ? crc32c(batch.checked) : await longChecksum(batch.checked, reading.turns))
    if (damage !== null) {
      yield* flush(reading)
      yield unreadable(reading, behindDamaged(batch, at, reading), damage)
      return
    }
    const nextOffset = Math.max(reading.position, batch.baseOffset + batch.lastOffsetDelta + 1)
    if (isVisible(batch, reading.transactions) && nextOffset > reading.position) yield* readBody(batch, nextOffset, reading)
    reading.position = nextOffset
    if (!reading.turns.isSpent) continue
    yield* flush(reading)
    await reading.turns.rest()
  }
  yield* flush(reading)
  if (reading.position > reading.reported) yield { kind: 'skipped', nextOffset: reading.position }
  // A broker never does this. Without a step the same fetch would come again, without end.
  else if (isWhole && reading.reported === fromOffset)
    yield {
      kind: 'unreadable',
      nextOffset: fromOffset + 1,
      why: `the broker sent no record at or above the requested offset ${fromOffset}`,
    }
}

/** State that goes along from batch to batch. */
interface Reading {
  readonly fetched: FetchedRecords
  readonly transactions: AbortedTransactions
  readonly turns: Turns
  /** All records below have been read. */
  position: number
  /** The `nextOffset` of the last step. */
  reported: number
  /** Records that wait for the rest of their step, and the `nextOffset` of that step. */
  pending: LogRecord[]
  pendingTo: number
}

/** Yields the waiting records, if there are any. */
function* flush(reading: Reading): Generator<RecordStep> {
  const { pending: records, pendingTo: nextOffset } = reading
  if (records.length === 0) return
  reading.pending = []
  reading.reported = nextOffset
  yield { kind: 'records', records, nextOffset }
}

/** Moves the position behind an unreadable batch. */
function unreadable(reading: Reading, nextOffset: number, why: string): RecordStep {
  reading.reported = reading.position = nextOffset
  return { kind: 'unreadable', nextOffset, why }
}

const endOf = ({ fetched, position }: Reading): number => fetched.highWatermark ?? Math.max(position, Number.MAX_SAFE_INTEGER - 1)

/** Takes the checksum of a large batch in pieces. */
async function longChecksum(bytes: Buffer, turns: Turns): Promise<number> {
  let crc = 0
  for (let at = 0; at < bytes.length; at += crcPieceBytes) {
    crc = crc32c(bytes.subarray(at, at + crcPieceBytes), crc)
    await turns.rest()
  }
  return crc
}

function damageOf(batch: Batch, crc: number): string | null {
  if (crc !== batch.crc) return `a batch whose checksum (CRC-32C) is wrong: ${hex(batch.crc)} where its bytes have ${hex(crc)}`
  return batch.lastOffsetDelta < 0 || batch.count < 0
    ? `a batch of ${batch.count} records, the last of them at ${batch.lastOffsetDelta}`
    : null
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0')

/**
 * Returns the next position behind a batch whose header may be damaged: no further than to the next batch, nor beyond the end of the
 * partition.
 */
function behindDamaged(batch: Batch, end: number, reading: Reading): number {
  const { records: bytes } = reading.fetched
  const following = bytes.length - end < 8 ? -1 : readInt64(bytes, end)
  const claimed = batch.baseOffset + Math.max(0, batch.lastOffsetDelta) + 1
  const next = following > batch.baseOffset ? Math.min(following, claimed) : claimed
  return Math.max(reading.position + 1, Math.min(next, endOf(reading)))
}

/** Follows the transactions, and returns whether consumers may see the batch's records. */
function isVisible(batch: Batch, transactions: AbortedTransactions): boolean {
  transactions.enter(batch.baseOffset + batch.lastOffsetDelta + 1)
  if ((batch.attributes & attribute.control) !== 0) {
    transactions.end(batch.producerId)
    return false
  }
  // Compaction may leave a batch without records, to remember its producer's sequence.
  return batch.count > 0 && !((batch.attributes & attribute.transactional) !== 0 && transactions.isAborted(batch.producerId))
}

/** Reads the records of one batch. Yields the full steps. Records of the last step wait in `pending` for those of the next batch. */
async function* readBody(batch: Batch, nextOffset: number, reading: Reading): AsyncGenerator<RecordStep> {
  const isCompressed = (batch.attributes & attribute.codec) !== 0
  // The waiting records may be views of another decompressed batch: that one goes first.
  if (isCompressed) yield* flush(reading)
  const body = isCompressed ? await decompress(batch) : batch.body
  if (typeof body === 'string') return yield unreadable(reading, nextOffset, body)
  const reader = readerOf(batch, body, reading)
  while (reader.left > 0) {
    const { records, failure } = reader.read(reading.position, maxRecordsPerStep - reading.pending.length, () => reading.turns.isSpent)
    take(records, reader.left === 0 && failure === null ? nextOffset : null, reading)
    if (failure !== null) {
      yield* flush(reading)
      // All places of the batch may be read when it ends badly: then nothing is lost.
      return reading.position < nextOffset
        ? yield unreadable(reading, nextOffset, `a batch that cannot be read to its end: ${failure}`)
        : undefined
    }
    const isSpent = reading.turns.isSpent
    if (isSpent || reading.pending.length === maxRecordsPerStep) yield* flush(reading)
    if (isSpent) await reading.turns.rest()
  }
}

function readerOf(batch: Batch, body: Buffer, { fetched: { partition } }: Reading): RecordReader {
  return new RecordReader(body, {
    ...batch,
    partition,
    appendTimeMs: (batch.attributes & attribute.appendTime) === 0 ? null : batch.maxTimestampMs,
  })
}

/**
 * Adds records to the step.
 * @param end end of their batch; null: it has more
 */
function take(records: readonly LogRecord[], end: number | null, reading: Reading): void {
  const last = records.at(-1)
  if (last === undefined) return
  reading.position = reading.pendingTo = end ?? last.offset + 1
  if (reading.pending.length === 0) reading.pending = [...records]
  else for (const record of records) reading.pending.push(record)
}

/** Returns the decompressed bytes, or the reason why there are none: damaged bytes and bugs of codecs arrive here. */
async function decompress(batch: Batch): Promise<Buffer | string> {
  const type = batch.attributes & attribute.codec
  const codec = codecs[type]
  if (codec === undefined) return `a batch of compression type ${type}; only 0 to 4 (none, gzip, snappy, lz4, zstd) can be read`
  try {
    return await codec.decompress(batch.body)
  } catch (cause) {
    return `a batch that cannot be decompressed: ${messageOf(cause)}`
  }
}

/**
 * Describes a fetch whose first batch is not whole: `readRecords` yields nothing for it, and the same fetch brings the same again. `bytes`
 * is the size that the batch claims. `nextOffset` is the position to go on from when the partition was asked for alone, and its batch still
 * is cut. Returns null when there is a whole batch, or no byte at all.
 */
export function stuckBatch(records: Buffer, fromOffset: number): { readonly bytes: number; readonly nextOffset: number } | null {
  const framed = records.length === 0 ? null : frameBatch(records, 0)
  return framed?.kind === 'incomplete' ? { bytes: framed.claimedBytes, nextOffset: fromOffset + 1 } : null
}
