import { expect, it } from 'vitest'
import { describeAuthenticator } from '../auth/authenticator.contract.ts'
import { createMemoryAuthenticator } from './memory-authenticator.ts'

describeAuthenticator('the memory authenticator', async () => {
  const authenticator = createMemoryAuthenticator()
  const other = createMemoryAuthenticator()
  return {
    authenticator,
    issue: async (principal, scopes) => authenticator.issue(principal, scopes),
    forge: async (principal) => other.issue({ ...principal, userId: `${principal.userId} of another` }, []),
    now: Date.now,
    stop: async () => {},
  }
})

it('fails as the test sets it, until it is reset', async () => {
  const authenticator = createMemoryAuthenticator()
  const token = authenticator.issue({
    userId: 'u',
    username: null,
    organizationId: null,
    accountNumber: null,
    roles: [],
    expiresAtMs: null,
    issuedAtMs: null,
    tokenId: null,
  })
  authenticator.failWith({ kind: 'keys-unavailable', detail: 'an outage' })
  expect(await authenticator.authenticate(token)).toEqual({ ok: false, error: { kind: 'keys-unavailable', detail: 'an outage' } })
  authenticator.failWith(null)
  expect(await authenticator.authenticate(token)).toMatchObject({ ok: true })
})
