import type { Session } from '../session/session.ts'

/**
 * Ends sessions whose tokens were revoked. **At once** they are marked: nothing is written to them any more, and nothing that they send is taken.
 * **In turns** their sockets are closed: 10,000 closes in one turn would block the event loop for some 300 ms.
 */
export class RevokedSessions {
  readonly #later: (run: () => void) => void
  #queue: Session[] = []

  /** @param later runs a function in a later turn of the event loop */
  constructor(later: (run: () => void) => void = (run) => void setImmediate(run)) {
    this.#later = later
  }

  /** Ends these sessions. */
  end(sessions: Iterable<Session>): void {
    const isIdle = this.#queue.length === 0
    for (const session of sessions) if (session.revoke()) this.#queue.push(session)
    if (isIdle && this.#queue.length > 0) this.#later(() => this.#slice())
  }

  #slice(): void {
    const endsAtMs = performance.now() + sliceMs
    let closed = 0
    for (const session of this.#queue) {
      session.closeRevoked()
      closed += 1
      if (performance.now() >= endsAtMs) break
    }
    this.#queue = this.#queue.slice(closed)
    if (this.#queue.length > 0) this.#later(() => this.#slice())
  }
}

/** Longest slice, in milliseconds. */
const sliceMs = 4
