import type { CloseCode } from '../session/close-codes.ts'
import type { Session } from '../session/session.ts'
import type { SocketHandlers } from '../session/socket.ts'

/** What happens to the sockets of sessions. */
export interface SessionEvents {
  drained(session: Session): void
  alive(session: Session): void
  received(session: Session, text: Buffer | null): void
  closed(session: Session, limit: CloseCode | undefined): void
}

/** The handlers of one session's socket: two references in the place of four closures. */
export class SessionHandlers implements SocketHandlers {
  readonly #session: Session
  readonly #events: SessionEvents

  constructor(session: Session, events: SessionEvents) {
    this.#session = session
    this.#events = events
  }

  drained(): void {
    this.#events.drained(this.#session)
  }

  alive(): void {
    this.#events.alive(this.#session)
  }

  received(text: Buffer | null): void {
    this.#events.received(this.#session, text)
  }

  closed(limit?: CloseCode): void {
    this.#events.closed(this.#session, limit)
  }
}
