import { WireWriter } from '../wire/wire-writer.ts'
import { crc32c } from './crc32c.ts'

export interface RecordToWrite {
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  /** In order; a name may occur several times. */
  readonly headers: readonly (readonly [string, string | Buffer | null])[]
  /** A whole number. */
  readonly timestampMs: number
}

const noAttributes = 0
const noProducer = -1

/**
 * Encodes a batch (record format v2) of at least one record for a Produce request: not compressed, not idempotent, not transactional.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export function encodeBatch(records: readonly RecordToWrite[]): Buffer {
  const times = records.map((record) => record.timestampMs)
  const baseTimestampMs = times[0] ?? 0
  const body = records.map((record, index) => encodeRecord(record, index, record.timestampMs - baseTimestampMs))
  const checked = new WireWriter()
    .int16(noAttributes)
    .int32(records.length - 1) // the last offset, counted from the first
    .int64(baseTimestampMs)
    .int64(times.reduce((max, time) => Math.max(max, time), baseTimestampMs))
    .int64(noProducer)
    .int16(noProducer) // its epoch
    .int32(noProducer) // its sequence
    .int32(records.length)
    .raw(Buffer.concat(body))
    .done()
  return new WireWriter()
    .int64(0) // the offset: the broker fills it in
    .int32(checked.length + 9)
    .int32(-1) // the leader's epoch: the broker fills it in
    .int8(2) // the format
    .int32(crc32c(checked) | 0)
    .raw(checked)
    .done()
}

/** Encodes one record. Its offset and its time count from those of its batch. */
export function encodeRecord(record: RecordToWrite, offsetDelta: number, timestampDelta: number): Buffer {
  const { key, value, headers } = record
  const writer = new WireWriter().int8(noAttributes).varint(timestampDelta).varint(offsetDelta).varbytes(key).varbytes(value)
  writer.varint(headers.length)
  for (const [name, content] of headers) writer.varbytes(name).varbytes(content)
  return new WireWriter().varbytes(writer.done()).done()
}
