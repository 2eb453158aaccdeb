import type { Audience } from './audience.ts'
import type { Principal } from './principal.ts'

export function audienceKeys(audience: Audience): readonly string[] {
  if (audience.broadcast) return ['*']
  return [...audience.users.map((id) => `u:${id}`), ...audience.usernames.map((name) => `n:${name}`), ...audience.organizations.map((id) => `o:${id}`)]
}
export function principalKeys(principal: Principal): readonly string[] {
  const keys = ['*', `u:${principal.userId}`]
  if (principal.username !== null) keys.push(`n:${principal.username}`)
  if (principal.organizationId !== null) keys.push(`o:${principal.organizationId}`)
  return keys
}
