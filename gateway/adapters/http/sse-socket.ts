import type { ServerResponse } from 'node:http'
import { type CloseCode, closeCodes } from '../../session/close-codes.ts'
import type { Framing } from '../../replay/framing.ts'
import type { CloseHint, Socket, SocketHandlers } from '../../session/socket.ts'

/**
 * An event as a message of an event stream (HTML standard, section 9.2.6). Its cursor is the `id`, so that a browser resumes with it by
 * itself. A short cursor is no `id`, because a browser keeps the last one alone. Its JSON is one `data` line: JSON has no raw line breaks, and a cursor is base64url.
 */
export const sseFraming: Framing = {
  kind: 'sse',
  before: (_jsonBytes, id) => Buffer.from(id === null ? 'data: ' : `id: ${id}\ndata: `, 'latin1'),
  after: Buffer.from('\n\n', 'latin1'),
}

/**
 * A comment without an empty line behind it. Some clients take each empty line for the end of an event, and pass on an event without data.
 */
const pingComment = Buffer.from(': ping\n', 'latin1')

export interface SseSettings {
  /** Bytes that may wait for a slow reader before `write` returns false. */
  readonly socketBufferBytes: number
  /** Time for the last bytes to leave after `close`, in milliseconds. */
  readonly closeTimeoutMs: number
  /**
   * Shortest time for which a browser waits before it reconnects, in milliseconds. It differs between clients, so that they do not
   * reconnect at once.
   */
  readonly retryMs: number
  /** Headers besides those of every event stream: CORS. */
  readonly headers: Readonly<Record<string, string>>
}

/** Turns an unanswered response into the stream of one session. Sends the head at once, so that the client knows that it is connected. */
export function createSseSocket(response: ServerResponse, settings: SseSettings): Socket {
  return new SseSocket(response, settings)
}

const streamHeaders = {
  'content-type': 'text/event-stream',
  // no-transform: a proxy that compresses holds events back until its window is full.
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
  // There is nothing to reuse after a stream, and a gateway that stops wants the connection gone with it.
  connection: 'close',
} as const

class SseSocket implements Socket {
  readonly framing = sseFraming
  readonly #response: ServerResponse
  readonly #settings: SseSettings
  #handlers: SocketHandlers | null = null
  /** Bytes given to the response and not yet taken by the kernel. */
  #waitingBytes = 0
  #isCongested = false
  #isPinging = false
  #isEnding = false
  #isClosed: boolean
  #cut: NodeJS.Timeout | undefined

  constructor(response: ServerResponse, settings: SseSettings) {
    this.#response = response
    this.#settings = settings
    this.#isClosed = response.destroyed || response.closed
    // EPIPE and ECONNRESET of a peer that has gone, and writes after that. `close` follows, and is all that the session needs.
    response.on('error', () => {})
    response.once('close', () => this.#closed())
    if (this.#isClosed) return
    response.writeHead(200, { ...settings.headers, ...streamHeaders })
    // The comment shows people that they are connected. A browser obeys `retry` at once. For other clients it is part of the first event.
    response.write(`: connected\nretry: ${settings.retryMs}\n`)
  }

  attach(handlers: SocketHandlers): void {
    this.#handlers = handlers
    if (this.#isClosed) queueMicrotask(() => this.#closed())
  }

  write(frames: Buffer): boolean {
    if (this.#isEnding || this.#isClosed) return true
    this.#waitingBytes += frames.length
    this.#response.write(frames, (error) => this.#written(frames.length, error))
    this.#isCongested ||= this.#waitingBytes > this.#settings.socketBufferBytes
    return !this.#isCongested
  }

  /** An event stream has no pong. When the comment has left, the peer's side takes bytes. A peer that stalls never gets that far. */
  ping(): void {
    if (this.#isPinging || this.#isEnding || this.#isClosed) return
    this.#isPinging = true
    this.#response.write(pingComment, (error) => {
      this.#isPinging = false
      if (!error) this.#handlers?.alive()
    })
  }

  close(code: CloseCode, hint: CloseHint = {}): void {
    if (this.#isEnding || this.#isClosed) return
    this.#isEnding = true
    this.#cut = setTimeout(() => this.terminate(), this.#settings.closeTimeoutMs)
    this.#response.end(renderClose(code, hint, this.#settings.retryMs))
  }

  terminate(): void {
    this.#isEnding = true
    this.#response.destroy()
  }

  #written(bytes: number, error: Error | null | undefined): void {
    this.#waitingBytes -= bytes
    if (error || !this.#isCongested || this.#waitingBytes > this.#settings.socketBufferBytes / 2) return
    this.#isCongested = false
    if (!this.#isEnding) this.#handlers?.drained()
  }

  #closed(): void {
    this.#isClosed = true
    clearTimeout(this.#cut)
    const handlers = this.#handlers
    this.#handlers = null
    handlers?.closed()
  }
}

/**
 * The last message, docs/protocol.md section 6. A plain `EventSource` obeys `retry`, and ignores the hint in the data. It waits for that time
 * before each attempt, without a back-off, for as long as no gateway answers. So `retry` is never below the stream's own.
 */
function renderClose(code: CloseCode, { reconnectAfterMs }: CloseHint, leastRetryMs: number): string {
  const retry = reconnectAfterMs === undefined ? '' : `retry: ${Math.max(leastRetryMs, Math.round(reconnectAfterMs))}\n`
  return `${retry}event: close\ndata: ${JSON.stringify({ ...closeCodes[code], reconnectAfterMs: reconnectAfterMs ?? null })}\n\n`
}
