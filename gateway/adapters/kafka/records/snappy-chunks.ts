/** Raw snappy, and the size that it claims. */
export interface SnappyChunk {
  readonly bytes: Buffer
  readonly claimedBytes: number
}

/** First bytes of the Java client's frames: 8 bytes of magic, then two versions. */
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const xerialHeadBytes = 16

/** Snappy makes at most 64 bytes of three. */
const maxRatio = 22

/**
 * Splits compressed bytes into their chunks of raw snappy: many in the frames of the Java client, else one. Decompresses nothing.
 *
 * @throws RangeError when the bytes are damaged, or claim more than `maxBytes`
 */
export function splitSnappy(bytes: Buffer, maxBytes: number): readonly SnappyChunk[] {
  const parts = isXerial(bytes, 0) ? splitXerial(bytes) : [bytes]
  let total = 0
  return parts.map((part) => {
    const claimedBytes = claimedSize(part)
    total += claimedBytes
    if (total > maxBytes) throw new RangeError(`decompressed, the batch would have more than ${maxBytes} bytes`)
    return { bytes: part, claimedBytes }
  })
}

const isXerial = (bytes: Buffer, at: number): boolean => xerialMagic.equals(bytes.subarray(at, at + xerialMagic.length))

function splitXerial(bytes: Buffer): readonly Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    // Streams may be joined: a head may then come between two chunks, too.
    const isHead = isXerial(bytes, at)
    const end = isHead ? at + xerialHeadBytes : endOfChunk(bytes, at)
    if (end > bytes.length) throw new RangeError('a chunk of snappy ends before its end')
    if (!isHead) parts.push(bytes.subarray(at + 4, end))
    at = end
  }
  return parts
}

const endOfChunk = (bytes: Buffer, at: number): number => (at + 4 > bytes.length ? Infinity : at + 4 + bytes.readUInt32BE(at))

function claimedSize(part: Buffer): number {
  let size = 0
  for (let index = 0; index < 5; index++) {
    const byte = part[index]
    if (byte === undefined) break
    size += (byte & 0x7f) * 128 ** index
    if (byte < 0x80) return checkClaim(size, part.length)
  }
  throw new RangeError('snappy begins with its size, and these bytes have none')
}

function checkClaim(size: number, compressedBytes: number): number {
  if (size > compressedBytes * maxRatio)
    throw new RangeError(`${compressedBytes} bytes of snappy claim to decompress to ${size}, which snappy cannot`)
  return size
}
