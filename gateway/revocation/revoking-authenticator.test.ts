import { describe, expect, it } from 'vitest'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Principal } from '../audience/principal.ts'
import { ok } from '../../program/result.ts'
import { aPrincipal } from '../testing/builders.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { Revocations } from './revocations.ts'
import { createRevokingAuthenticator } from './revoking-authenticator.ts'

const keepMs = 1_000
const toleranceMs = 10

function setUp(principal: Partial<Principal> = {}) {
  const clock = { nowMs: 10_000 }
  const state = { hasRead: true }
  const revocations = new Revocations({ maxEntries: 10, now: () => clock.nowMs })
  const verified = Promise.withResolvers<void>()
  const token = { principal: aPrincipal({ userId: 'ann', issuedAtMs: 9_500, ...principal }), scopes: ['s'] }
  const inner: Authenticator = {
    authenticate: async () => {
      await verified.promise
      return ok(token)
    },
    recall: () => token,
  }
  const metrics = createRecordingMetrics()
  const authenticator = createRevokingAuthenticator({
    authenticator: inner,
    revocations,
    hasRead: () => state.hasRead,
    keepMs,
    toleranceMs,
    metrics: metrics.metrics,
    now: () => clock.nowMs,
  })
  return { authenticator, revocations, metrics, clock, verified, state, token }
}

const revokeAnn = (revocations: Revocations): unknown =>
  revocations.add({ kind: 'user', name: 'ann' }, { issuedBeforeMs: 10_000, untilMs: 99_000 })

describe('the authenticator that knows revocations', () => {
  it('refuses a token that is revoked while it is being verified', async () => {
    const { authenticator, revocations, verified, metrics } = setUp()
    const outcome = authenticator.authenticate('t')
    revokeAnn(revocations)
    verified.resolve()
    expect(await outcome).toEqual({ ok: false, error: { kind: 'revoked', detail: 'The token was revoked. Get a new token.' } })
    expect(metrics.value('revokedTokensRefused')).toBe(1)
  })

  it('accepts no token before it has read the revocations, and refuses the revoked ones that it knows as such', async () => {
    const { authenticator, revocations, verified, state } = setUp()
    state.hasRead = false
    verified.resolve()
    expect(await authenticator.authenticate('t')).toMatchObject({ ok: false, error: { kind: 'not-ready' } })
    revokeAnn(revocations)
    expect(await authenticator.authenticate('t')).toMatchObject({ ok: false, error: { kind: 'revoked' } })
  })

  it.each([
    ['does not expire', { expiresAtMs: null }, 10_500],
    ['expires later than a revocation is kept', { expiresAtMs: 99_000 }, 10_500],
    ['expires earlier', { expiresAtMs: 10_100 }, 10_100],
    ['does not say when it was issued', { issuedAtMs: null, expiresAtMs: 99_000 }, 99_000],
  ])('ends a token that %s in time', async (_, principal, expiresAtMs) => {
    const { authenticator, verified } = setUp(principal)
    verified.resolve()
    expect(await authenticator.authenticate('t')).toMatchObject({ ok: true, value: { principal: { expiresAtMs }, scopes: ['s'] } })
  })

  // A client that insists takes from the rate of unknown tokens.
  it('recalls a token until it is revoked or too old, and no token before it has read the revocations', () => {
    const { authenticator, revocations, clock, state, token } = setUp()
    const recall = () => authenticator.recall?.('t')
    expect(recall()).toMatchObject({ ...token, principal: { userId: 'ann', expiresAtMs: 10_500 } })
    state.hasRead = false
    expect(recall()).toBeNull()
    state.hasRead = true
    clock.nowMs += 1_000
    expect(recall()).toBeNull()
    clock.nowMs -= 1_000
    revokeAnn(revocations)
    expect(recall()).toBeNull()
  })

  it('refuses a token that is older than revocations are kept, because one may be forgotten', async () => {
    const { authenticator, verified, clock, metrics } = setUp()
    verified.resolve()
    clock.nowMs = 9_500 + keepMs + toleranceMs - 1
    expect(await authenticator.authenticate('t')).toMatchObject({ ok: true })
    clock.nowMs += 1
    expect(await authenticator.authenticate('t')).toEqual({
      ok: false,
      error: { kind: 'expired', detail: 'The token was issued too long ago (REVOCATION_KEEP_MS). Get a new token.' },
    })
    expect(metrics.value('revokedTokensRefused')).toBe(0)
  })
})
