import type { Framing } from '../replay/framing.ts'
import type { CloseCode } from './close-codes.ts'

/**
 * The connection of one session: a WebSocket or an SSE response. The duties of the implementer:
 * - `write` hands the bytes to the transport in one write, and never blocks or throws, even after the peer is gone;
 * - it calls `drained` once after a `write` returned false, when the transport takes more;
 * - it calls `closed` exactly once, after any end of the connection, and nothing after it;
 * - it calls `received` for each message of the peer, if the transport carries such messages;
 * - it calls `alive` when the peer answers a `ping`. A transport without pings calls it from `ping`, if its last write was sent.
 */
export interface Socket {
  readonly framing: Framing
  /** Writes whole frames, made by `framing`. @returns false: the socket buffer is full, and the caller writes no events until `drained` */
  write(frames: Buffer): boolean
  /** Sends a ping, which the peer must answer. */
  ping(): void
  /** Closes the connection with a code of the table. The implementer cuts it if the peer does not answer within its deadline. */
  close(code: CloseCode, hint?: CloseHint): void
  /** Cuts the connection at once. */
  terminate(): void
  /** Sets the handlers. Called once, before any write. */
  attach(handlers: SocketHandlers): void
}

export interface SocketHandlers {
  drained(): void
  alive(): void
  /** Takes a message of the peer, within the limits of the transport. @param text null: the message is binary */
  received(text: Buffer | null): void
  /** @param limit the limit of the transport that the peer broke, if the implementer ended the connection for it */
  closed(limit?: CloseCode): void
}

export interface CloseHint {
  /** Time that the client should wait before it reconnects, in milliseconds. */
  readonly reconnectAfterMs?: number
  /** Sentence in the place of the code's own. */
  readonly detail?: string
}
