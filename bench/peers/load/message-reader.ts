import { headerOf } from '../../lib/frame-counter.ts'
import type { FrameReader } from '../../lib/raw-connection.ts'

export interface MessageHandler {
  /** A whole text message; its bytes are the handler's until it returns. */
  message(bytes: Buffer, start: number, end: number): void
  ping(): void
  /** The server ends the connection in order. */
  close(): void
  /** Bytes of any kind, headers included. */
  bytes(count: number): void
}

interface Header {
  readonly length: number
  readonly headerBytes: number
  readonly opcode: number
}

/**
 * Reads the unfragmented frames of a server (RFC 6455 section 5.2) from a stream that is cut anywhere. Unlike `FrameCounter` it hands over
 * every message, also one that came in pieces: where losses are counted, none may be overlooked.
 */
export class MessageReader implements FrameReader {
  readonly #handler: MessageHandler
  /** What there is of a frame that is not whole; null between frames. */
  #pieces: Buffer[] | null = null
  #held = 0
  /** How many bytes the unfinished frame must have before it is looked at again. */
  #wanted = 2

  constructor(handler: MessageHandler) {
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

  #keep(rest: Buffer, header: Header | null): void {
    this.#pieces = [Buffer.from(rest)]
    this.#held = rest.length
    this.#wanted = header === null ? rest.length + 1 : header.headerBytes + header.length
  }

  /** Completes the frame that was begun, if there is enough. @returns where the next one begins */
  #finish(pieces: Buffer[], bytes: Buffer, { start, end }: { readonly start: number; readonly end: number }): number {
    const taken = Math.min(this.#wanted - this.#held, end - start)
    pieces.push(Buffer.from(bytes.subarray(start, start + taken)))
    this.#held += taken
    if (this.#held < this.#wanted) return end
    const joined = Buffer.concat(pieces)
    this.#pieces = null
    this.#readWhole(joined, 0, joined.length)
    // A header that is complete only now says how much the frame still wants.
    return this.#pieces === null ? start + taken : this.#finish(this.#pieces, bytes, { start: start + taken, end })
  }

  #take(bytes: Buffer, payloadAt: number, { length, opcode }: Header): void {
    if (opcode === 1) this.#handler.message(bytes, payloadAt, payloadAt + length)
    if (opcode === 8) this.#handler.close()
    if (opcode === 9) this.#handler.ping()
  }
}

/** null when not all of it is there. */
function readHeader(bytes: Buffer, at: number, end: number): Header | null {
  if (end - at < 2) return null
  const short = bytes.readUInt8(at + 1) & 0x7f
  const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10
  if (end - at < headerBytes) return null
  return { ...headerOf(bytes, at), opcode: bytes.readUInt8(at) & 15 }
}
