import type { LogRecord } from '../../../event/log-record.ts'
import type { AbortedTransaction } from './aborted-transactions.ts'
import { decodeRecordSet } from './decode-record-set.ts'

export type RecordStep =
  /** Records that consumers may see, at or above fromOffset, at most 1_000; never empty. nextOffset: everything below has been read. */
  | { readonly kind: 'records'; readonly records: readonly LogRecord[]; readonly nextOffset: number }
  /** Nothing to see up to here: markers, aborted records, holes, empty batches. */
  | { readonly kind: 'skipped'; readonly nextOffset: number }
  /** One batch cannot be read. Reading goes on behind it. */
  | { readonly kind: 'unreadable'; readonly nextOffset: number; readonly why: string }

export interface FetchedRecords {
  readonly partition: number
  readonly records: Buffer
  readonly aborted: readonly AbortedTransaction[]
  /** The end of the partition when the broker answered; bounds how far a damaged batch may move the position. */
  readonly highWatermark?: number
}

export async function* readRecords(fetched: FetchedRecords, fromOffset: number): AsyncGenerator<RecordStep> {
  const set = await decodeRecordSet(fetched.records, fetched.partition, fetched.aborted)
  if (set.nextOffset === -1) return
  const records = set.records.filter((record) => record.offset >= fromOffset)
  if (set.unreadable !== null) yield { kind: 'unreadable', nextOffset: set.nextOffset, why: set.unreadable }
  else if (records.length > 0) yield { kind: 'records', records, nextOffset: set.nextOffset }
  else yield { kind: 'skipped', nextOffset: set.nextOffset }
}

/**
 * Tells of a fetch whose first batch is not whole: `readRecords` yields nothing for it, and the same fetch brings the same again. `bytes` is
 * the size that the batch claims; `nextOffset` lies behind it. Ask for this partition alone, with room for it; give up what still is cut then.
 * Returns null when there is a whole batch, or nothing at all.
 */
export function stuckBatch(records: Buffer, fromOffset: number): { readonly bytes: number; readonly nextOffset: number } | null {
  if (records.length === 0) return null
  const bytes = records.length < 12 ? 12 : 12 + records.readInt32BE(8)
  return bytes <= records.length && bytes >= 17 ? null : { bytes, nextOffset: fromOffset + 1 }
}
