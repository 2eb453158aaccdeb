import { describe, expect, it } from 'vitest'
import { checkClaims, type ClaimRules } from './check-claims.ts'
import type { Claims } from './claim-at.ts'

const nowMs = 1_800_000_000_000
const nowS = nowMs / 1000
const check = (claims: Claims, rules: Partial<ClaimRules> = {}) =>
  checkClaims(claims, { issuer: null, audiences: [], audienceClaim: '', clockToleranceMs: 2_000, requiresExpiry: false, ...rules }, nowMs)
    ?.kind ?? 'good'

describe('checkClaims', () => {
  it('has nothing against claims about which there is no rule', () => {
    expect([check({}), check({ iss: 7, aud: {} })]).toEqual(['good', 'good'])
  })

  it('believes the one issuer, letter by letter', () => {
    const issuers = ['https://a.example', 'https://a.example/', 'HTTPS://a.example', undefined, null, ['https://a.example']]
    expect(
      issuers.map((iss) =>
        check(
          { iss },
          {
            issuer: 'https://a.example',
          },
        ),
      ),
    ).toEqual(['good', ...issuers.slice(1).map(() => 'wrong-issuer')])
  })

  it('wants one of its audiences among those of the token', () => {
    const audiences = ['b', ['x', 'a'], 'ab', 'x', [], undefined, [['a']], { 0: 'a' }]
    expect(audiences.map((aud) => check({ aud }, { audiences: ['a', 'b'] }))).toEqual([
      'good',
      'good',
      ...audiences.slice(2).map(() => 'wrong-audience'),
    ])
  })

  describe('of a token without `aud`', () => {
    const rules = { audiences: ['client-1', 'client-2'], audienceClaim: 'client_id' }

    it('wants one of the audiences in the configured claim', () => {
      const clients = ['client-2', ['x', 'client-1'], 'client-3', '', null, undefined, { 0: 'client-1' }]
      expect(clients.map((client_id) => check({ client_id }, rules))).toEqual([
        'good',
        'good',
        ...clients.slice(2).map(() => 'wrong-audience'),
      ])
    })

    it('looks at no claim unless one is configured', () => {
      expect(check({ client_id: 'client-1' }, { ...rules, audienceClaim: '' })).toBe('wrong-audience')
    })

    it('reads the claim by its path', () => {
      expect(check({ act: { client: 'client-1' } }, { ...rules, audienceClaim: 'act.client' })).toBe('good')
    })

    it('names the settings in the refusal', () => {
      const detail = (audienceClaim: string) =>
        checkClaims({}, { issuer: null, audiences: ['a'], audienceClaim, clockToleranceMs: 0, requiresExpiry: false }, nowMs)?.detail
      expect(detail('')).toMatch(/has no `aud`.*JWT_AUDIENCE.*JWT_AUDIENCE_CLAIM/)
      expect(detail('client_id')).toMatch(/has no `aud`.*`client_id`.*JWT_AUDIENCE/)
    })
  })

  // The client that requested a token does not show its audience. A token for another service must not be accepted because of its client.
  it('refuses a token that names other audiences, for every client', () => {
    const named = ['other', ['other'], [], '', null, 7, { aud: 'client-1' }]
    const checked = named.map((aud) => check({ aud, client_id: 'client-1' }, { audiences: ['client-1'], audienceClaim: 'client_id' }))
    expect(checked).toEqual(named.map(() => 'wrong-audience'))
  })

  it('takes a token with a good `aud` whether or not it has the configured claim', () => {
    const rules = { audiences: ['client-1'], audienceClaim: 'client_id' }
    expect([check({ aud: 'client-1' }, rules), check({ aud: ['client-1'], client_id: 'other' }, rules)]).toEqual(['good', 'good'])
  })

  it('says that a time is in milliseconds rather than that a clock is wrong', () => {
    const detail = (claims: Claims) =>
      checkClaims(claims, { issuer: null, audiences: [], audienceClaim: '', clockToleranceMs: 0, requiresExpiry: false }, nowMs)?.detail
    expect([detail({ iat: nowMs }), detail({ nbf: nowMs })]).toEqual([
      expect.stringContaining('milliseconds'),
      expect.stringContaining('milliseconds'),
    ])
    expect(detail({ iat: nowS + 60 })).toContain('clocks')
  })

  it('ends a token at `exp`, plus the tolerance', () => {
    expect([nowS + 1, nowS - 1.999, nowS - 2].map((exp) => check({ exp }))).toEqual(['good', 'good', 'expired'])
  })

  it('begins a token at `nbf`, minus the tolerance', () => {
    expect([nowS, nowS + 2, nowS + 2.001].map((nbf) => check({ nbf }))).toEqual(['good', 'good', 'not-yet-valid'])
  })

  it('takes no token that was issued in the future, beyond the tolerance', () => {
    expect([nowS - 1e6, nowS + 2, nowS + 2.001].map((iat) => check({ iat }))).toEqual(['good', 'good', 'not-yet-valid'])
  })

  it('requires an end only where that is the rule', () => {
    expect([check({}), check({}, { requiresExpiry: true })]).toEqual(['good', 'missing-claim'])
  })

  it('takes times that are numbers, and nothing else', () => {
    const wrong = ['1800000000', null, true, [nowS], {}, Number.NaN, Infinity]
    expect(wrong.flatMap((time) => [check({ exp: time }), check({ nbf: time }), check({ iat: time })])).toEqual(
      wrong.flatMap(() => ['malformed', 'malformed', 'malformed']),
    )
  })
})
