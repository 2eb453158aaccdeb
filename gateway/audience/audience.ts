/**
 * The recipients of an event. `broadcast` is everyone on the channel; otherwise the union of `users`, `usernames` and `organizations`. `roles`
 * narrow the organizations to principals who have one of the roles. An audience without recipients reaches no client.
 */
export interface Audience {
  readonly broadcast: boolean
  /** User ids. */
  readonly users: readonly string[]
  readonly usernames: readonly string[]
  readonly organizations: readonly string[]
  /** Role names. Never without `organizations`, because roles alone would cross tenants. */
  readonly roles: readonly string[]
}

/** Returns the members of an audience that have names, without the names: `broadcast`, `users`, `organizations+roles`, ... */
export function audienceKind(audience: Audience): string {
  const kinds = (['users', 'usernames', 'organizations', 'roles'] as const).filter((member) => audience[member].length > 0)
  return audience.broadcast ? 'broadcast' : kinds.join('+')
}
