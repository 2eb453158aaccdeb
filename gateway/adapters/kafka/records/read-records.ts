import type { LogRecord } from '../../../event/log-record.ts'
import { trackAborted, type AbortedTransaction, type AbortedTransactions } from './aborted-transactions.ts'
import { attribute, frameBatch, readInt64, type Batch } from './batch.ts'
import { codecs } from './codecs.ts'
import { crc32c } from './crc32c.ts'
import { RecordReader } from './record-reader.ts'
import { Turns } from './turns.ts'

export type RecordStep =
  /** Records that consumers may see, at or above fromOffset, at most 1_000; never empty. nextOffset: everything below has been read. */
  | { readonly kind: 'records'; readonly records: readonly LogRecord[]; readonly nextOffset: number }
  /** Nothing to see up to here: markers, aborted records, holes, empty batches. */
  | { readonly kind: 'skipped'; readonly nextOffset: number }
  /** One batch, or the rest of it, cannot be read (codec, CRC, damaged, too large decompressed, record format 0/1). Reading goes on behind it. */
  | { readonly kind: 'unreadable'; readonly nextOffset: number; readonly why: string }

/** What a fetch brought of one partition. */
export interface FetchedRecords {
  readonly partition: number
  readonly records: Buffer
  /** In any order. */
  readonly aborted: readonly AbortedTransaction[]
  /** The end of the partition when the broker answered: a batch with a wrong checksum moves the position no further. */
  readonly highWatermark?: number
}

/** At most so many records come in one step. */
export const maxRecordsPerStep = 1_000

/** The checksum of a large batch is taken in pieces of this size: some 2 ms each. */
const crcPieceBytes = 1_048_576

/**
 * Decodes what a fetch brought of one partition, lazily: a step at a time, and never all records of a batch. The event loop turns every 4 ms,
 * within long steps and between short ones. At most one decompressed batch is held (`maxDecompressedBytes`), and the records of one step.
 *
 * What is trusted: where batches begin and their base offsets are the broker's, and are checked for being possible. All else of a header
 * is under the batch's checksum: with the right one it is what the producer and the broker wrote, and offsets of records still have to lie
 * within their batch, ascending. With a wrong one nothing is believed that would move the position beyond the next batch, and reading ends:
 * the batch may have been the marker of a transaction.
 *
 * Each step's `nextOffset` is above the one before, and above `fromOffset`. An incomplete batch at the end is left for the next fetch (but see
 * `stuckBatch`).
 */
export async function* readRecords(fetched: FetchedRecords, fromOffset: number): AsyncGenerator<RecordStep> {
  const { records: bytes } = fetched
  const reading: Reading = { fetched, transactions: trackAborted(fetched.aborted), turns: new Turns(), position: fromOffset, isDamaged: false }
  let told = fromOffset
  let isWhole = false
  for (let at = 0; at < bytes.length; ) {
    const framed = frameBatch(bytes, at)
    if (framed.kind === 'incomplete') break
    isWhole = true
    if (framed.kind === 'broken') {
      yield { kind: 'unreadable', nextOffset: reading.position + 1, why: framed.why }
      return
    }
    at += framed.bytes
    const steps = framed.kind === 'batch' ? readBatch(framed.batch, at, reading) : skipUnknown(framed, reading)
    for await (const step of steps) {
      told = reading.position = step.nextOffset
      yield step
    }
    if (reading.isDamaged) return
    await reading.turns.rest()
  }
  if (reading.position > told) yield { kind: 'skipped', nextOffset: reading.position }
  // A broker never does this. Without a step the same fetch would come again, for ever.
  else if (isWhole && told === fromOffset) yield { kind: 'unreadable', nextOffset: fromOffset + 1, why: `the broker sent nothing at or above offset ${fromOffset}, which was asked for` }
}

/** What goes along from batch to batch. */
interface Reading {
  readonly fetched: FetchedRecords
  readonly transactions: AbortedTransactions
  readonly turns: Turns
  /** Everything below has been read. */
  position: number
  /** Whether a batch was damaged. It may have been the marker that ends a transaction: the next fetch tells which of them are aborted. */
  isDamaged: boolean
}

interface Unknown {
  readonly baseOffset: number
  readonly why: string
}

function* skipUnknown({ baseOffset, why }: Unknown, reading: Reading): Generator<RecordStep> {
  yield { kind: 'unreadable', nextOffset: Math.max(reading.position, Math.min(baseOffset, endOf(reading))) + 1, why }
}

const endOf = ({ fetched, position }: Reading): number => fetched.highWatermark ?? Math.max(position, Number.MAX_SAFE_INTEGER - 1)

