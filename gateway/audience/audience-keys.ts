import type { Audience } from './audience.ts'
import type { Principal } from './principal.ts'

/**
 * The keys that an audience and a principal share if the principal may see the event. The hub and the replay log have an index by these keys.
 *
 * Law (`audience-matcher.ts`): an audience matches a principal if they share a key. If that key is an organization's, the audience must have no
 * roles, or the principal one of them. So a look-up by key finds every recipient, and `matches` decides only where there are roles.
 */
export const broadcastKey = '*'

/** Returns the key of a user. */
export const userKey = (userId: string): string => `u:${userId}`

/** Returns the keys of an audience; none for an audience without recipients. Distinct if the audience's names are. */
export function audienceKeys(audience: Audience): readonly string[] {
  if (audience.broadcast) return [broadcastKey]
  const keys: string[] = []
  for (const id of audience.users) keys.push(userKey(id))
  for (const name of audience.usernames) keys.push(`n:${name}`)
  for (const id of audience.organizations) keys.push(`o:${id}`)
  return keys
}

/**
 * An audience that keeps its keys. The audience reader returns the same object for the same text, so most events find their keys made. A kept key
 * is found by its address, while a new one must be joined and hashed, three times for each event.
 */
export class KeyedAudience implements Audience {
  readonly broadcast: boolean
  readonly users: readonly string[]
  readonly usernames: readonly string[]
  readonly organizations: readonly string[]
  readonly roles: readonly string[]
  #keys: readonly string[] | null = null

  constructor({ broadcast, users, usernames, organizations, roles }: Audience) {
    this.broadcast = broadcast
    this.users = users
    this.usernames = usernames
    this.organizations = organizations
    this.roles = roles
  }

  /** What `audienceKeys` returns, the same list each time. */
  get keys(): readonly string[] {
    this.#keys ??= audienceKeys(this)
    return this.#keys
  }
}

/** Returns the keys of an audience, which it keeps if it can. */
export const keysOf = (audience: Audience): readonly string[] =>
  audience instanceof KeyedAudience ? audience.keys : audienceKeys(audience)

/** Returns the keys under which the events for a principal are found: two to four, distinct. */
export function principalKeys(principal: Principal): readonly string[] {
  const keys = [broadcastKey, userKey(principal.userId)]
  if (principal.username !== null) keys.push(`n:${principal.username}`)
  if (principal.organizationId !== null) keys.push(`o:${principal.organizationId}`)
  // A copy, because V8 leaves room for sixteen more in an array that has grown. Each session keeps its keys.
  return keys.slice()
}

/**
 * Returns the Kafka key of an event without a `partitionkey`: the one user, username or organization that its audience names. So the events of
 * each stay in order. null: a broadcast, or an audience with several names. Such events have no order.
 */
export function orderingKey(audience: Audience): string | null {
  const names = audience.users.length + audience.usernames.length + audience.organizations.length
  if (audience.broadcast || names !== 1) return null
  return audienceKeys(audience)[0] ?? null
}
