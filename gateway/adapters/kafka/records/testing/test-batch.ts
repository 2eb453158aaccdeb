import { codecs } from '../codecs.ts'
import { crc32c } from '../crc32c.ts'
import { encodeRecord, type RecordToWrite } from '../encode-batch.ts'

export interface TestRecord extends Partial<RecordToWrite> {
  /** @default its index */
  readonly offsetDelta?: number
}

export interface TestBatch {
  readonly baseOffset?: number
  /** @default one record */
  readonly records?: readonly TestRecord[]
  /** 0 to 4. */
  readonly compression?: number
  /** The records as bytes, compressed or not, instead of `records`. */
  readonly body?: Buffer
  readonly count?: number
  readonly lastOffsetDelta?: number
  readonly producerId?: number
  readonly transactional?: boolean
  readonly control?: boolean
  readonly appendTime?: boolean
}

export const baseTimestampMs = 1_700_000_000_000
export const compressionNames = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** Encodes a batch as a broker returns it, with the right checksum. */
export async function aBatch(batch: TestBatch = {}): Promise<Buffer> {
  const records = batch.records ?? [{ value: Buffer.from('x') }]
  const deltas = records.map((record, index) => record.offsetDelta ?? index)
  const compression = batch.compression ?? 0
  const body =
    batch.body ?? (await compress(Buffer.concat(records.map((record, index) => encodeTestRecord(record, deltas[index] ?? 0))), compression))
  const head = Buffer.alloc(61)
  head.writeInt8(2, 16)
  head.writeInt16BE(
    compression | (batch.appendTime === true ? 0x08 : 0) | (batch.transactional === true ? 0x10 : 0) | (batch.control === true ? 0x20 : 0),
    21,
  )
  head.writeInt32BE(batch.lastOffsetDelta ?? deltas.at(-1) ?? 0, 23)
  head.writeBigInt64BE(BigInt(baseTimestampMs), 27)
  head.writeBigInt64BE(BigInt(baseTimestampMs + 5_000), 35)
  head.writeBigInt64BE(BigInt(batch.producerId ?? -1), 43)
  head.writeInt32BE(batch.count ?? records.length, 57)
  return seal(Buffer.concat([head, body]), batch.baseOffset ?? 0)
}

/** Gives a changed batch the right size and checksum again, and perhaps another place. */
export function seal(bytes: Buffer, baseOffset = 0): Buffer {
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}

function encodeTestRecord(record: TestRecord, offsetDelta: number): Buffer {
  const { key = null, value = null, headers = [], timestampMs = baseTimestampMs } = record
  return encodeRecord({ key, value, headers, timestampMs }, offsetDelta, timestampMs - baseTimestampMs)
}

export async function compress(bytes: Buffer, compression: number): Promise<Buffer> {
  return (await codecs[compression]?.compress({ buffer: bytes })) ?? bytes
}
