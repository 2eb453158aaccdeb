import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Principal } from '../audience/principal.ts'
import { maxTokenBytes, type Authenticator } from './authenticator.ts'

/** An authenticator under test, with an issuer that it trusts. */
export interface AuthenticatorHarness {
  readonly authenticator: Authenticator
  /** Makes a valid token. `expiresAtMs` is a whole number of seconds. */
  issue(principal: Principal, scopes: readonly string[]): Promise<string>
  /** Makes a token of the right form for this principal, signed by another issuer. */
  forge(principal: Principal): Promise<string>
  /** Returns the time of the authenticator's clock, in milliseconds since the epoch. */
  now(): number
  stop(): Promise<void>
}

/** Tests the duties of every authenticator. */
export function describeAuthenticator(name: string, start: () => Promise<AuthenticatorHarness>): void {
  describe(`the authenticator contract, kept by ${name}`, () => {
    let harness: AuthenticatorHarness
    beforeAll(async () => {
      harness = await start()
    })
    afterAll(() => harness.stop())

    const inAnHour = (): number => (Math.floor(harness.now() / 1000) + 3600) * 1000
    const ada = (more: Partial<Principal> = {}): Principal => ({
      userId: 'u-1',
      username: 'ada',
      organizationId: 'o-1',
      accountNumber: '42',
      roles: ['admin', 'viewer'],
      expiresAtMs: inAnHour(),
      issuedAtMs: Math.floor(harness.now() / 1000) * 1000,
      tokenId: 't-1',
      ...more,
    })
    const authenticate = (token: string) => harness.authenticator.authenticate(token)

    it('returns the principal and the scopes of a valid token', async () => {
      const verified = { principal: ada(), scopes: ['carillon.emit', 'other'] }
      const token = await harness.issue(verified.principal, verified.scopes)
      expect(await authenticate(token)).toEqual({ ok: true, value: verified })
    })

    it('returns null and empty lists for claims that the token lacks', async () => {
      const bare = ada({ username: null, organizationId: null, accountNumber: null, roles: [] })
      expect(await authenticate(await harness.issue(bare, []))).toEqual({ ok: true, value: { principal: bare, scopes: [] } })
    })

    // The predecessor put claims into header values, and refused users with a name outside of ASCII.
    it('accepts names of any Unicode text, and with + % - _', async () => {
      const names = ['Žofie Ångström', '李雷', 'Ünïcødé 👩‍🚀', 'a+b%20c-d_e', '%2F..%00', '"quoted" \\ back']
      for (const text of names) {
        const principal = ada({ userId: text, username: text, organizationId: text, roles: [`role ${text}`] })
        expect(await authenticate(await harness.issue(principal, []))).toMatchObject({ ok: true, value: { principal } })
      }
    })

    it('returns the same result the second time, and for many calls at once', async () => {
      const token = await harness.issue(ada(), [])
      const first = await authenticate(token)
      expect(await authenticate(token)).toEqual(first)
      const many = await Promise.all(Array.from({ length: 50 }, () => authenticate(token)))
      expect(many).toEqual(many.map(() => first))
    })

    it('returns the right user for each of several tokens at once', async () => {
      const tokens = await Promise.all(['a', 'b', 'c'].map((userId) => harness.issue(ada({ userId }), [])))
      const answers = await Promise.all(tokens.map(authenticate))
      expect(answers).toMatchObject(['a', 'b', 'c'].map((userId) => ({ value: { principal: { userId } } })))
    })

    it('refuses a token that has expired', async () => {
      const token = await harness.issue(ada({ expiresAtMs: inAnHour() - 2 * 3_600_000 }), [])
      expect(await authenticate(token)).toMatchObject({ ok: false, error: { kind: 'expired' } })
    })

    it('refuses a token that another issuer has signed', async () => {
      expect(await authenticate(await harness.forge(ada()))).toMatchObject({ ok: false, error: { kind: 'forged' } })
    })

    it('refuses a token with a changed character, also right after the valid one', async () => {
      const token = await harness.issue(ada(), [])
      await authenticate(token)
      const places = [0, 1, Math.floor(token.length / 2), token.length - 10]
      const answers = await Promise.all(
        places.map((place) => authenticate(token.slice(0, place) + (token[place] === 'x' ? 'y' : 'x') + token.slice(place + 1))),
      )
      expect(answers.map((answer) => answer.ok)).toEqual([false, false, false, false])
    })

    it.each([
      '',
      '.',
      '..',
      '...',
      'nodots',
      'a.b',
      'a.b.c',
      'a.b.c.d.e',
      '\0',
      'ü.ü.ü',
      ' ',
      'null',
      '{"alg":"none"}',
      'eyJhbGciOiJub25lIn0.e30.',
      '=.=.=',
    ])('refuses %j without an exception', async (token) => {
      const answer = await authenticate(token)
      expect(answer.ok).toBe(false)
    })

    it('refuses a text that is longer than the limit of a token, without reading it', async () => {
      expect(await authenticate('x'.repeat(maxTokenBytes + 1))).toMatchObject({ ok: false, error: { kind: 'too-large' } })
    })

    it('never quotes the token or its claims in a failure', async () => {
      const tokens = [
        await harness.forge(ada({ username: 'hush-hush' })),
        await harness.issue(ada({ username: 'hush-hush', expiresAtMs: 1_000 }), []),
        'hush-hush',
      ]
      const answers = await Promise.all(tokens.map(authenticate))
      expect(answers.map((answer) => answer.ok)).toEqual([false, false, false])
      expect(tokens.filter((token) => JSON.stringify(answers).includes(token))).toEqual([])
      expect(JSON.stringify(answers)).not.toContain('hush-hush')
    })
  })
}
