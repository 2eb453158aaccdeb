import type { Audience } from '../../audience/audience.ts'

/** Returns the audience as a sentence. */
export function describeAudience(audience: Audience): string {
  if (audience.broadcast) return 'Everyone on the channel.'
  const { organizations, roles } = audience
  const members =
    organizations.length === 0 ? '' : `members of ${list(organizations)}${roles.length === 0 ? '' : ` who are ${list(roles, 'or')}`}`
  const parts = [
    audience.users.length === 0 ? '' : `user ${list(audience.users)}`,
    audience.usernames.length === 0 ? '' : `${list(audience.usernames)} by name`,
    members,
  ].filter(Boolean)
  return parts.length === 0 ? 'No recipients yet.' : `${capitalize(parts.join('; '))}.`
}

function list(names: readonly string[], word = 'and'): string {
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
