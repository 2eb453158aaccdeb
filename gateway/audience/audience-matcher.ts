import type { Audience } from './audience.ts'
import type { Principal } from './principal.ts'

/**
 * Whether the principal may see events for the audience: everybody when it is a broadcast, otherwise whoever it names as a user, by
 * username, or as one of an organization who, if there are roles, has one of them. A claim that the principal lacks matches nothing.
 */
export function matches(audience: Audience, principal: Principal): boolean {
  if (audience.broadcast || audience.users.includes(principal.userId)) return true
  if (principal.username !== null && audience.usernames.includes(principal.username)) return true
  if (principal.organizationId === null || !audience.organizations.includes(principal.organizationId)) return false
  return audience.roles.length === 0 || audience.roles.some((role) => principal.roles.includes(role))
}
