import { crc32c } from './crc32c.ts'

export interface RecordToWrite {
  readonly key: Buffer | string | null
  readonly value: Buffer | null
  /** In order; a name may occur several times. */
  readonly headers: readonly (readonly [string, string | Buffer | null])[]
  /** A whole number. */
  readonly timestampMs: number
}

/**
 * Encodes a batch (record format v2) of at least one record for a Produce request: not compressed, not idempotent, not transactional.
 *
 * @see https://kafka.apache.org/documentation/#recordbatch
 */
export function encodeBatch(records: readonly RecordToWrite[]): Buffer {
  const times = records.map((record) => record.timestampMs)
  const baseTimestampMs = times[0] ?? 0
  const body = records.map((record, index) => encodeRecord(record, index, record.timestampMs - baseTimestampMs))
  const head = Buffer.alloc(61)
  const bytes = Buffer.concat([head, ...body])
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(-1, 12) // the leader's epoch: the broker fills it in
  bytes.writeInt8(2, 16)
  bytes.writeInt32BE(records.length - 1, 23)
  bytes.writeBigInt64BE(BigInt(baseTimestampMs), 27)
  bytes.writeBigInt64BE(BigInt(times.reduce((max, time) => Math.max(max, time), baseTimestampMs)), 35)
  bytes.writeBigInt64BE(-1n, 43) // no producer id
  bytes.writeInt16BE(-1, 51)
  bytes.writeInt32BE(-1, 53)
  bytes.writeInt32BE(records.length, 57)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}

/** Encodes one record; its place and its time count from those of its batch. */
export function encodeRecord(record: RecordToWrite, offsetDelta: number, timestampDelta: number): Buffer {
  const { key, value, headers } = record
  const parts = [Buffer.of(0), varint(timestampDelta), varint(offsetDelta), ...sized(key), ...sized(value), varint(headers.length)]
  for (const [name, content] of headers) parts.push(...sized(name), ...sized(content))
  const bytes = Buffer.concat(parts)
  return Buffer.concat([varint(bytes.length), bytes])
}

function sized(content: Buffer | string | null): readonly Buffer[] {
  if (content === null) return [varint(-1)]
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return [varint(bytes.length), bytes]
}

/** Encodes a number zigzag, seven bits a byte; exact up to 2^52. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}
