import { constants, inflateRawSync } from 'node:zlib'

/**
 * Reads the compressed messages of one client (RFC 7692, section 7.2.2): the extension that the parser of `ws` calls. The extension of `ws` keeps a
 * stream of 40 KB while a message has fragments to come, which any client could hold open. This one keeps the fragments, which `ws` bounds, and inflates
 * them at once when the last is there. A message is inflated to `maxBytes` at most.
 */
export class Inflation {
  readonly #maxBytes: number
  readonly #failed: (failure: InflationFailure) => void
  #fragments: Buffer[] = []

  /** @param failed called before `ws` closes the connection for it, without a code */
  constructor(maxBytes: number, failed: (failure: InflationFailure) => void) {
    this.#maxBytes = maxBytes
    this.#failed = failed
  }

  decompress(content: Buffer, isLast: boolean, done: (error: Error | null, message?: Buffer) => void): void {
    this.#fragments.push(content)
    // `ws` expects the answer after this call.
    queueMicrotask(() => {
      if (!isLast) return done(null, nothing)
      try {
        done(null, this.#inflate())
      } catch (error) {
        this.#failed(error instanceof RangeError ? 'too-large' : 'damaged')
        done(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  #inflate(): Buffer {
    const bytes = Buffer.concat([...this.#fragments, flush])
    this.#fragments = []
    return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: this.#maxBytes })
  }

  /** Called by `ws` at the end of the connection. */
  cleanup(): void {
    this.#fragments = []
  }
}

export type InflationFailure = 'too-large' | 'damaged'

/** What the sender left out. */
const flush = Buffer.from([0, 0, 0xff, 0xff])
const nothing = Buffer.alloc(0)
