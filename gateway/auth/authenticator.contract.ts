import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Principal } from '../audience/principal.ts'
import { maxTokenBytes, type Authenticator } from './authenticator.ts'

/** An authenticator under test, and somebody whom it believes. */
export interface AuthenticatorHarness {
  readonly authenticator: Authenticator
  /** A good token. `expiresAtMs` is a whole number of seconds. */
  issue(principal: Principal, scopes: readonly string[]): Promise<string>
  /** A token of the right form for this principal, signed by somebody else. */
  forge(principal: Principal): Promise<string>
  /** What the authenticator's clock shows, in milliseconds since the epoch. */
  now(): number
  stop(): Promise<void>
}

/** What every authenticator owes to its callers. */
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
      ...more,
    })
    const authenticate = (token: string) => harness.authenticator.authenticate(token)

    it('tells who a good token is, and what it allows', async () => {
      const verified = { principal: ada(), scopes: ['carillon.emit', 'other'] }
      const token = await harness.issue(verified.principal, verified.scopes)
      expect(await authenticate(token)).toEqual({ ok: true, value: verified })
    })

    it('knows nothing that the token does not say', async () => {
      const bare = ada({ username: null, organizationId: null, accountNumber: null, roles: [] })
      expect(await authenticate(await harness.issue(bare, []))).toEqual({ ok: true, value: { principal: bare, scopes: [] } })
    })

    // The predecessor put claims into header values, and refused whoever had a name outside of ASCII.
    it('takes names of any Unicode text, and with + % - _', async () => {
      const names = ['Žofie Ångström', '李雷', 'Ünïcødé 👩‍🚀', 'a+b%20c-d_e', '%2F..%00', '"quoted" \\ back']
      for (const text of names) {
        const principal = ada({ userId: text, username: text, organizationId: text, roles: [`role ${text}`] })
        expect(await authenticate(await harness.issue(principal, []))).toMatchObject({ ok: true, value: { principal } })
      }
    })

    it('gives the same answer the second time, and to many at once', async () => {
      const token = await harness.issue(ada(), [])
      const first = await authenticate(token)
      expect(await authenticate(token)).toEqual(first)
      const many = await Promise.all(Array.from({ length: 50 }, () => authenticate(token)))
      expect(many).toEqual(many.map(() => first))
    })

    it('does not take one user for another', async () => {
      const tokens = await Promise.all(['a', 'b', 'c'].map((userId) => harness.issue(ada({ userId }), [])))
      const answers = await Promise.all(tokens.map(authenticate))
      expect(answers).toMatchObject(['a', 'b', 'c'].map((userId) => ({ value: { principal: { userId } } })))
    })

    it('refuses a token that has expired', async () => {
      const token = await harness.issue(ada({ expiresAtMs: inAnHour() - 2 * 3_600_000 }), [])
      expect(await authenticate(token)).toMatchObject({ ok: false, error: { kind: 'expired' } })
    })

    it('refuses a token that somebody else has signed', async () => {
      expect(await authenticate(await harness.forge(ada()))).toMatchObject({ ok: false, error: { kind: 'forged' } })
    })

    it('refuses a token of which anything was changed, also right after the good one', async () => {
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

    it('refuses what is larger than a token may be, before it looks at it', async () => {
      expect(await authenticate('x'.repeat(maxTokenBytes + 1))).toMatchObject({ ok: false, error: { kind: 'too-large' } })
    })

    it('keeps the token and its claims out of what it says', async () => {
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
