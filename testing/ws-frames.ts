/** Readers of what a WebSocket server writes (RFC 6455, section 5.2): one that is strict, for tests, and one that is fast, for load. */

/** Header of an unmasked frame. */
interface FrameHeader {
  readonly opcode: number
  /** Bytes of the payload. */
  readonly length: number
  readonly headerBytes: number
}

/** Returns null when the header is not whole. */
function readHeader(bytes: Buffer, at: number, end: number): FrameHeader | null {
  if (end - at < 2) return null
  const opcode = bytes.readUInt8(at) & 15
  const short = bytes.readUInt8(at + 1) & 0x7f
  if (short < 126) return { opcode, length: short, headerBytes: 2 }
  const headerBytes = short === 126 ? 4 : 10
  if (end - at < headerBytes) return null
  return { opcode, length: short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2)), headerBytes }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the texts of whole frames. @throws on all but unmasked, unfragmented text messages in the shortest form: a browser would close */
export function parseTextFrames(bytes: Buffer): readonly string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length;) {
    const { length, headerBytes } = readStrictHeader(bytes, at)
    const start = at + headerBytes
    const end = start + length
    if (end > bytes.length) throw new Error(`the frame at byte ${at} says ${length} bytes, but ${bytes.length - start} follow`)
    texts.push(strictUtf8.decode(bytes.subarray(start, end)))
    at = end
  }
  return texts
}

function readStrictHeader(bytes: Buffer, at: number): FrameHeader {
  const [first, second] = bytes.subarray(at, at + 2)
  if (first !== 0x81) throw new Error(`the frame at byte ${at} begins with ${first}; expected 129: the last fragment, a text`)
  if (second === undefined) throw new Error(`the frame at byte ${at} has no length`)
  if (second > 127) throw new Error(`the frame at byte ${at} is masked; a server does not mask`)
  const header = readHeader(bytes, at, bytes.length)
  if (header === null) throw new Error(`the frame at byte ${at} breaks off in its length`)
  const { length, headerBytes } = header
  const width = headerBytes - 2
  const least = { 0: 0, 2: 126, 8: 65_536 }[width] ?? 0
  if (length < least) throw new Error(`the frame at byte ${at} says ${length} in ${width} bytes; the shortest form is demanded`)
  return header
}

export interface FrameHandler {
  /** Gets a whole message, text or binary. Its bytes are the handler's until it returns. */
  message(bytes: Buffer, start: number, end: number): void
  ping(): void
  /** The server closes the connection in order. */
  close(): void
  /** Counts bytes of any kind, headers included. */
  bytes(count: number): void
}

/** Reads the unfragmented frames of a stream that is cut anywhere, and copies only what a cut frame needs. */
export class FrameReader {
  readonly #handler: FrameHandler
  /** Bytes of a frame that is not whole; null between frames. */
  #pieces: Buffer[] | null = null
  #held = 0
  /** Bytes that the unfinished frame must have before it is read again. */
  #wanted = 2

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  add(bytes: Buffer, start: number, end: number): void {
    this.#handler.bytes(end - start)
    const from = this.#pieces === null ? start : this.#finish(this.#pieces, bytes, { start, end })
    this.#readWhole(bytes, from, end)
  }

  /** Reads the frames that are whole, and keeps what follows them. */
  #readWhole(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      const header = readHeader(bytes, at, end)
      if (header === null || at + header.headerBytes + header.length > end) return this.#keep(bytes.subarray(at, end), header)
      this.#take(bytes, at + header.headerBytes, header)
      at += header.headerBytes + header.length
    }
  }

  #keep(rest: Buffer, header: FrameHeader | null): void {
    this.#pieces = [Buffer.from(rest)]
    this.#held = rest.length
    this.#wanted = header === null ? rest.length + 1 : header.headerBytes + header.length
  }

  /** Completes the unfinished frame, if there is enough. @returns where the next one begins */
  #finish(pieces: Buffer[], bytes: Buffer, { start, end }: { readonly start: number; readonly end: number }): number {
    const taken = Math.min(this.#wanted - this.#held, end - start)
    pieces.push(Buffer.from(bytes.subarray(start, start + taken)))
    this.#held += taken
    if (this.#held < this.#wanted) return end
    const joined = Buffer.concat(pieces)
    this.#pieces = null
    this.#readWhole(joined, 0, joined.length)
    // A header that is complete only now says how many bytes the frame still needs.
    return this.#pieces === null ? start + taken : this.#finish(this.#pieces, bytes, { start: start + taken, end })
  }

  #take(bytes: Buffer, payloadAt: number, { length, opcode }: FrameHeader): void {
    if (opcode === 1 || opcode === 2) this.#handler.message(bytes, payloadAt, payloadAt + length)
    if (opcode === 8) this.#handler.close()
    if (opcode === 9) this.#handler.ping()
  }
}