/** Yields the steps of one batch. Without a visible record it only moves the position. */
async function* readBatch(batch: Batch, end: number, reading: Reading): AsyncGenerator<RecordStep> {
  const damage = await findDamage(batch, reading.turns)
  if (damage !== null) {
    reading.isDamaged = true
    return yield { kind: 'unreadable', nextOffset: behindDamaged(batch, end, reading), why: damage }
  }
  const nextOffset = Math.max(reading.position, batch.baseOffset + batch.lastOffsetDelta + 1)
  if (isVisible(batch, reading.transactions) && nextOffset > reading.position) yield* readBody(batch, nextOffset, reading)
  reading.position = nextOffset
}

async function findDamage(batch: Batch, turns: Turns): Promise<string | null> {
  let crc = 0
  for (let at = 0; at < batch.checked.length; at += crcPieceBytes) {
    crc = crc32c(batch.checked.subarray(at, at + crcPieceBytes), crc)
    await turns.rest()
  }
  if (crc !== batch.crc) return `a batch whose checksum (CRC-32C) is wrong: ${hex(batch.crc)} where its bytes have ${hex(crc)}`
  return batch.lastOffsetDelta < 0 || batch.count < 0 ? `a batch of ${batch.count} records, the last of them at ${batch.lastOffsetDelta}` : null
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0')

/** Returns where to go on behind a batch whose header may be damaged: no further than to the next batch, nor beyond the end of the partition. */
function behindDamaged(batch: Batch, end: number, reading: Reading): number {
  const { records: bytes } = reading.fetched
  const following = bytes.length - end < 8 ? -1 : readInt64(bytes, end)
  const claimed = batch.baseOffset + Math.max(0, batch.lastOffsetDelta) + 1
  const next = following > batch.baseOffset ? Math.min(following, claimed) : claimed
  return Math.max(reading.position + 1, Math.min(next, endOf(reading)))
}

/** Follows the transactions, and tells whether consumers may see the batch's records. */
function isVisible(batch: Batch, transactions: AbortedTransactions): boolean {
  transactions.enter(batch.baseOffset + batch.lastOffsetDelta + 1)
  if ((batch.attributes & attribute.control) !== 0) {
    transactions.end(batch.producerId)
    return false
  }
  // Compaction may leave a batch without records, to remember its producer's sequence.
  return batch.count > 0 && !((batch.attributes & attribute.transactional) !== 0 && transactions.isAborted(batch.producerId))
}

async function* readBody(batch: Batch, nextOffset: number, reading: Reading): AsyncGenerator<RecordStep> {
  const { turns } = reading
  const body = await decompress(batch)
  if (typeof body === 'string') return yield { kind: 'unreadable', nextOffset, why: body }
  const { partition } = reading.fetched
  const reader = new RecordReader(body, { ...batch, partition, appendTimeMs: (batch.attributes & attribute.appendTime) === 0 ? null : batch.maxTimestampMs })
  while (reader.left > 0) {
    const { records, failure } = reader.read(reading.position, maxRecordsPerStep, () => turns.isSpent)
    const last = records.at(-1)
    if (last !== undefined) yield { kind: 'records', records, nextOffset: reader.left === 0 && failure === null ? nextOffset : last.offset + 1 }
    // All that the batch has places for may be read when it ends badly: then nothing is lost.
    if (failure !== null) return reading.position < nextOffset ? yield { kind: 'unreadable', nextOffset, why: `a batch that cannot be read on: ${failure}` } : undefined
    await turns.rest()
  }
}

/** Returns why it cannot be decompressed, if so: damaged bytes and bugs of codecs arrive here. */
async function decompress(batch: Batch): Promise<Buffer | string> {
  const type = batch.attributes & attribute.codec
  if (type === 0) return batch.body
  const codec = codecs[type]
  if (codec === undefined) return `a batch of compression type ${type}; only 0 to 4 (none, gzip, snappy, lz4, zstd) can be read`
  try {
    return await codec.decompress(batch.body)
  } catch (cause) {
    return `a batch that cannot be decompressed: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/**
 * Tells of a fetch whose first batch is not whole: `readRecords` yields nothing for it, and the same fetch brings the same again. `bytes` is
 * the size that the batch claims; `nextOffset` is what to give up when the partition was asked for alone, and its batch still is cut.
 * Returns null when there is a whole batch, or nothing at all.
 */
export function stuckBatch(records: Buffer, fromOffset: number): { readonly bytes: number; readonly nextOffset: number } | null {
  const framed = records.length === 0 ? null : frameBatch(records, 0)
  return framed?.kind === 'incomplete' ? { bytes: framed.claimedBytes, nextOffset: fromOffset + 1 } : null
}
