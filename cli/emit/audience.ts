import type { Flags, Given } from '../command.ts'

export const audienceFlags = {
  user: { type: 'string', value: 'ID', multiple: true, sentence: 'Recipient: the user with this id.' },
  username: { type: 'string', value: 'NAME', multiple: true, sentence: 'Recipient: the user with this name.' },
  organization: { type: 'string', value: 'ID', multiple: true, sentence: 'Recipients: all users of this organization.' },
  role: { type: 'string', value: 'ROLE', multiple: true, sentence: 'Narrows the organizations to users with this role.' },
  broadcast: { type: 'boolean', sentence: 'Recipients: all users of the channel.' },
} as const satisfies Flags

/** Returns the audience of the flags, with only the members that were given; null when none was. The gateway checks it. */
export function readAudience(given: Given<keyof typeof audienceFlags>): Readonly<Record<string, unknown>> | null {
  const members = {
    users: given.texts('user'),
    usernames: given.texts('username'),
    organizations: given.texts('organization'),
    roles: given.texts('role'),
  }
  const named = Object.fromEntries(Object.entries(members).filter(([, names]) => names.length > 0))
  const audience = given.has('broadcast') ? { broadcast: true, ...named } : named
  return Object.keys(audience).length === 0 ? null : audience
}
