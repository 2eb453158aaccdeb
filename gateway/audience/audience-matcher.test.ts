import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audience as anAudience, principal as aPrincipal } from '../testing/arbitraries.ts'
import type { Audience } from './audience.ts'
import { audienceKeys, orderingKey, principalKeys } from './audience-keys.ts'
import { createMatcher, matches } from './audience-matcher.ts'
import type { Principal } from './principal.ts'

const audience = (over: Partial<Audience>): Audience => ({
  broadcast: false,
  users: [],
  usernames: [],
  organizations: [],
  roles: [],
  ...over,
})
const ann: Principal = {
  userId: '1',
  username: 'ann',
  organizationId: 'acme',
  accountNumber: '77',
  roles: ['admin'],
  expiresAtMs: null,
  issuedAtMs: null,
  tokenId: null,
}

describe('matches', () => {
  it.each<[string, Partial<Audience>]>([
    ['a broadcast', { broadcast: true }],
    ['her user id', { users: ['0', '1'] }],
    ['her username', { usernames: ['ann'] }],
    ['her organization', { organizations: ['other', 'acme'] }],
    ['her organization and one of her roles', { organizations: ['acme'], roles: ['auditor', 'admin'] }],
    ['her user id, beside roles that narrow the organizations', { users: ['1'], organizations: ['acme'], roles: ['auditor'] }],
    ['a broadcast, beside other members', { broadcast: true, organizations: ['other'], roles: ['auditor'] }],
  ])('lets Ann see events for %s', (_title, over) => {
    expect(matches(audience(over), ann)).toBe(true)
  })

  it.each<[string, Partial<Audience>]>([
    ['nobody', {}],
    ['another user', { users: ['2'] }],
    ['a user whose id is her username', { users: ['ann'] }],
    ['a username that is her user id', { usernames: ['1'] }],
    ['an organization that is named like her', { organizations: ['1', 'ann'] }],
    ['a user whose id is her account number', { users: ['77'] }],
    ['a username that differs by case', { usernames: ['Ann'] }],
    ['another role of her organization', { organizations: ['acme'], roles: ['auditor'] }],
    // The predecessor kept one room per role for all tenants.
    ['her role in another organization', { organizations: ['other'], roles: ['admin'] }],
  ])('keeps from Ann events for %s', (_title, over) => {
    expect(matches(audience(over), ann)).toBe(false)
  })

  it('does not take a claim that is missing for a name', () => {
    const nameless = { ...ann, username: null, organizationId: null }
    expect(matches(audience({ usernames: ['null', 'undefined'], organizations: ['null', 'undefined'] }), nameless)).toBe(false)
  })

  it('agrees with the rule as it is written, for any audience and principal', () => {
    fc.assert(
      fc.property(anAudience, aPrincipal, (a, p) => {
        expect(matches(a, p)).toBe(oracle(a, p))
      }),
      { numRuns: 1000 },
    )
  })

  it('never lets a role alone decide: without a shared organization, roles change nothing', () => {
    fc.assert(
      fc.property(anAudience, aPrincipal, (a, p) => {
        const stranger = { ...p, organizationId: 'none of these' }
        expect(matches(a, stranger)).toBe(matches({ ...a, organizations: [], roles: [] }, stranger))
      }),
    )
  })
})

/** The sentence of docs/protocol.md section 8, as sets. */
function oracle(a: Audience, p: Principal): boolean {
  const named = [
    ...a.users.map((id) => p.userId === id),
    ...a.usernames.map((name) => p.username === name),
    ...a.organizations.map(
      (id) => p.organizationId === id && (a.roles.length === 0 || new Set(a.roles).intersection(new Set(p.roles)).size > 0),
    ),
  ]
  return a.broadcast || named.includes(true)
}

describe('audienceKeys and principalKeys', () => {
  const meet = (a: Audience, p: Principal): readonly string[] => audienceKeys(a).filter((key) => principalKeys(p).includes(key))

  it('meet whenever the audience matches', () => {
    fc.assert(
      fc.property(anAudience, aPrincipal, (a, p) => {
        expect(!matches(a, p) || meet(a, p).length > 0).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('decide alone, but for the roles where only an organization is shared', () => {
    fc.assert(
      fc.property(anAudience, aPrincipal, (a, p) => {
        const shared = meet(a, p)
        const onlyByOrganization = shared.every((key) => key.startsWith('o:'))
        const passesRoles = a.roles.length === 0 || a.roles.some((role) => p.roles.includes(role))
        expect(matches(a, p)).toBe(shared.length > 0 && (!onlyByOrganization || passesRoles))
      }),
      { numRuns: 1000 },
    )
  })

  it('are distinct, so that an index lists nothing twice', () => {
    fc.assert(
      fc.property(anAudience, aPrincipal, (a, p) => {
        expect(new Set(audienceKeys(a)).size).toBe(audienceKeys(a).length)
        expect(new Set(principalKeys(p)).size).toBe(principalKeys(p).length)
      }),
    )
  })

  it('distinguish users, usernames and organizations of one name, and a user named * from a broadcast', () => {
    expect(audienceKeys(audience({ users: ['*'], usernames: ['*'], organizations: ['*'] }))).toEqual(['u:*', 'n:*', 'o:*'])
    expect(audienceKeys(audience({ broadcast: true }))).toEqual(['*'])
    expect(principalKeys({ ...ann, username: null, organizationId: null })).toEqual(['*', 'u:1'])
  })

  it('are none for an audience without recipients', () => {
    expect(audienceKeys(audience({}))).toEqual([])
  })
})

describe('orderingKey', () => {
  it.each<[Partial<Audience>, string]>([
    [{ users: ['1'] }, 'u:1'],
    [{ usernames: ['ann'] }, 'n:ann'],
    [{ organizations: ['acme'] }, 'o:acme'],
    [{ organizations: ['acme'], roles: ['admin', 'auditor'] }, 'o:acme'],
  ])('orders the events for %j', (over, key) => {
    expect(orderingKey(audience(over))).toBe(key)
  })

  it.each<[Partial<Audience>]>([
    [{}],
    [{ broadcast: true }],
    [{ broadcast: true, users: ['1'] }],
    [{ users: ['1', '2'] }],
    [{ users: ['1'], usernames: ['ann'] }],
    [{ users: ['1'], organizations: ['acme'] }],
  ])('does not order the events for %j', (over) => {
    expect(orderingKey(audience(over))).toBeNull()
  })
})

describe('a matcher', () => {
  it('agrees with matches, for any audience and principal', () => {
    fc.assert(
      fc.property(anAudience, fc.array(aPrincipal, { maxLength: 4 }), (to, principals) => {
        const matcher = createMatcher(to)
        expect(principals.map(matcher)).toEqual(principals.map((principal) => matches(to, principal)))
      }),
      { numRuns: 1000 },
    )
  })

  it('does not compare each role with each: 1,000 roles and 2,000 principals of 50 roles took seconds', () => {
    const rolesFrom = (first: number, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `a-role-of-usual-length-${first + index}`)
    const principals = Array.from({ length: 2_000 }, (_, index) => ({
      ...ann,
      userId: `user-${index}`,
      roles: rolesFrom(5_000, 50),
    }))
    const matcher = createMatcher(audience({ organizations: ['acme'], roles: rolesFrom(0, 1_000) }))
    const startedMs = performance.now()
    expect(principals.filter(matcher)).toEqual([])
    expect(performance.now() - startedMs).toBeLessThan(500)
  })
})
