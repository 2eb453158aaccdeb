import type { Principal } from '../audience/principal.ts'
import { type Subject, type SubjectKind, subjectKinds } from './subject.ts'

/** Until when which tokens of a subject are revoked. Times are milliseconds since the epoch. */
export interface Revocation {
  /** Tokens that were issued before this time are revoked. It does not count for a token that is named by its id. */
  readonly issuedBeforeMs: number
  /** End of the revocation: no token that it revokes is accepted any more, because each is too old. */
  readonly untilMs: number
}

/** Effect of a revocation on the table. `full`: the table has no room, and does not have it. */
export type Added = 'stronger' | 'unchanged' | 'full'

/**
 * The revocations that this pod knows. The order in which they arrive does not matter: the later of two times counts, so no revocation weakens
 * an earlier one. Bounded: see `maxEntries`.
 */
export class Revocations {
  readonly #maxEntries: number
  readonly #now: () => number
  readonly #byKind: Readonly<Record<SubjectKind, Map<string, Revocation>>> = { user: new Map(), organization: new Map(), token: new Map() }
  #version = 0
  #madeRoomAtMs = -Infinity

  /** @param options.now milliseconds since the epoch */
  constructor({ maxEntries, now }: { readonly maxEntries: number; readonly now: () => number }) {
    this.#maxEntries = maxEntries
    this.#now = now
  }

  /** Count of subjects. Some may have ended, and wait to be removed. */
  get size(): number {
    return this.#byKind.user.size + this.#byKind.organization.size + this.#byKind.token.size
  }

  /** Changes with each revocation. A caller that remembers what it was knows that no token was revoked since. */
  get version(): number {
    return this.#version
  }

  /** Returns the revocation of a subject; null: there is none. */
  get({ kind, name }: Subject): Revocation | null {
    return this.#byKind[kind].get(name) ?? null
  }

  /** Adds a revocation, joined with the one that the subject has. */
  add({ kind, name }: Subject, revocation: Revocation): Added {
    const entries = this.#byKind[kind]
    const known = entries.get(name)
    if (known !== undefined && covers(known, revocation)) return 'unchanged'
    if (known === undefined && this.size >= this.#maxEntries && !this.#makeRoom()) return 'full'
    entries.set(name, known === undefined ? revocation : join(known, revocation))
    this.#version += 1
    return 'stronger'
  }

  /** Returns true if the principal's token is revoked now. */
  matches({ userId, organizationId, issuedAtMs, tokenId }: Principal): boolean {
    const { user, organization, token } = this.#byKind
    return (
      this.#hits(user.get(userId), issuedAtMs) ||
      (organizationId !== null && this.#hits(organization.get(organizationId), issuedAtMs)) ||
      (tokenId !== null && this.#hits(token.get(tokenId), null))
    )
  }

  /** A token that does not say when it was issued counts as issued before any time. @param issuedAtMs null: unknown */
  #hits(revocation: Revocation | undefined, issuedAtMs: number | null): boolean {
    if (revocation === undefined || revocation.untilMs <= this.#now()) return false
    return issuedAtMs === null || issuedAtMs < revocation.issuedBeforeMs
  }

  isInForce(subject: Subject): boolean {
    const known = this.get(subject)
    return known !== null && known.untilMs > this.#now()
  }

  remove({ kind, name }: Subject): void {
    this.#byKind[kind].delete(name)
  }

  /** Returns subjects whose revocation ended before a time, at most `max`. */
  endedBefore(timeMs: number, max: number): readonly Subject[] {
    const ended: Subject[] = []
    for (const kind of subjectKinds)
      for (const [name, { untilMs }] of this.#byKind[kind]) {
        if (ended.length >= max) return ended
        if (untilMs < timeMs) ended.push({ kind, name })
      }
    return ended
  }

  /** Visits every subject whose revocation is in force. */
  *inForce(): Generator<Subject> {
    const nowMs = this.#now()
    for (const kind of subjectKinds) for (const [name, { untilMs }] of this.#byKind[kind]) if (untilMs > nowMs) yield { kind, name }
  }

  /** Drops what has ended. A full table is searched once a second, because each search visits every entry. @returns true: there is room */
  #makeRoom(): boolean {
    const nowMs = this.#now()
    if (nowMs - this.#madeRoomAtMs < searchEveryMs) return false
    this.#madeRoomAtMs = nowMs
    for (const subject of this.endedBefore(nowMs, this.#maxEntries)) this.remove(subject)
    return this.size < this.#maxEntries
  }
}

const searchEveryMs = 1_000

/** Returns true if `known` revokes all that `other` does, for as long. */
export function covers(known: Revocation, other: Revocation): boolean {
  return known.issuedBeforeMs >= other.issuedBeforeMs && known.untilMs >= other.untilMs
}

/** Returns the revocation that covers both. */
export function join(one: Revocation, other: Revocation): Revocation {
  return {
    issuedBeforeMs: Math.max(one.issuedBeforeMs, other.issuedBeforeMs),
    untilMs: Math.max(one.untilMs, other.untilMs),
  }
}
