import { describe, expect, it } from 'vitest'
import { judgeClaims, type ClaimRules } from './judge-claims.ts'
import type { Claims } from './principal-from-claims.ts'

const nowMs = 1_800_000_000_000
const nowS = nowMs / 1000
const judge = (claims: Claims, rules: Partial<ClaimRules> = {}) =>
  judgeClaims(claims, { issuer: null, audiences: [], clockToleranceMs: 2_000, requiresExpiry: false, ...rules }, nowMs)?.kind ?? 'good'

describe('judgeClaims', () => {
  it('has nothing against claims about which there is no rule', () => {
    expect([judge({}), judge({ iss: 7, aud: {} })]).toEqual(['good', 'good'])
  })

  it('believes the one issuer, letter by letter', () => {
    const issuers = ['https://a.example', 'https://a.example/', 'HTTPS://a.example', undefined, null, ['https://a.example']]
    expect(issuers.map((iss) => judge({ iss }, {
      issuer: 'https://a.example',
    }))).toEqual(['good', ...issuers.slice(1).map(() => 'wrong-issuer')])
  })

  it('wants one of its audiences among those of the token', () => {
    const audiences = ['b', ['x', 'a'], 'ab', 'x', [], undefined, [['a']], { 0: 'a' }]
    expect(audiences.map((aud) => judge({ aud }, { audiences: ['a', 'b'] }))).toEqual([
      'good',
      'good',
      ...audiences.slice(2).map(() => 'wrong-audience'),
    ])
  })

  it('ends a token at `exp`, plus the tolerance', () => {
    expect([nowS + 1, nowS - 1.999, nowS - 2].map((exp) => judge({ exp }))).toEqual(['good', 'good', 'expired'])
  })

  it('begins a token at `nbf`, minus the tolerance', () => {
    expect([nowS, nowS + 2, nowS + 2.001].map((nbf) => judge({ nbf }))).toEqual(['good', 'good', 'not-yet-valid'])
  })

  it('takes no token that was issued in the future, beyond the tolerance', () => {
    expect([nowS - 1e6, nowS + 2, nowS + 2.001].map((iat) => judge({ iat }))).toEqual(['good', 'good', 'not-yet-valid'])
  })

  it('requires an end only where that is the rule', () => {
    expect([judge({}), judge({}, { requiresExpiry: true })]).toEqual(['good', 'missing-claim'])
  })

  it('takes times that are numbers, and nothing else', () => {
    const wrong = ['1800000000', null, true, [nowS], {}, Number.NaN, Infinity]
    expect(wrong.flatMap((time) => [
      judge({ exp: time }),
      judge({ nbf: time }),
      judge({ iat: time }),
    ])).toEqual(wrong.flatMap(() => ['malformed', 'malformed', 'malformed']))
  })
})
