import type { Audience } from '../audience/audience.ts'
import { audienceKeys, broadcastKey, userKey } from '../audience/audience-keys.ts'
import { createMatcher } from '../audience/audience-matcher.ts'
import type { Principal } from '../audience/principal.ts'
import { Session } from '../session/session.ts'

/** The open sessions, by audience key and id. Keys and users without sessions take no memory. */
export class Hub {
  readonly #sessions = new Set<Session>()
  /** The key of broadcasts has all sessions. A key with one session, as most users' are, has it without a set. */
  readonly #sessionsByKey = new Map<string, Session | Set<Session>>([[broadcastKey, this.#sessions]])
  readonly #sessionsById = new Map<string, Session>()

  get size(): number {
    return this.#sessions.size
  }

  /** Count of keys beside that of broadcasts; 0 without sessions. */
  get keyCount(): number {
    return this.#sessionsByKey.size - 1
  }

  countOf(userId: string): number {
    const listed = this.#sessionsByKey.get(userKey(userId))
    if (listed === undefined) return 0
    return listed instanceof Session ? 1 : listed.size
  }

  /** Returns the session with this id, also one that is about to end; null: there is none. */
  find(id: string): Session | null {
    return this.#sessionsById.get(id) ?? null
  }

  sessions(): IterableIterator<Session> {
    return this.#sessions.values()
  }

  add(session: Session): void {
    if (this.#sessions.has(session)) return
    this.#sessions.add(session)
    if (session.id !== null) this.#sessionsById.set(session.id, session)
    for (const key of session.keys) {
      const listed = this.#sessionsByKey.get(key)
      if (listed === undefined) this.#sessionsByKey.set(key, session)
      else if (listed instanceof Session) this.#sessionsByKey.set(key, new Set([listed, session]))
      else listed.add(session)
    }
  }

  remove(session: Session): void {
    if (!this.#sessions.delete(session)) return
    if (session.id !== null) this.#sessionsById.delete(session.id)
    for (const key of session.keys) {
      const listed = this.#sessionsByKey.get(key)
      if (listed instanceof Set) listed.delete(session)
      if (listed === session || (listed instanceof Set && listed.size === 0 && key !== broadcastKey)) this.#sessionsByKey.delete(key)
    }
  }

  /** Gives a session another principal of the same user, and lists it under the keys of that. */
  replacePrincipal(session: Session, principal: Principal): void {
    const isListed = this.#sessions.has(session)
    if (isListed) this.remove(session)
    session.replacePrincipal(principal)
    if (isListed) this.add(session)
  }

  /** Visits each session that the audience matches. A session with two of the keys is visited twice. @param keys the audience's */
  select(audience: Audience, visit: (session: Session) => void, keys: readonly string[] = audienceKeys(audience)): void {
    const narrow = audience.roles.length > 0 ? createMatcher(audience) : null
    const consider = (session: Session): void => {
      if (narrow === null || narrow(session.principal)) visit(session)
    }
    for (const key of keys) {
      const listed = this.#sessionsByKey.get(key)
      if (listed instanceof Session) consider(listed)
      else for (const session of listed ?? []) consider(session)
    }
  }
}
