export interface BlockHandler {
  /** Gets the lines up to a blank one, without it. Their bytes are the handler's until it returns. */
  message(bytes: Buffer, start: number, end: number): void
  /** Counts bytes of any kind. */
  bytes(count: number): void
}

const blankLine = '\n\n'

/** Reads an event stream that is cut anywhere, whose lines end with a line feed alone, and copies only what a cut block needs. */
export class EventStreamReader {
  readonly #handler: BlockHandler
  /** Bytes of a block that is not whole. */
  #kept: Buffer | null = null

  constructor(handler: BlockHandler) {
    this.#handler = handler
  }

  add(bytes: Buffer, start: number, end: number): void {
    this.#handler.bytes(end - start)
    const added = bytes.subarray(start, end)
    const stream = this.#kept === null ? added : Buffer.concat([this.#kept, added])
    let at = 0
    for (let blockEnd = stream.indexOf(blankLine); blockEnd >= 0; blockEnd = stream.indexOf(blankLine, at)) {
      this.#handler.message(stream, at, blockEnd)
      at = blockEnd + blankLine.length
    }
    this.#kept = at === stream.length ? null : Buffer.from(stream.subarray(at))
  }
}
