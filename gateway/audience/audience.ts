/**
 * Who may see an event. `broadcast` is everybody on the channel; otherwise the union of `users`, `usernames` and
 * `organizations`, where `roles`, when there are any, narrow the organizations: a principal of one of the organizations
 * who has one of the roles. An audience that names nobody reaches nobody.
 */
export interface Audience {
  readonly broadcast: boolean
  /** User ids. */
  readonly users: readonly string[]
  readonly usernames: readonly string[]
  readonly organizations: readonly string[]
  /** Never without `organizations`: roles alone would cross tenants. */
  readonly roles: readonly string[]
}

/** Returns the members by which an audience names its recipients, without the names: `broadcast`, `users`, `organizations+roles`, ... */
export function audienceKind(audience: Audience): string {
  const kinds = (['users', 'usernames', 'organizations', 'roles'] as const).filter((member) => audience[member].length > 0)
  return audience.broadcast ? 'broadcast' : kinds.join('+')
}
