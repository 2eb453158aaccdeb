import type { Problem } from '../problem.ts'
import type { CloseCode } from './close-codes.ts'
import type { Socket } from './socket.ts'

/** What a handshake says of itself, whatever transport it came by. */
export interface HandshakeRequest {
  readonly transport: 'websocket' | 'sse'
  /** The `Origin` header. */
  readonly origin: string | null
  /** The `Cookie` header. */
  readonly cookie: string | null
  /** The `Authorization` header. */
  readonly authorization: string | null
  /** Offered in `Sec-WebSocket-Protocol`, in order. */
  readonly subprotocols: readonly string[]
  /** The cursor from which the client goes on; null: a plain client that does not resume. */
  readonly cursor: string | null
  /**
   * How the cursor was sent. An `EventSource` cannot drop its last event id and ends for good at any answer but 200, so an id that is no cursor of
   * the channel is answered with a gap. Such a `cursor` is refused.
   */
  readonly cursorFrom: 'cursor' | 'last-event-id'
}

export type Handshake =
  /** `open` makes the session and may close the socket at once, when a limit was reached in between. */
  | { readonly kind: 'admitted'; readonly open: (socket: Socket) => void }
  /** `close` null: answered by HTTP always. Otherwise a WebSocket client with an Origin (a browser) is accepted and then closed with that code. */
  | { readonly kind: 'refused'; readonly problem: Problem; readonly close: CloseCode | null }

/** Decides who may connect: origin, limits, token, cursor, in this order. Never rejects. */
export interface Admission {
  admit(request: HandshakeRequest): Promise<Handshake>
}
