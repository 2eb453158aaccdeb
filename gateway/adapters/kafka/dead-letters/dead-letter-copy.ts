import type { DecodeFailure } from '../../../event/decoded-record.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import type { RecordHeader } from './exact-headers.ts'

/** One record that cannot be decoded. */
export interface PoisonRecord {
  readonly kind: 'record'
  readonly record: LogRecord
  readonly failure: DecodeFailure
}

/** Summary of a range of offsets, in place of copies of its records. */
export interface RangeNote {
  readonly kind: 'range'
  readonly reason: 'summary' | 'unreadable'
  readonly detail: string
  readonly partition: number
  readonly fromOffset: number
  /** Last offset of the range. */
  readonly toOffset: number
  /** Number of records by reason; empty when the records cannot be counted. */
  readonly counts: Readonly<Record<string, number>>
}

export type DeadLetter = PoisonRecord | RangeNote

/** Record for the dead letter topic. */
export interface DeadLetterCopy {
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In this order. A name may come more than once, and a value may be null. */
  readonly headers: readonly RecordHeader[]
}

/** Parts of a record that a copy holds, from the most to the least. The last form is small for any record. */
export const copyForms = ['full', 'without-value', 'place-only'] as const
export type CopyForm = (typeof copyForms)[number]

export const firstOffsetOf = (letter: DeadLetter): number => (letter.kind === 'record' ? letter.record.offset : letter.fromOffset)
export const lastOffsetOf = (letter: DeadLetter): number => (letter.kind === 'record' ? letter.record.offset : letter.toOffset)

/** Makes the copy. Never throws, for any record. */
export function copyOf(letter: DeadLetter, form: CopyForm, topic: string): DeadLetterCopy {
  if (letter.kind === 'range') return { key: null, value: null, headers: rangeHeaders(letter, topic) }
  const { record, failure } = letter
  const headers = placeHeaders({
    reason: failure.reason,
    detail: failure.detail,
    topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
  })
  switch (form) {
    case 'full':
      return { key: record.key, value: record.value, headers: [...headersOf(record), ...headers] }
    case 'without-value':
      return { key: record.key, value: null, headers: [...headersOf(record), ...headers, ['carillon_dlq_value', 'omitted']] }
    case 'place-only':
      return {
        key: null,
        value: null,
        headers: [...headers, ['carillon_dlq_value', 'omitted'], ['carillon_dlq_omitted', 'key,headers,value']],
      }
  }
}

/** Returns about as many bytes as the copy takes in a batch, at least. */
export function bytesOf({ key, value, headers }: DeadLetterCopy): number {
  let bytes = recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0)
  for (const [name, header] of headers) bytes += headerOverheadBytes + 3 * name.length + (header?.length ?? 0)
  return bytes
}

const recordOverheadBytes = 40
const headerOverheadBytes = 10

/** Headers as they were, if the reader kept them so; otherwise as the decoder sees them. */
function headersOf(record: LogRecord): readonly RecordHeader[] {
  if (record.rawHeaders !== undefined) return record.rawHeaders()
  return Object.entries(record.headers).flatMap(([name, value]): readonly RecordHeader[] => {
    if (value === undefined) return []
    return Buffer.isBuffer(value) ? [[name, value]] : value.map((one): RecordHeader => [name, one])
  })
}

interface Place {
  readonly reason: string
  readonly detail: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
}

const placeHeaders = ({ reason, detail, topic, partition, offset, timestampMs }: Place): readonly RecordHeader[] => [
  ['carillon_dlq_reason', reason],
  ['carillon_dlq_detail', detail],
  ['carillon_dlq_topic', topic],
  ['carillon_dlq_partition', String(partition)],
  ['carillon_dlq_offset', String(offset)],
  ['carillon_dlq_time', timeOf(timestampMs)],
]

function rangeHeaders({ reason, detail, partition, fromOffset, toOffset, counts }: RangeNote, topic: string): readonly RecordHeader[] {
  const place: readonly RecordHeader[] = [
    ['carillon_dlq_reason', reason],
    ['carillon_dlq_detail', detail],
    ['carillon_dlq_topic', topic],
    ['carillon_dlq_partition', String(partition)],
    ['carillon_dlq_offset', String(fromOffset)],
    ['carillon_dlq_to_offset', String(toOffset)],
  ]
  const count = Object.values(counts).reduce((sum, one) => sum + one, 0)
  return count === 0 ? place : [...place, ['carillon_dlq_count', String(count)], ['carillon_dlq_reasons', JSON.stringify(counts)]]
}

/** Largest time of a date, in milliseconds. A producer that writes nanoseconds is beyond it. */
const maxDateMs = 8.64e15

const timeOf = (timestampMs: number): string =>
  Math.abs(timestampMs) <= maxDateMs ? new Date(timestampMs).toISOString() : String(timestampMs)
