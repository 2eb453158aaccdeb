import type { Principal } from '../audience/principal.ts'
import type { Filter } from '../filter/filter.ts'
import type { Problem } from '../request/problem.ts'
import type { Cursor } from '../replay/cursor.ts'
import type { CursorForm } from '../replay/entry.ts'
import type { CloseCode } from './close-codes.ts'
import type { Socket } from './socket.ts'

/** The content of a handshake, the same for both transports. */
export interface HandshakeRequest {
  readonly transport: 'websocket' | 'sse'
  /** The `Origin` header. */
  readonly origin: string | null
  /** The `Cookie` header. */
  readonly cookie: string | null
  /** The `Authorization` header. */
  readonly authorization: string | null
  /** Names offered in `Sec-WebSocket-Protocol`, in order. */
  readonly subprotocols: readonly string[]
  /** The cursor to resume from; null: a plain client that does not resume. */
  readonly cursor: string | null
  /**
   * The place of the cursor in the request. An `EventSource` cannot drop its last event id, and stops at any status but 200. So an id that
   * is not a cursor of the channel leads to a gap. The same text in `cursor` is refused.
   */
  readonly cursorFrom: 'cursor' | 'last-event-id'
  /** The form that the client wants for the cursors of its events. */
  readonly cursors: CursorForm
  /** Values of the query parameter `filters`, in order. More than one is refused. */
  readonly filters: readonly string[]
  /** The resume ticket that came with the token, docs/protocol.md section 2.8; null: none did. */
  readonly ticket: string | null
}

/** The place where a session starts. */
export type Resume =
  /** The head, for a client that does not know cursors. */
  | { readonly kind: 'plain' }
  /** The head, for a client that knows cursors. */
  | { readonly kind: 'latest' }
  /** The oldest event that the pod holds, for a client that knows cursors. */
  | { readonly kind: 'earliest' }
  | { readonly kind: 'cursor'; readonly cursor: Cursor }
  /** The client's last event id is not a cursor of this channel: the client gets a gap, and continues at the head. */
  | { readonly kind: 'unusable' }

/** A client that may have a session. */
export interface Admitted {
  readonly kind: 'admitted'
  readonly principal: Principal
  readonly resume: Resume
  /** The form that the client wants for the cursors of its events. */
  readonly cursors: CursorForm
  /** Narrows the events of the session; null: nothing does. */
  readonly filter: Filter | null
  /** The ticket for the client's next connection; null: there are no tickets. */
  readonly ticket: string | null
}

/** A client that gets no session (`refusals.ts`). */
export interface Refused {
  readonly kind: 'refused'
  readonly problem: Problem
  readonly close: CloseCode | null
  /** Sentence in the place of the close code's own. @default none */
  readonly closeDetail?: string
}

export type Handshake = Admitted | Refused

/** Decides which clients get a session. Never rejects. */
export interface Admission {
  admit(request: HandshakeRequest): Promise<Handshake>
}

/** What a session is made of. */
export type Joining = Pick<Admitted, 'principal' | 'resume'> & Partial<Pick<Admitted, 'cursors' | 'filter' | 'ticket'>>

/** Makes the session of an admitted client. Closes the socket at once if the gateway has filled up or stopped accepting since. */
export type JoinChannel = (socket: Socket, admitted: Joining) => void
