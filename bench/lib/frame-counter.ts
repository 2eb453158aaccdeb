/** What the frames of one or many connections have in common: how many there were, and how long they took. */
export interface Tally {
  /** Text frames. */
  frames: number
  /** Bytes of frames of any kind, headers included. */
  bytes: number
  /** Called with the payload of each text frame that came in one piece, if wanted. */
  readonly onText: ((bytes: Buffer, start: number, end: number) => void) | null
}

/**
 * Counts the frames of a server (RFC 6455 section 5.2) in a stream that is cut anywhere. It keeps no bytes but those of an
 * unfinished header.
 */
export class FrameCounter {
  readonly #tally: Tally
  readonly #onPing: () => void
  /** Bytes of the current frame's payload that are still to come. */
  #left = 0
  #header = Buffer.alloc(0)

  constructor(tally: Tally, onPing: () => void) {
    this.#tally = tally
    this.#onPing = onPing
  }

  add(bytes: Buffer, start: number, end: number): void {
    this.#tally.bytes += end - start
    let at = start
    while (at < end) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, end - at)
        this.#left -= taken
        at += taken
      } else {
        at = this.#readHeader(bytes, at, end)
      }
    }
  }

  /** @returns where the payload begins, or `end` when the header is not whole */
  #readHeader(bytes: Buffer, at: number, end: number): number {
    if (this.#header.length > 0 || end - at < 10) return this.#readSplitHeader(bytes, at, end)
    const { length, headerBytes } = headerOf(bytes, at)
    return this.#begin({ bytes, payloadAt: at + headerBytes, end, length, opcode: bytes.readUInt8(at) & 15 })
  }

  #readSplitHeader(bytes: Buffer, at: number, end: number): number {
    const before = this.#header.length
    const joined = Buffer.concat([this.#header, bytes.subarray(at, Math.min(end, at + 10 - before))])
    const whole = joined.length >= 2 && joined.length >= headerOf(joined, 0).headerBytes
    if (!whole) {
      this.#header = joined
      return end
    }
    this.#header = Buffer.alloc(0)
    const { length, headerBytes } = headerOf(joined, 0)
    return this.#begin({ bytes, payloadAt: at + headerBytes - before, end, length, opcode: joined.readUInt8(0) & 15 })
  }

  #begin(frame: {
    readonly bytes: Buffer
    readonly payloadAt: number
    readonly end: number
    readonly length: number
    readonly opcode: number
  }): number {
    this.#left = frame.length
    if (frame.opcode === 9) this.#onPing()
    if (frame.opcode === 1) {
      this.#tally.frames += 1
      if (frame.payloadAt + frame.length <= frame.end) this.#tally.onText?.(frame.bytes, frame.payloadAt, frame.payloadAt + frame.length)
    }
    return frame.payloadAt
  }
}

/** Of an unmasked frame of which at least two bytes are there; `length` is only right when all of the header is. */
export function headerOf(bytes: Buffer, at: number): { readonly length: number; readonly headerBytes: number } {
  const short = bytes.readUInt8(at + 1) & 0x7f
  if (short < 126) return { length: short, headerBytes: 2 }
  if (short === 126) return { length: bytes.length >= at + 4 ? bytes.readUInt16BE(at + 2) : 0, headerBytes: 4 }
  return { length: bytes.length >= at + 10 ? Number(bytes.readBigUInt64BE(at + 2)) : 0, headerBytes: 10 }
}
