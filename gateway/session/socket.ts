import type { Framing } from '../replay/framing.ts'
import type { CloseCode } from './close-codes.ts'

/**
 * The connection of one session, as the core needs it: a WebSocket or an SSE response. The implementer owes:
 * - `write` hands the bytes to the transport in one write and never blocks or throws, also after the peer is gone;
 * - `drained` is called once after a `write` returned false, as soon as the transport is empty enough to go on;
 * - `closed` is called exactly once, whoever ended the connection, and nothing is called after it;
 * - `alive` is called when the peer answered a `ping` (a transport without pings calls it from `ping`, if its last write got out).
 */
export interface Socket {
  readonly framing: Framing
  /** Whole frames, made by `framing`. False: more than the socket buffer is waiting; the caller writes no events until `drained`. */
  write(frames: Buffer): boolean
  /** Asks the peer for a sign of life. */
  ping(): void
  /** Ends the connection with a code of the table, politely; the implementer cuts it when the peer does not answer within its deadline. */
  close(code: CloseCode, hint?: CloseHint): void
  /** Cuts the connection at once. */
  terminate(): void
  /** Called once, before anything is written. */
  attach(handlers: SocketHandlers): void
}

export interface SocketHandlers {
  drained(): void
  alive(): void
  /** @param limit why the implementer itself ended the connection: the peer broke a limit of the transport */
  closed(limit?: CloseCode): void
}

export interface CloseHint {
  /** How long the client should wait before it comes back, in milliseconds. */
  readonly reconnectAfterMs?: number
}
