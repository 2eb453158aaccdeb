import type { Audience } from './audience.ts'
import type { Principal } from './principal.ts'

/*
 * Who may see an event. The law, in the order in which it is checked:
 *
 * 1. A broadcast is for every principal of the channel.
 * 2. A user whose id is in `users`, or whose username is in `usernames`.
 * 3. A member of one of the `organizations`. If the audience has `roles`, the member must have one of them.
 *
 * A claim that the principal lacks matches nothing. `matches` follows the law with lists, `createMatcher` with sets, and
 * `audience-keys.ts` has the same law as keys, for indexes. Tests hold the three to each other.
 */

/** Returns true if the principal may see events for the audience. */
export function matches(audience: Audience, principal: Principal): boolean {
  if (audience.broadcast || audience.users.includes(principal.userId)) return true
  if (principal.username !== null && audience.usernames.includes(principal.username)) return true
  if (principal.organizationId === null || !audience.organizations.includes(principal.organizationId)) return false
  return audience.roles.length === 0 || audience.roles.some((role) => principal.roles.includes(role))
}

export type Matcher = (principal: Principal) => boolean

/** Most names of an audience for which a search through the lists is cheaper than sets. */
const fewNames = 4

/**
 * Returns `matches` for one audience and many principals. Comparing two lists of roles costs the product of their lengths, and an event for
 * an organization compares them for each session there. 1,000 roles and 10,000 sessions with 50 roles each held the event loop for 18 s.
 * Sets, made once for the audience, need one look-up per role of the principal.
 */
export function createMatcher(audience: Audience): Matcher {
  const { users, usernames, organizations, roles } = audience
  if (users.length + usernames.length + organizations.length + roles.length <= fewNames) return (principal) => matches(audience, principal)
  const sets = { users: new Set(users), usernames: new Set(usernames), organizations: new Set(organizations), roles: new Set(roles) }
  return ({ userId, username, organizationId, roles: own }) => {
    if (audience.broadcast || sets.users.has(userId) || (username !== null && sets.usernames.has(username))) return true
    if (organizationId === null || !sets.organizations.has(organizationId)) return false
    return sets.roles.size === 0 || own.some((role) => sets.roles.has(role))
  }
}
