import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Problem } from '../../problem.ts'
import { failed, ok, type Result } from '../../../program/result.ts'

export interface BodyLimits {
  /** The most bytes of one body. */
  readonly maxBytes: number
  /** The most bytes of all bodies that are held at a time. */
  readonly maxTotalBytes: number
  /** Milliseconds of a clock that does not run backwards. @default performance.now */
  readonly now?: () => number
}

/** How long a body may take before it gives way when the total is used up: stalled senders must not keep out all others. */
const giveWayAfterMs = 2_000

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

/** A body that is not complete yet. */
interface Arriving {
  readonly startedMs: number
  bytes: number
  /** Ends reading with a problem, and frees what was held. */
  giveWay(): void
}

export function createBodyReader({ maxBytes, maxTotalBytes, now = () => performance.now() }: BodyLimits): BodyReader {
  let heldBytes = 0
  /** Incomplete bodies, in the order in which they began. */
  const arriving = new Set<Arriving>()

  /** Ends bodies that have taken too long, the oldest first, until the others fit. @returns whether they do */
  function makeRoom(asking: Arriving): boolean {
    for (const body of arriving) {
      if (heldBytes <= maxTotalBytes || now() - body.startedMs < giveWayAfterMs) break
      if (body !== asking && body.bytes > 0) body.giveWay()
    }
    return heldBytes <= maxTotalBytes
  }

  return {
    withBody: async ({ request, response }, use) => {
      if (isEncoded(request.headers['content-encoding'])) return failed(encoded)
      if (Number(request.headers['content-length'] ?? 0) > maxBytes) return failed(tooLarge(maxBytes))
      if (request.headers.expect !== undefined) response.writeContinue()
      const own: Arriving = { startedMs: now(), bytes: 0, giveWay: () => {} }
      const release = (): void => {
        heldBytes -= own.bytes
        own.bytes = 0
        arriving.delete(own)
      }
      const hold = (bytes: number): Problem | null => {
        own.bytes += bytes
        heldBytes += bytes
        if (own.bytes > maxBytes) return tooLarge(maxBytes)
        return makeRoom(own) ? null : overloaded
      }
      arriving.add(own)
      try {
        const body = await collect(request, {
          hold,
          begun: (fail) => {
            own.giveWay = () => {
              release()
              fail(tooSlow)
            }
          },
        })
        arriving.delete(own)
        return body.ok ? await use(body.value) : body
      } finally {
        release()
      }
    },
  }
}

/**
 * By events rather than by iteration: leaving an iteration early destroys the stream, and with it the connection that is to carry the
 * answer.
 */
function collect(
  request: IncomingMessage,
  { hold, begun }: { readonly hold: (bytes: number) => Problem | null; readonly begun: (fail: (problem: Problem) => void) => void },
): Promise<Result<Buffer, Problem>> {
  return new Promise((resolve) => {
    // A client that went away before has no event left to say so.
    if (request.destroyed) return resolve(failed(brokenOff))
    begun((problem) => settle(failed(problem)))
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
    request
      .on('data', onData)
      .once('end', onEnd)
      .once('close', onClose)
      .on('error', () => {})
  })
}

/** Tells whether a body has any encoding but `identity`. Decoding would need a bound of its own, because a body may grow by a factor of thousands. */
function isEncoded(contentEncoding: string | readonly string[] | undefined): boolean {
  if (contentEncoding === undefined) return false
  return String(contentEncoding)
    .split(',')
    .some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()))
}

const encoded: Problem = {
  type: 'unsupported-content-encoding',
  detail:
    'The header Content-Encoding says that the body is compressed or encoded. This gateway does not decode bodies. Send the body as it is.',
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
const tooSlow: Problem = {
  type: 'overloaded',
  detail: `The body took more than ${giveWayAfterMs / 1_000} s to arrive, and this gateway holds as many bytes of requests as it may. Send the events again after a pause.`,
  retryAfterMs: 1000,
}
/** A problem that no client is left to read. */
const brokenOff: Problem = { type: 'bad-request', detail: 'The connection ended before the body did.' }
