/** One frame of lz4 before it is decompressed. */
export interface Lz4Frame {
  readonly bytes: Buffer
  /** Upper bound on the decompressed size. */
  readonly boundBytes: number
}

const magic = { frame: 0x184d2204, skippable: 0x184d2a50, legacy: 0x184c2102 }
const flag = { blockChecksums: 0x10, contentSize: 0x08, contentChecksum: 0x04, dictionary: 0x01 }

/**
 * Walks the frames of compressed bytes without decompressing them. Skippable frames are left out.
 *
 * Most frames do not contain their size, and a false size must cost nothing. So each block is bounded by its frame's limit for a block, and
 * by what lz4 can make of its bytes. Where that is too much, the block's sequences are added up, which is exact but slower.
 *
 * @throws RangeError when the frames are damaged, of the legacy kind, or decompress to more than `maxBytes`
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export function walkLz4Frames(bytes: Buffer, maxBytes: number): readonly Lz4Frame[] {
  const frames: Lz4Frame[] = []
  let left = maxBytes
  for (let at = 0; at < bytes.length;) {
    const kind = readUInt32(bytes, at)
    if ((kind & ~0xf) === magic.skippable) {
      at = checked(bytes, at + 8 + readUInt32(bytes, at + 4))
      continue
    }
    if (kind !== magic.frame)
      throw new RangeError(kind === magic.legacy ? 'lz4 of the legacy format, which Kafka does not know' : 'the bytes are not an lz4 frame')
    const frame = walkFrame(bytes, at, left)
    frames.push(frame)
    left -= frame.boundBytes
    at += frame.bytes.length
  }
  return frames
}

function walkFrame(bytes: Buffer, start: number, maxBytes: number): Lz4Frame {
  const head = readHead(bytes, start)
  if (head.contentBytes > maxBytes) throw tooLarge(maxBytes)
  let [boundBytes, isExact] = [0, false]
  let at = head.end
  for (let size = readUInt32(bytes, at); size !== 0; size = readUInt32(bytes, at)) {
    const block = { isRaw: size >= 0x8000_0000, start: at + 4, end: checked(bytes, at + 4 + (size & 0x7fff_ffff)) }
    if (block.end - block.start > head.blockBytes) throw new RangeError('an lz4 block is larger than its frame allows')
    boundBytes += isExact ? exactSize(bytes, block) : Math.min(head.blockBytes, boundOf(block))
    if (boundBytes > maxBytes && !isExact) {
      isExact = true
      ;[boundBytes, at] = [0, head.end]
      continue
    }
    if (boundBytes > maxBytes) throw tooLarge(maxBytes)
    at = block.end + head.blockChecksumBytes
  }
  return { bytes: bytes.subarray(start, checked(bytes, at + 4 + head.contentChecksumBytes)), boundBytes }
}

function readHead(bytes: Buffer, start: number) {
  checked(bytes, start + 7)
  const flags = bytes.readUInt8(start + 4)
  if (flags >> 6 !== 1) throw new RangeError(`an lz4 frame of version ${flags >> 6}, where only 1 is known`)
  if ((flags & flag.dictionary) !== 0) throw new RangeError('an lz4 frame that needs a dictionary')
  const hasSize = (flags & flag.contentSize) !== 0
  return {
    end: checked(bytes, start + 7 + (hasSize ? 8 : 0)),
    /** 64 KiB, 256 KiB, 1 MiB or 4 MiB. */
    blockBytes: 1 << (2 * ((bytes.readUInt8(start + 5) >> 4) & 7) + 8),
    contentBytes: hasSize ? Number(bytes.readBigUInt64LE(start + 6)) : 0,
    blockChecksumBytes: (flags & flag.blockChecksums) === 0 ? 0 : 4,
    contentChecksumBytes: (flags & flag.contentChecksum) === 0 ? 0 : 4,
  }
}

interface Block {
  readonly isRaw: boolean
  readonly start: number
  readonly end: number
}

/** Returns more than lz4 can make of the block: a byte adds 255 at most, and a sequence 19 more. */
const boundOf = ({ isRaw, start, end }: Block): number => (isRaw ? end - start : 255 * (end - start))

/** Adds up the sizes of the sequences of the block; for damaged ones the result is arbitrary. */
function exactSize(bytes: Buffer, { isRaw, start, end }: Block): number {
  if (isRaw) return end - start
  let size = 0
  let at = start
  const readMore = (length: number): number => {
    if (length < 15) return length
    let [total, more] = [length, 255]
    while (more === 255 && at < end) {
      more = bytes.readUInt8(at++)
      total += more
    }
    return total
  }
  while (at < end) {
    const token = bytes.readUInt8(at++)
    const literals = readMore(token >> 4)
    size += literals
    at += literals + 2
    if (at < end) size += 4 + readMore(token & 0x0f)
  }
  return size
}

const tooLarge = (maxBytes: number): RangeError => new RangeError(`decompressed, the batch would have more than ${maxBytes} bytes`)

/** @throws RangeError when the bytes end before `end` */
function checked(bytes: Buffer, end: number): number {
  if (end > bytes.length) throw new RangeError('an lz4 frame ends before its end')
  return end
}

const readUInt32 = (bytes: Buffer, at: number): number => bytes.readUInt32LE(checked(bytes, at + 4) - 4)
