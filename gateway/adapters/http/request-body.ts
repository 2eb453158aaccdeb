import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Problem } from '../../request/problem.ts'
import { failed, ok, type Result } from '../../../program/result.ts'

export interface BodyLimits {
  /** Limit on one body, in bytes. */
  readonly maxBytes: number
  /** The option that sets it. */
  readonly option: 'EMIT_MAX_BODY_BYTES' | 'MAX_INBOUND_FRAME_BYTES'
  /** Limit on all bodies that are held at a time, in bytes. */
  readonly maxTotalBytes: number
  /** Monotonic time in milliseconds. @default performance.now */
  readonly now?: () => number
}

/** Reads bodies whole, and holds no more bytes of them than the limits allow. */
export interface BodyReader {
  /**
   * Reads the body and calls `use` with it. Its bytes count as held until `use` is done. A body that is too large is refused while it is
   * read. It is refused before when the client announced its size or asked first (`Expect: 100-continue`). The rest of it is dropped.
   * @returns what `use` returns, or a problem: unsupported-content-encoding (any but identity, RFC 9110 section 8.4), body-too-large,
   * overloaded, bad-request (the client broke off)
   */
  withBody<T>(
    exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
    use: (body: Buffer) => Promise<Result<T, Problem>>,
  ): Promise<Result<T, Problem>>
}

export function createBodyReader({ maxBytes, option, maxTotalBytes, now = () => performance.now() }: BodyLimits): BodyReader {
  let heldBytes = 0
  /** Incomplete bodies, in the order in which they began. */
  const arriving = new Set<ArrivingBody>()

  /**
   * Ends bodies that have taken too long, the oldest first, until the others fit.
   * @returns whether they fit
   */
  function makeRoom(asking: ArrivingBody): boolean {
    for (const body of arriving) {
      if (heldBytes <= maxTotalBytes || now() - body.startedMs < giveWayAfterMs) break
      if (body !== asking && body.bytes > 0) {
        release(body)
        body.settle(failed(tooSlow))
      }
    }
    return heldBytes <= maxTotalBytes
  }

  function hold(body: ArrivingBody, bytes: number): Problem | null {
    body.bytes += bytes
    heldBytes += bytes
    if (body.bytes > maxBytes) return tooLarge(maxBytes, option)
    return heldBytes <= maxTotalBytes || makeRoom(body) ? null : overloaded
  }

  function release(body: ArrivingBody): void {
    heldBytes -= body.bytes
    body.bytes = 0
    arriving.delete(body)
  }

  return {
    withBody: async ({ request, response }, use) => {
      if (isEncoded(request.headers['content-encoding'])) return failed(encoded)
      if (Number(request.headers['content-length'] ?? 0) > maxBytes) return failed(tooLarge(maxBytes, option))
      if (request.headers.expect !== undefined) response.writeContinue()
      const body = new ArrivingBody(request, { startedMs: now(), hold })
      arriving.add(body)
      try {
        const whole = await body.whole
        arriving.delete(body)
        return whole.ok ? await use(whole.value) : whole
      } finally {
        release(body)
      }
    },
  }
}

interface Arrival {
  readonly startedMs: number
  /** Counts bytes that have arrived. @returns why they cannot be held, or null */
  readonly hold: (body: ArrivingBody, bytes: number) => Problem | null
}

/**
 * A body that is not complete yet. Events are used, not iteration: leaving an iteration early destroys the stream, and with it the connection
 * that carries the answer.
 */
class ArrivingBody {
  readonly startedMs: number
  readonly whole: Promise<Result<Buffer, Problem>>
  /** Bytes that are held. */
  bytes = 0
  readonly #request: IncomingMessage
  #chunks: Buffer[] = []
  #resolve: ((outcome: Result<Buffer, Problem>) => void) | null = null

  constructor(request: IncomingMessage, { startedMs, hold }: Arrival) {
    this.#request = request
    this.startedMs = startedMs
    this.whole = new Promise((resolve) => (this.#resolve = resolve))
    // A client that has gone already emits no further event.
    if (request.destroyed) this.settle(failed(brokenOff))
    else this.#collect(request, hold)
  }

  #collect(request: IncomingMessage, hold: Arrival['hold']): void {
    request.on('data', (chunk: Buffer) => {
      if (this.#resolve === null) return
      const problem = hold(this, chunk.length)
      if (problem === null) this.#chunks.push(chunk)
      else this.settle(failed(problem))
    })
    request.on('end', () => {
      const [first, ...others] = this.#chunks
      this.settle(ok(first !== undefined && others.length === 0 ? first : Buffer.concat(this.#chunks)))
    })
    // A broken connection is an error of the request. `close` follows.
    request.on('close', () => this.settle(failed(brokenOff))).on('error', () => {})
  }

  /**
   * Ends the wait, once. What has arrived is let go, because it counts no more. The rest of the body is read and dropped, so that the client reads
   * the answer. The server's request timeout bounds it.
   */
  settle(outcome: Result<Buffer, Problem>): void {
    this.#resolve?.(outcome)
    this.#resolve = null
    this.#chunks = []
    if (!outcome.ok) this.#request.resume()
  }
}

/** Time after which an incomplete body gives way when the total is used up: stalled callers must not keep out all others. */
const giveWayAfterMs = 2_000

/**
 * Returns whether a body has any encoding but `identity`. Decoding would need a bound of its own, because a body may grow by a factor of
 * thousands.
 */
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
const tooLarge = (maxBytes: number, option: BodyLimits['option']): Problem => ({
  type: 'body-too-large',
  detail: `The body is larger than ${maxBytes} bytes (${option}). Send fewer or smaller events at once.`,
})
const overloaded: Problem = {
  type: 'overloaded',
  detail: 'The gateway holds too many bytes of requests. Send the events again after a pause.',
  retryAfterMs: 1000,
}
const tooSlow: Problem = {
  type: 'overloaded',
  detail: `The body took more than ${giveWayAfterMs / 1_000} s to arrive, and the gateway holds too many bytes of requests. Send the events again after a pause.`,
  retryAfterMs: 1000,
}
/** Problem for a client that has gone: it is never read. */
const brokenOff: Problem = { type: 'bad-request', detail: 'The connection ended before the body did.' }
