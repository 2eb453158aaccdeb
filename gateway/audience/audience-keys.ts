import type { Audience } from './audience.ts'
import type { Principal } from './principal.ts'

/**
 * What an audience and a principal have in common when one may see the other's events: the index over sessions and over the replay log.
 *
 * Law: an audience matches a principal exactly when their keys meet and, if they meet in an organization alone, the audience has no roles or the
 * principal has one of them. So whoever looks up by key has found everybody, and has to ask `matches` only where there are roles.
 */
const everybody = '*'

/** The keys of those who may see the event; empty when that is nobody. Distinct when the audience's names are. */
export function audienceKeys(audience: Audience): readonly string[] {
  if (audience.broadcast) return [everybody]
  const keys: string[] = []
  for (const id of audience.users) keys.push(`u:${id}`)
  for (const name of audience.usernames) keys.push(`n:${name}`)
  for (const id of audience.organizations) keys.push(`o:${id}`)
  return keys
}

/**
 * `audienceKeys` with a memory. Reading audiences gives the same object for the same text, so that most are known here; and a key that was
 * looked up before is found by its address, where a new one must be joined and hashed, three times for each event. An audience that
 * nobody holds any more is forgotten.
 */
export function createAudienceKeys(): (audience: Audience) => readonly string[] {
  const known = new WeakMap<Audience, readonly string[]>()
  return (audience) => {
    let keys = known.get(audience)
    if (keys === undefined) {
      keys = audienceKeys(audience)
      known.set(audience, keys)
    }
    return keys
  }
}

/** The keys under which an event for this principal can be found: two to four, distinct. */
export function principalKeys(principal: Principal): readonly string[] {
  const keys = [everybody, `u:${principal.userId}`]
  if (principal.username !== null) keys.push(`n:${principal.username}`)
  if (principal.organizationId !== null) keys.push(`o:${principal.organizationId}`)
  return keys
}

/**
 * The Kafka key of an event that brings none (`partitionkey`): the one user, username or organization that its audience names, so that
 * the events of each stay in order. null when the audience names several or everybody: nothing orders such events.
 */
export function orderingKey(audience: Audience): string | null {
  const names = audience.users.length + audience.usernames.length + audience.organizations.length
  if (audience.broadcast || names !== 1) return null
  return audienceKeys(audience)[0] ?? null
}
