import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Problem } from '../../problem.ts'
import { failed, ok, type Result } from '../../result.ts'

export interface BodyLimits {
  /** Of one body. */
  readonly maxBytes: number
  /** Of all bodies that are held at a time. */
  readonly maxTotalBytes: number
}

/** Reads bodies whole, and holds no more of them than it may. */
export interface BodyReader {
  /**
   * Reads the body and calls `use` with it; its bytes count as held until that is done. A body that is too large is refused while it is
   * read, or before, when the client announced its size or asked first (`Expect: 100-continue`); what still arrives of it is dropped.
   * @returns what `use` returns, or a problem: unsupported-content-encoding (any but identity, RFC 9110 section 8.4), body-too-large, overloaded, bad-request (the client broke off)
   */
  withBody<T>(
    exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
    use: (body: Buffer) => Promise<Result<T, Problem>>,
  ): Promise<Result<T, Problem>>
}

export function createBodyReader({ maxBytes, maxTotalBytes }: BodyLimits): BodyReader {
  let heldBytes = 0
  return {
    withBody: async ({ request, response }, use) => {
      if (isEncoded(request.headers['content-encoding'])) return failed(encoded)
      if (Number(request.headers['content-length'] ?? 0) > maxBytes) return failed(tooLarge(maxBytes))
      if (request.headers.expect !== undefined) response.writeContinue()
      let ownBytes = 0
      const hold = (bytes: number): Problem | null => {
        ownBytes += bytes
        heldBytes += bytes
        if (ownBytes > maxBytes) return tooLarge(maxBytes)
        return heldBytes > maxTotalBytes ? overloaded : null
      }
      try {
        const body = await collect(request, hold)
        return body.ok ? await use(body.value) : body
      } finally {
        heldBytes -= ownBytes
      }
    },
  }
}

/**
 * By events rather than by iteration: leaving an iteration early destroys the stream, and with it the connection that is to carry the
 * answer.
 */
function collect(request: IncomingMessage, hold: (bytes: number) => Problem | null): Promise<Result<Buffer, Problem>> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const settle = (outcome: Result<Buffer, Problem>): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose)
      // What still arrives is read and dropped, so that the client gets to read the answer; the server's request timeout bounds it.
      request.resume()
      resolve(outcome)
    }
    const onData = (chunk: Buffer): void => {
      const problem = hold(chunk.length)
      if (problem === null) chunks.push(chunk)
      else settle(failed(problem))
    }
    const onEnd = (): void => settle(ok(Buffer.concat(chunks)))
    const onClose = (): void => settle(failed(brokenOff))
    // A connection that breaks is an error of the request; `close` follows, and it is judged there.
    request.on('data', onData).once('end', onEnd).once('close', onClose).on('error', () => {})
  })
}

/** Whether a body is anything but itself. Decoding would need a bound of its own, for bodies that grow by a factor of thousands. */
function isEncoded(contentEncoding: string | readonly string[] | undefined): boolean {
  if (contentEncoding === undefined) return false
  return String(contentEncoding).split(',').some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()))
}

const encoded: Problem = {
  type: 'unsupported-content-encoding',
  detail: 'The header Content-Encoding says that the body is compressed or encoded, which this gateway does not undo. Send the body as it is.',
}
const tooLarge = (maxBytes: number): Problem => ({
  type: 'body-too-large',
  detail: `The body is larger than ${maxBytes} bytes (EMIT_MAX_BODY_BYTES). Send fewer or smaller events at once.`,
})
const overloaded: Problem = {
  type: 'overloaded',
  detail: 'This gateway holds as many bytes of requests as it may. Send the events again after a pause.',
  retryAfterMs: 1000,
}
/** Nobody is left to read this. */
const brokenOff: Problem = { type: 'bad-request', detail: 'The connection ended before the body did.' }
