/** A batch of record format v2, as its header describes it. No part of it is verified yet. */
export interface Batch {
  readonly baseOffset: number
  readonly lastOffsetDelta: number
  readonly attributes: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: bigint
  readonly count: number
  readonly crc: number
  /** Bytes under the checksum: all from the attributes on. The broker writes the offset and the leader's epoch before them. */
  readonly checked: Buffer
  /** The records, perhaps compressed. */
  readonly body: Buffer
}

export type Framed =
  /** The bytes end before the batch does. */
  | { readonly kind: 'incomplete'; readonly claimedBytes: number }
  /** No batch has such a size or offset: the place of the next one is not known. */
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'other-format'; readonly bytes: number; readonly baseOffset: number; readonly why: string }
  | { readonly kind: 'batch'; readonly bytes: number; readonly batch: Batch }

export const attribute = { codec: 0x07, appendTime: 0x08, transactional: 0x10, control: 0x20 }

const headerBytes = 61
/** Up to the format, which is at the same place in all formats. */
const commonBytes = 17
/** With its last record, a batch may lie 2^31 above its base. Positions are exact below 2^53. */
const maxBaseOffset = 2 ** 53 - 2 ** 32

/** Reads the header of the batch that begins at `at`. */
export function frameBatch(bytes: Buffer, at: number): Framed {
  if (bytes.length - at < 12) return { kind: 'incomplete', claimedBytes: commonBytes }
  const baseOffset = readInt64(bytes, at)
  const size = 12 + bytes.readInt32BE(at + 8)
  if (size < commonBytes) return { kind: 'broken', why: `a batch of ${size} bytes` }
  if (baseOffset < 0 || baseOffset > maxBaseOffset) return { kind: 'broken', why: `a batch at offset ${baseOffset}` }
  if (bytes.length - at < size) return { kind: 'incomplete', claimedBytes: size }
  const format = bytes.readInt8(at + 16)
  if (format !== 2)
    return {
      kind: 'other-format',
      bytes: size,
      baseOffset,
      why: `a batch of record format ${format}; only format 2 (Kafka 0.11 and later) can be read`,
    }
  if (size < headerBytes)
    return { kind: 'other-format', bytes: size, baseOffset, why: `a batch of ${size} bytes, which is less than its header` }
  return { kind: 'batch', bytes: size, batch: readHeader(bytes.subarray(at, at + size), baseOffset) }
}

function readHeader(bytes: Buffer, baseOffset: number): Batch {
  return {
    baseOffset,
    crc: bytes.readUInt32BE(17),
    checked: bytes.subarray(21),
    attributes: bytes.readInt16BE(21),
    lastOffsetDelta: bytes.readInt32BE(23),
    baseTimestampMs: readInt64(bytes, 27),
    maxTimestampMs: readInt64(bytes, 35),
    producerId: bytes.readBigInt64BE(43),
    count: bytes.readInt32BE(57),
    body: bytes.subarray(headerBytes),
  }
}

/** Reads 64 bits. Exact up to 2^53. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

/**
 * Returns the offset behind the last whole batch, by the headers: the next fetch goes on there if all batches can be read. Returns null
 * when no batch is whole, or a header is impossible.
 */
export function endOfBatches(bytes: Buffer): number | null {
  let end: number | null = null
  for (let at = 0; bytes.length - at >= headerBytes;) {
    const size = 12 + bytes.readInt32BE(at + 8)
    if (size < headerBytes) return null
    if (bytes.length - at < size) break
    const [baseOffset, lastOffsetDelta] = [readInt64(bytes, at), bytes.readInt32BE(at + 23)]
    if (baseOffset < 0 || baseOffset > maxBaseOffset || lastOffsetDelta < 0) return null
    end = baseOffset + lastOffsetDelta + 1
    at += size
  }
  return end
}
