import type { Audience } from './audience.ts'
import { matches } from './audience-matcher.ts'
import type { Principal } from './principal.ts'

export type Matcher = (principal: Principal) => boolean

/** With no more names than this in an audience, to look through them is cheaper than a set. */
const fewNames = 4

/**
 * `matches` for one audience and many principals. To compare two lists of roles costs the product of their lengths, and an event for an
 * organization asks it of every session there: 1,000 roles and 10,000 sessions with 50 each held the event loop for 18 s. Sets, made
 * once for the audience, leave one look-up per role of the principal.
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
