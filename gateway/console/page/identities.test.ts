import { describe, expect, it } from 'vitest'
import { describePrincipal, identityOfClaims, identityOfForm, identityOfToken, parseList, samplePeople } from './identities.ts'

const form = { userId: ' u1 ', username: '', organization: ' ', account: '', roles: '', lifetime: '' }
const tokenOf = (payload: string): string => `eyJ.${Buffer.from(payload).toString('base64url')}.c2ln`

describe('identityOfForm', () => {
  it('leaves out what was left empty', () => {
    const identity = identityOfForm(form)
    expect(identity.claims).toEqual({ user_id: 'u1' })
    expect(identity.principal).toEqual({
      userId: 'u1',
      username: null,
      organizationId: null,
      accountNumber: null,
      roles: [],
      expiresAtMs: null,
      issuedAtMs: null,
      tokenId: null,
    })
    expect(identity.lifetimeS).toBeNull()
  })

  it('accepts all claims in any script', () => {
    const identity = identityOfForm({
      userId: 'u+1%',
      username: '名前',
      organization: 'o-1',
      account: '42',
      roles: 'admin, admin,\nviewer ,',
      lifetime: '60',
    })
    expect(identity.claims).toEqual({ user_id: 'u+1%', username: '名前', org_id: 'o-1', account_number: '42', roles: ['admin', 'viewer'] })
    expect(identity.lifetimeS).toBe(60)
    expect(identity.label).toBe('名前 · o-1 · admin, viewer')
  })

  it('gives the same claims the same id, and others another', () => {
    expect(identityOfForm(form).id).toBe(identityOfForm({ ...form, userId: 'u1' }).id)
    expect(identityOfForm(form).id).not.toBe(identityOfForm({ ...form, lifetime: '10' }).id)
  })
})

describe('identityOfToken', () => {
  it('shows the claims of the token', () => {
    const identity = identityOfToken(`  Bearer ${tokenOf('{"user_id":"ü","username":"名","org_id":"o","roles":["a",1],"exp":10}')}\n`)
    expect(identity?.principal).toEqual({
      userId: 'ü',
      username: '名',
      organizationId: 'o',
      accountNumber: null,
      roles: ['a'],
      expiresAtMs: 10_000,
      issuedAtMs: null,
      tokenId: null,
    })
    expect(identity?.token).toMatch(/^eyJ\./)
    expect(identity?.label).toBe('名 · o · a')
  })

  it('takes a token with other claims, or none that can be read, and says less', () => {
    for (const payload of ['{"sub":"x"}', 'no json', 'null', '[]', '"text"'])
      expect(identityOfToken(tokenOf(payload))?.principal).toBeNull()
    expect(identityOfToken(tokenOf('{}'))?.label).toBe('Token …c2ln'.replace('c2ln', tokenOf('{}').slice(-6)))
  })

  it('refuses what has not the form of a signed token', () => {
    for (const text of ['', 'a.b', 'a.b.', 'a.b.c.d', 'a b.c.d', 'Bearer ']) expect(identityOfToken(text), text).toBeNull()
  })
})

describe('parseList', () => {
  it('reads names between commas and lines, each once', () => {
    expect(parseList(' a, b\n\nc,,a ')).toEqual(['a', 'b', 'c'])
    expect(parseList('')).toEqual([])
  })
})

describe('describePrincipal', () => {
  it('names the user by what there is', () => {
    const { principal } = identityOfClaims({ user_id: 'u' }, null)
    expect(principal === null ? '' : describePrincipal(principal)).toBe('u')
  })
})

describe('the sample people', () => {
  it('are of two organizations and differ in their roles, so that every audience can be tried', () => {
    expect(new Set(samplePeople.map(({ claims }) => claims?.org_id)).size).toBe(2)
    expect(new Set(samplePeople.map(({ id }) => id)).size).toBe(samplePeople.length)
  })
})
