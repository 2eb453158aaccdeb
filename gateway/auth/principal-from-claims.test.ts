import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Claims } from './claim-at.ts'
import { claimLimits, claimPathsFrom, defaultClaimPaths, principalFromClaims } from './principal-from-claims.ts'

const read = (claims: Claims, paths = {}) => principalFromClaims({ user_id: 'u', ...claims }, { ...defaultClaimPaths, ...paths })
const refusal = (detail: string) => ({ ok: false, error: { kind: 'missing-claim', detail: expect.stringContaining(detail) } })

describe('principalFromClaims', () => {
  it('reads everything that a principal has', () => {
    expect(
      read({
        username: 'ada',
        org_id: 'o',
        account_number: '42',
        roles: ['a', 'b'],
        scope: 'x',
        exp: 1_800_000_000,
        iat: 1_700_000_000,
        jti: 't-1',
      }),
    ).toEqual({
      ok: true,
      value: {
        principal: {
          userId: 'u',
          username: 'ada',
          organizationId: 'o',
          accountNumber: '42',
          roles: ['a', 'b'],
          expiresAtMs: 1_800_000_000_000,
          issuedAtMs: 1_700_000_000_000,
          tokenId: 't-1',
        },
        scopes: ['x'],
      },
    })
  })

  it('is content with a user id; what is absent, null or empty is nothing', () => {
    const nothing = {
      ok: true,
      value: {
        principal: {
          userId: 'u',
          username: null,
          organizationId: null,
          accountNumber: null,
          roles: [],
          expiresAtMs: null,
          issuedAtMs: null,
          tokenId: null,
        },
        scopes: [],
      },
    }
    expect(read({})).toEqual(nothing)
    expect(read({ username: null, org_id: '', account_number: null, roles: null, scope: null, scp: null })).toEqual(nothing)
    expect(read({ roles: '', scope: '', scp: [] })).toEqual(nothing)
  })

  it('makes texts of numbers', () => {
    expect(read({ user_id: 0, username: 7, org_id: 11_789_772, account_number: Number.MAX_SAFE_INTEGER })).toMatchObject({
      value: { principal: { userId: '0', username: '7', organizationId: '11789772', accountNumber: '9007199254740991' } },
    })
  })

  it.each([undefined, null, ''])('requires a user id: %j is none', (userId) => {
    expect(read({ user_id: userId })).toEqual(refusal('`user_id` is missing'))
  })

  it.each<[string, Claims, string]>([
    ['a user id that is a boolean', { user_id: true }, '`user_id` is of the wrong type'],
    ['a user id that is an array', { user_id: ['u'] }, '`user_id` is of the wrong type'],
    ['a user id that has lost digits', { user_id: 2 ** 53 }, '`user_id` is a number that is not whole or has lost digits'],
    ['a user name that is an object', { username: {} }, '`username`'],
    ['an organization that is a fraction', { org_id: 0.5 }, '`org_id`'],
    ['an account number that is false', { account_number: false }, '`account_number`'],
    ['roles that are an object', { roles: { admin: true } }, '`roles`'],
    ['a role that is a number', { roles: ['a', 1] }, '`roles`'],
    ['a role that is null', { roles: [null] }, '`roles`'],
    ['a scope that is a number', { scope: 1 }, '`scope`'],
    ['an scp with an object', { scp: [{}] }, '`scp`'],
    ['a user id that is too long', { user_id: 'x'.repeat(claimLimits.textLength + 1) }, '`user_id` has more than 512 characters'],
    ['a role that is too long', { roles: ['x'.repeat(claimLimits.textLength + 1)] }, '`roles` has an entry of more than 512'],
    ['too many roles', { roles: Array.from({ length: claimLimits.listLength + 1 }, String) }, '`roles` has more than 1000 entries'],
    ['too many roles in one text', { roles: 'r '.repeat(claimLimits.listLength + 1) }, '`roles` has more than 1000 entries'],
  ])('refuses %s, and names the claim', (_, claims, detail) => {
    expect(read(claims)).toEqual(refusal(detail))
  })

  it('names the path that is configured', () => {
    expect(read({ identity: { user: { id: [] } } }, { userId: 'identity.user.id' })).toEqual(refusal('`identity.user.id`'))
  })

  it('takes as much as the limits allow', () => {
    const roles = Array.from({ length: claimLimits.listLength }, (_, n) => String(n).padStart(claimLimits.textLength, 'x'))
    expect(read({ user_id: 'x'.repeat(claimLimits.textLength), roles })).toMatchObject({ ok: true, value: { principal: { roles } } })
  })

  it('reads roles from one text with blanks or commas, each once', () => {
    expect(read({ roles: ' admin,viewer  editor, admin,' })).toMatchObject({
      value: { principal: { roles: ['admin', 'viewer', 'editor'] } },
    })
    expect(read({ roles: ['a', '', 'a', 'b, c'] })).toMatchObject({ value: { principal: { roles: ['a', 'b, c'] } } })
  })

  it('reads scopes from `scope` and `scp`, as texts and as arrays', () => {
    expect(read({ scope: 'a  b', scp: ['b', 'c'] })).toMatchObject({ value: { scopes: ['a', 'b', 'c'] } })
    expect(read({ scope: ['a'], scp: 'b c' })).toMatchObject({ value: { scopes: ['a', 'b', 'c'] } })
  })

  it('has an end for every number, however large', () => {
    expect(read({ exp: 1.5 })).toMatchObject({ value: { principal: { expiresAtMs: 1_500 } } })
    expect(read({ exp: 1e308 })).toMatchObject({ value: { principal: { expiresAtMs: Number.MAX_SAFE_INTEGER } } })
  })

  it('accepts any text unchanged, with any characters', () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(text, text, (name, role) => {
        const answer = read({ user_id: name, username: name, org_id: name, roles: [role] })
        expect(answer).toMatchObject({ value: { principal: { userId: name, username: name, organizationId: name, roles: [role] } } })
      }),
    )
  })

  it('never throws, for any claims', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('user_id', 'username', 'org_id', 'account_number', 'roles', 'scope', 'scp', 'exp'), fc.jsonValue()),
        (claims) => {
          const answer = principalFromClaims(claims, defaultClaimPaths)
          expect(answer.ok || answer.error.kind).toSatisfy((outcome) => outcome === true || outcome === 'missing-claim')
        },
      ),
    )
  })
})

describe('claimPathsFrom', () => {
  it('takes each path from its option', () => {
    const options = {
      jwtClaimUserId: 'a',
      jwtClaimUsername: 'b',
      jwtClaimOrganizationId: 'c',
      jwtClaimAccountNumber: 'd',
      jwtClaimRoles: 'e',
    }
    expect(claimPathsFrom(options)).toEqual({ userId: 'a', username: 'b', organizationId: 'c', accountNumber: 'd', roles: 'e' })
  })
})
