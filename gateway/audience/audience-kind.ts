import type { Audience } from './audience.ts'

/** Returns the members by which an audience names its recipients, without the names: `broadcast`, `users`, `organizations+roles`, ... */
export function audienceKind(audience: Audience): string {
  const kinds = (['users', 'usernames', 'organizations', 'roles'] as const).filter((member) => audience[member].length > 0)
  return audience.broadcast ? 'broadcast' : kinds.join('+')
}
