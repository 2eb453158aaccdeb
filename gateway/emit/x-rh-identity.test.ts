import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxXRhIdentityBytes, parseXRhIdentity } from './x-rh-identity.ts'

const encode = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64')
const parse = (identity: unknown) => parseXRhIdentity(encode({ identity, entitlements: {} }))
const refusal = (detail: string) => ({ ok: false, error: expect.stringContaining(detail) })

describe('parseXRhIdentity', () => {
  it.each([
    [
      'a user',
      { type: 'User', org_id: 'o', account_number: 'a', user: { user_id: '7', username: 'ada', is_org_admin: true } },
      { type: 'User', name: '7', organizationId: 'o', accountNumber: 'a' },
    ],
    [
      'a user without an id',
      { type: 'User', org_id: 'o', user: { username: 'ada' } },
      { type: 'User', name: 'ada', organizationId: 'o', accountNumber: null },
    ],
    [
      'a user with numbers',
      { type: 'User', org_id: 1, account_number: 2, user: { user_id: 7 } },
      { type: 'User', name: '7', organizationId: '1', accountNumber: '2' },
    ],
    [
      'a service account',
      { type: 'ServiceAccount', org_id: 'o', service_account: { client_id: 'c', username: 'service-account-c' } },
      { type: 'ServiceAccount', name: 'c', organizationId: 'o', accountNumber: null },
    ],
    [
      'a machine',
      { type: 'System', org_id: 'o', system: { cn: 'm', cert_type: 'system' } },
      { type: 'System', name: 'm', organizationId: 'o', accountNumber: null },
    ],
    [
      'a cluster',
      { type: 'System', org_id: 'o', system: { cluster_id: 'k' } },
      { type: 'System', name: 'k', organizationId: 'o', accountNumber: null },
    ],
    [
      'an associate',
      { type: 'Associate', associate: { email: 'a@example.com', rhatUUID: 'r' } },
      { type: 'Associate', name: 'r', organizationId: null, accountNumber: null },
    ],
    [
      'a certificate',
      { type: 'X509', x509: { subject_dn: '/CN=x' } },
      { type: 'X509', name: '/CN=x', organizationId: null, accountNumber: null },
    ],
    [
      'a user of an old proxy',
      { account_number: 'a', internal: { org_id: 'o' }, user: { username: 'ada' } },
      { type: 'User', name: 'ada', organizationId: 'o', accountNumber: 'a' },
    ],
  ])('reads %s', (_, identity, expected) => {
    expect(parse(identity)).toEqual({ ok: true, value: expected })
  })

  it('takes both base64 alphabets, with and without padding', () => {
    const json = { identity: { user: { username: 'ÿ>?ÿ>?ÿ' } } }
    for (const alphabet of ['base64', 'base64url'] as const) {
      const text = Buffer.from(JSON.stringify(json)).toString(alphabet)
      expect([parseXRhIdentity(text), parseXRhIdentity(text.replaceAll('=', ''))]).toMatchObject([
        { value: { name: 'ÿ>?ÿ>?ÿ' } },
        { value: { name: 'ÿ>?ÿ>?ÿ' } },
      ])
    }
  })

  it.each([
    ['nothing', '', 'not base64'],
    ['text that is not base64', '{"identity":{}}', 'not base64'],
    ['base64 with something behind it', `${encode({ identity: {} })}!`, 'not base64'],
    ['base64 of no JSON', Buffer.from('{').toString('base64'), 'an object `identity`'],
    ['base64 of invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('base64'), 'an object `identity`'],
    ['null', encode(null), 'an object `identity`'],
    ['JSON without an identity', encode({}), 'an object `identity`'],
    ['an identity that is a text', encode({ identity: 'ada' }), 'an object `identity`'],
    ['more than a header may have', 'A'.repeat(maxXRhIdentityBytes + 1), 'more than 16384 bytes'],
  ])('refuses %s', (_, header, detail) => {
    expect(parseXRhIdentity(header)).toEqual(refusal(detail))
  })

  it.each([
    ['an unknown type', { type: 'Robot', user: { username: 'x' } }, 'The types are User, ServiceAccount, System, Associate, X509'],
    ['a type that every object has', { type: 'constructor' }, 'The types are User'],
    ['a type that is not a text', { type: 7 }, 'The types are User'],
    ['an array', [], 'has no name'],
    ['nobody', { type: 'User', org_id: 'o' }, 'identity.user.user_id or identity.user.username'],
    ['a user with an empty name', { type: 'User', user: { username: '', user_id: null } }, 'has no name'],
    ['a name of another type', { type: 'System', user: { username: 'ada' } }, 'has no name'],
    ['a name that is an object', { type: 'User', user: { username: {} } }, 'identity.user.username'],
    ['an organization that is a boolean', { user: { username: 'a' }, org_id: true }, 'identity.org_id'],
    ['an organization that is a fraction', { user: { username: 'a' }, org_id: 0.5 }, 'identity.org_id'],
    ['a name that is too long', { user: { username: 'x'.repeat(257) } }, 'at most 256 characters'],
  ])('refuses an identity that is %s', (_, identity, detail) => {
    expect(parse(identity)).toEqual(refusal(detail))
  })

  it('never throws, and never repeats the header', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.jsonValue().map(encode),
          fc.jsonValue().map((identity) => encode({ identity })),
        ),
        (header) => {
          const parsed = parseXRhIdentity(header)
          expect(header.length > 3 && !parsed.ok && parsed.error.includes(header)).toBe(false)
        },
      ),
    )
  })
})
