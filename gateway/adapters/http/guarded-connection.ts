import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** State of one connection of a `ConnectionGuard`. */
export class GuardedConnection {
  readonly socket: Socket
  /** Unanswered requests, the oldest first. Only the oldest answer is being written. The others wait for it. */
  readonly unanswered: Exchange[] = []
  #restingSinceMs: number
  /** First look at which the oldest answer was complete and not taken; null before. */
  #unread: ServerResponse | null = null
  /** Bytes that had been received at the last request. */
  #receivedBytes: number
  /** Bytes of these that came after the request. Below zero while more of an announced body is to come. */
  #restBytes = 0
  /** True when a body came in chunks: its bytes are not known. */
  #isChunked = false

  constructor(socket: Socket, nowMs: number) {
    this.socket = socket
    this.#restingSinceMs = nowMs
    this.#receivedBytes = socket.bytesRead
  }

  /**
   * Notes a new request.
   * @returns the bytes of its head
   */
  begin(request: IncomingMessage, response: ServerResponse): number {
    const headBytes = headBytesOf(request)
    if (request.headers['transfer-encoding'] !== undefined) this.#isChunked = true
    this.unanswered.push({ response, headBytes })
    const { bytesRead } = this.socket
    const newBytes = bytesRead - this.#receivedBytes
    this.#receivedBytes = bytesRead
    // A few bytes that are left over are blanks, and would add up from request to request. Bytes left over now belong to the last chunk.
    const before = newBytes > 0 && this.#restBytes < leastRestBytes ? Math.min(0, this.#restBytes) : this.#restBytes
    const rest = before + newBytes - headBytes - Number(request.headers['content-length'] ?? 0)
    this.#restBytes = newBytes > 0 ? Math.min(rest, newBytes) : rest
    return headBytes
  }

  /** Notes that the client has taken the oldest answer. */
  end(nowMs: number): void {
    this.unanswered.shift()
    this.#unread = null
    this.#restingSinceMs = nowMs
    if (!this.#isChunked || this.unanswered.length > 0) return
    // All bytes that have arrived count as the body.
    this.#isChunked = false
    this.#receivedBytes = this.socket.bytesRead
    this.#restBytes = 0
  }

  /** Returns the time since the oldest answer was first seen complete and not taken by the client; 0 without such an answer. */
  unreadForMs(nowMs: number): number {
    const oldest = this.unanswered[0]?.response
    if (oldest === undefined || !oldest.writableEnded || oldest.writableFinished) return 0
    if (this.#unread !== oldest) {
      this.#unread = oldest
      this.#restingSinceMs = nowMs
    }
    return nowMs - this.#restingSinceMs
  }

  /** Returns the time since the last request, or since the oldest answer is not read. Below zero: the connection is in use. */
  restingForMs(nowMs: number): number {
    return this.unanswered.length === 0 || this.#unread !== null ? nowMs - this.#restingSinceMs : -1
  }

  /**
   * Returns an estimate of the bytes of heads that the client makes the server hold. These are a head that has begun and not ended, and the
   * heads of requests whose answers wait until the client reads the oldest.
   */
  heldHeadBytes(maxHeadBytes: number): number {
    if (this.unanswered.length > 0 && this.#unread === null) return 0
    const unfinished = Math.min(maxHeadBytes, Math.max(0, this.#restBytes + this.socket.bytesRead - this.#receivedBytes))
    return this.unanswered.reduce((bytes, { headBytes }) => bytes + headBytes, unfinished)
  }
}

interface Exchange {
  readonly response: ServerResponse
  readonly headBytes: number
}

/** Fewer bytes than these that are left over after a request do not count as the beginning of a head. */
const leastRestBytes = 1_024

/** A lower bound: blanks that the parser has dropped are not known. */
function headBytesOf({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  let bytes = method.length + url.length + 14
  for (const text of rawHeaders) bytes += text.length + 2
  return bytes
}
