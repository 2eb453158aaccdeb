/** Users of the proof, the events that are emitted, and who must get them: plain data, and an oracle without knowledge of the gateway. */
export interface User {
  readonly id: string
  readonly username: string
  readonly organization: string
  readonly roles: readonly string[]
}

export interface PlannedEvent {
  readonly id: string
  /** Events with the same key must arrive in the order of their numbers; null: no order is promised. */
  readonly key: string | null
  readonly number: number
  readonly audience: {
    readonly broadcast?: boolean
    readonly users?: readonly string[]
    readonly usernames?: readonly string[]
    readonly organizations?: readonly string[]
    readonly roles?: readonly string[]
  }
}

export function planUsers(users: number, organizations: number): readonly User[] {
  return Array.from({ length: users }, (_, index) => ({
    id: `user-${index}`,
    username: `näme+${index}%-_`,
    organization: `org-${index % organizations}`,
    roles: index % 3 === 0 ? ['admin', 'reader'] : ['reader'],
  }))
}

/** @param random in [0, 1) */
export function planEvents(count: number, users: readonly User[], random: () => number): readonly PlannedEvent[] {
  const pick = (): User =>
    users[Math.floor(random() * users.length)] ?? { id: 'nobody', username: 'nobody', organization: 'none', roles: [] }
  return Array.from({ length: count }, (_, number) => ({ id: `event-${number}`, number, ...aimAt(random(), pick) }))
}

function aimAt(dice: number, pick: () => User): Pick<PlannedEvent, 'key' | 'audience'> {
  const user = pick()
  if (dice < 0.45) return { key: `user ${user.id}`, audience: { users: [user.id] } }
  if (dice < 0.6) return { key: `username ${user.username}`, audience: { usernames: [user.username] } }
  if (dice < 0.7) return { key: null, audience: { users: [user.id, pick().id] } }
  if (dice < 0.8) return { key: `organization ${user.organization}`, audience: { organizations: [user.organization] } }
  if (dice < 0.9) return { key: null, audience: { organizations: [user.organization, pick().organization], roles: ['admin'] } }
  if (dice < 0.95) return { key: null, audience: { users: [user.id], organizations: [pick().organization] } }
  return { key: null, audience: { broadcast: true } }
}

/** Returns true when the user must get the event: the rule of docs/protocol.md, Audience, word for word. */
export function isExpected(event: PlannedEvent, user: User): boolean {
  const { broadcast = false, users = [], usernames = [], organizations = [], roles = [] } = event.audience
  if (broadcast) return true
  if (users.includes(user.id)) return true
  if (usernames.includes(user.username)) return true
  const hasRole = roles.length === 0 || roles.filter((role) => user.roles.includes(role)).length > 0
  return organizations.includes(user.organization) && hasRole
}

/** Mulberry32: the same seed gives the same proof. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
