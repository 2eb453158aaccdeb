import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The state of one connection of a `ConnectionGuard`. */
export class GuardedConnection {
  readonly socket: Socket
  /** Unanswered requests, the oldest first: only the oldest answer is being written, the others wait for it. */
  readonly unanswered: Exchange[] = []
  #restingSinceMs: number
  /** The oldest answer, from when it was first seen to be complete and not taken; null before. */
  #unread: ServerResponse | null = null
  /** Bytes that had been received at the last request. */
  #receivedBytes: number
  /** How many of these bytes came after the request. Below zero while more of an announced body is to come. */
  #restBytes = 0
  /** Whether a body came in chunks, whose bytes are not known. */
  #isChunked = false

  constructor(socket: Socket, nowMs: number) {
    this.socket = socket
    this.#restingSinceMs = nowMs
    this.#receivedBytes = socket.bytesRead
  }

  /** Takes note of a new request. @returns the bytes of its head */
  begin(request: IncomingMessage, response: ServerResponse): number {
    const headBytes = headBytesOf(request)
    if (request.headers['transfer-encoding'] !== undefined) this.#isChunked = true
    this.unanswered.push({ response, headBytes })
    const { bytesRead } = this.socket
    const newBytes = bytesRead - this.#receivedBytes
    this.#receivedBytes = bytesRead
    // A few bytes that were left over are blanks, which would add up from request to request. The rest that is left over now is of the last chunk.
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
    // What has arrived is taken for the body.
    this.#isChunked = false
    this.#receivedBytes = this.socket.bytesRead
    this.#restBytes = 0
  }

  /** Returns for how long calls have seen the oldest answer complete and not taken by the client; 0 when it is not so. */
  unreadForMs(nowMs: number): number {
    const oldest = this.unanswered[0]?.response
    if (oldest === undefined || !oldest.writableEnded || oldest.writableFinished) return 0
    if (this.#unread !== oldest) {
      this.#unread = oldest
      this.#restingSinceMs = nowMs
    }
    return nowMs - this.#restingSinceMs
  }

  /** Returns how long nothing has been asked, or the oldest answer has not been read; below zero: the connection is in use. */
  restingForMs(nowMs: number): number {
    return this.unanswered.length === 0 || this.#unread !== null ? nowMs - this.#restingSinceMs : -1
  }

  /**
   * Returns an estimate of the bytes of heads that the client makes the server hold: one that has begun and not ended, and those of requests
   * whose answers wait until the client reads the oldest.
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

/** Fewer bytes than these that are left over after a request are not taken for a head that has begun. */
const leastRestBytes = 1_024

/** At least: blanks that the parser has dropped are not known. */
function headBytesOf({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  let bytes = method.length + url.length + 14
  for (const text of rawHeaders) bytes += text.length + 2
  return bytes
}
