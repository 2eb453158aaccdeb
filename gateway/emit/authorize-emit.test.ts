import { describe, expect, it } from 'vitest'
import type { Authenticator } from '../auth/authenticator.ts'
import { createOriginPolicy } from '../auth/origin-policy.ts'
import { createMemoryAuthenticator } from '../testing/memory-authenticator.ts'
import { createEmitAuthorizer } from './authorize-emit.ts'
import type { EmitCredentials } from './authorize-emit.ts'

const allowed = 'https://console.example.com'
const ada = {
  userId: 'u-1',
  username: null,
  organizationId: 'o-1',
  accountNumber: null,
  roles: [],
  expiresAtMs: null,
  issuedAtMs: null,
  tokenId: null,
}
const xRhIdentity = Buffer.from(
  JSON.stringify({
    identity: { type: 'ServiceAccount', org_id: 'o-1', service_account: { client_id: 'c-1' } },
  }),
).toString('base64')

interface SetUp {
  readonly trustXRhIdentity?: boolean
  readonly isDevelopment?: boolean
  /** Returns what the authenticator recalls. @default it recalls nothing */
  readonly recall?: Authenticator['recall']
}

function setUp({ trustXRhIdentity = false, isDevelopment = false, recall }: SetUp = {}) {
  const authenticator = createMemoryAuthenticator()
  let asked = 0
  const counting: Authenticator = {
    authenticate: (token) => {
      asked += 1
      return authenticator.authenticate(token)
    },
    ...(recall === undefined ? {} : { recall }),
  }
  const authorizer = createEmitAuthorizer({
    originPolicy: createOriginPolicy({ allowedOrigins: [allowed], allowAny: false, isDevelopment }),
    authenticator: counting,
    scopes: ['carillon.emit', 'events:write'],
    trustXRhIdentity,
    isDevelopment,
    cookieName: 'cs_jwt',
  })
  const authorize = (request: Partial<EmitCredentials>) =>
    authorizer.authorize({
      origin: null,
      cookie: null,
      authorization: null,
      xRhIdentity: null,
      ...request,
    })
  return {
    authenticator,
    authorize,
    good: authenticator.issue(ada, ['openid', 'events:write']),
    weak: authenticator.issue(ada, ['openid', 'carillon.emitter']),
    asked: () => asked,
  }
}

const refusal = (type: string, detail: string | RegExp = '') => ({ ok: false, error: { type, detail: expect.stringMatching(detail) } })

describe('createEmitAuthorizer', () => {
  it('lets a token emit that has one of the scopes', async () => {
    const { authorize, good } = setUp()
    expect(await authorize({ authorization: `Bearer ${good}` })).toEqual({ ok: true, value: { kind: 'jwt', subject: 'jwt:u-1' } })
  })

  it('answers at once for a token that need not be verified again', () => {
    const { authorize, asked } = setUp({ recall: () => ({ principal: ada, scopes: ['carillon.emit'] }) })
    expect(authorize({ authorization: 'Bearer known' })).toEqual({ ok: true, value: { kind: 'jwt', subject: 'jwt:u-1' } })
    expect(asked()).toBe(0)
  })

  it('forbids such a token without a scope, too', () => {
    const { authorize } = setUp({ recall: () => ({ principal: ada, scopes: ['openid'] }) })
    expect(authorize({ authorization: 'Bearer known' })).toEqual(refusal('forbidden'))
  })

  it('asks for a token that is not recalled, such as one that was revoked since', async () => {
    const { authorize, good, asked } = setUp({ recall: () => null })
    expect(await authorize({ authorization: 'Bearer unknown' })).toEqual(refusal('unauthenticated'))
    expect(await authorize({ authorization: `Bearer ${good}` })).toMatchObject({ ok: true })
    expect(asked()).toBe(2)
  })

  it('forbids a good token that has none of them, and names them', async () => {
    const { authorize, weak } = setUp()
    expect(await authorize({ authorization: `Bearer ${weak}` })).toEqual(refusal('forbidden', /carillon\.emit, events:write/))
  })

  it('refuses a request without credentials', async () => {
    const { authorize } = setUp()
    expect(await authorize({})).toEqual(refusal('unauthenticated', /Authorization: Bearer/))
    expect(await authorize({ origin: allowed, cookie: 'other=1', authorization: 'Basic dTpw' })).toEqual(refusal('unauthenticated'))
  })

  it('refuses tokens that are not believed, and those that are none', async () => {
    const { authorize } = setUp()
    expect(await authorize({ authorization: 'Bearer memory.0.forged' })).toEqual(refusal('unauthenticated', /not issued/))
    expect(await authorize({ authorization: 'Bearer' })).toEqual(refusal('unauthenticated', /no token/))
  })

  it('asks to come back later while the keys cannot be had', async () => {
    const { authorize, authenticator, good } = setUp()
    authenticator.failWith({ kind: 'keys-unavailable', detail: 'an outage' })
    expect(await authorize({ authorization: `Bearer ${good}` })).toEqual({
      ok: false,
      error: { type: 'keys-unavailable', detail: 'an outage', retryAfterMs: 5_000 },
    })
  })

  describe('origins', () => {
    it('refuses a foreign page with any credentials, before reading them', async () => {
      const { authorize, good, asked } = setUp({ trustXRhIdentity: true })
      for (const origin of ['https://evil.example', 'null', '']) {
        expect(
          await authorize({
            origin,
            authorization: `Bearer ${good}`,
            cookie: `cs_jwt=${good}`,
            xRhIdentity,
          }),
        ).toEqual(refusal('origin-forbidden', /ALLOWED_ORIGINS/))
      }
      expect(asked()).toBe(0)
    })

    it('takes a cookie together with an allowed origin', async () => {
      const { authorize, good } = setUp()
      expect(await authorize({ origin: allowed, cookie: `cs_jwt=${good}` })).toMatchObject({ ok: true, value: { kind: 'jwt' } })
    })

    // A form of another site is posted with the user's cookie; some browsers and privacy tools leave its Origin out.
    it('takes no cookie without an origin, and says what to do', async () => {
      const { authorize, good, asked } = setUp()
      expect(await authorize({ cookie: `cs_jwt=${good}` })).toEqual(refusal('origin-forbidden', /Authorization: Bearer/))
      expect(asked()).toBe(0)
    })

    it('needs no origin beside a token in the header, and lets the header decide over the cookie', async () => {
      const { authorize, good, weak } = setUp()
      expect(await authorize({ authorization: `Bearer ${good}`, cookie: `cs_jwt=${weak}` })).toMatchObject({ ok: true })
      expect(await authorize({ origin: allowed, authorization: `Bearer ${weak}`, cookie: `cs_jwt=${good}` })).toEqual(refusal('forbidden'))
      expect(await authorize({ origin: allowed, authorization: 'Bearer', cookie: `cs_jwt=${good}` })).toEqual(refusal('unauthenticated'))
    })
  })

  describe('x-rh-identity', () => {
    it('is believed where a proxy sets it', async () => {
      const { authorize } = setUp({ trustXRhIdentity: true })
      expect(await authorize({ xRhIdentity })).toEqual({
        ok: true,
        value: { kind: 'x-rh-identity', subject: 'x-rh-identity:["ServiceAccount","o-1","c-1"]' },
      })
    })

    it('is ignored without the setting, valid or not, because any client can write it', async () => {
      const { authorize, good } = setUp()
      expect(await authorize({ xRhIdentity })).toEqual(refusal('unauthenticated'))
      expect(await authorize({ xRhIdentity: '!', authorization: `Bearer ${good}` })).toMatchObject({ ok: true, value: { kind: 'jwt' } })
    })

    it.each(['', '!', 'e30', Buffer.from('{"identity":{"type":"User"}}').toString('base64'), 'A'.repeat(20_000)])(
      'is refused when it is none: %s',
      async (header) => {
        const { authorize } = setUp({ trustXRhIdentity: true })
        expect(await authorize({ xRhIdentity: header })).toEqual(refusal('bad-request', /x-rh-identity/))
      },
    )

    it('decides over the cookie that the browser added, but not over a token in the header', async () => {
      const { authorize, weak, good } = setUp({ trustXRhIdentity: true })
      expect(await authorize({ xRhIdentity, cookie: `cs_jwt=${weak}` })).toMatchObject({ ok: true, value: { kind: 'x-rh-identity' } })
      expect(await authorize({ xRhIdentity, authorization: `Bearer ${good}` })).toMatchObject({ ok: true, value: { kind: 'jwt' } })
      expect(await authorize({ xRhIdentity, authorization: `Bearer ${weak}` })).toEqual(refusal('forbidden'))
    })

    it('cannot be made to look like another emitter', async () => {
      const { authorize } = setUp({ trustXRhIdentity: true })
      const pairs = [
        ['a","b', 'c'],
        ['a', 'b","c'],
      ]
      const headers = pairs.map(([org_id, client_id]) =>
        Buffer.from(
          JSON.stringify({
            identity: { type: 'ServiceAccount', org_id, service_account: { client_id } },
          }),
        ).toString('base64'),
      )
      const subjects = (await Promise.all(headers.map((header) => authorize({ xRhIdentity: header })))).map(
        (answer) => answer.ok && answer.value.subject,
      )
      expect(new Set(subjects).size).toBe(2)
    })
  })

  describe('in development', () => {
    it('lets every program of this machine emit', async () => {
      const { authorize } = setUp({ isDevelopment: true })
      const strange = { origin: 'http://127.0.0.1:5173', cookie: 'cs_jwt=of.another.program', authorization: 'Basic dTpw' }
      for (const request of [{}, { origin: 'http://localhost:8000' }, strange]) {
        expect(await authorize(request)).toEqual({ ok: true, value: { kind: 'development', subject: 'development' } })
      }
    })

    it('lets a valid token emit with any scopes', async () => {
      const { authorize, weak, good } = setUp({ isDevelopment: true })
      for (const token of [weak, good])
        expect(await authorize({ authorization: `Bearer ${token}` })).toMatchObject({ ok: true, value: { kind: 'development' } })
    })

    // A program whose token is bad would find that out in production only.
    it.each([
      ['that is not believed', 'Bearer broken', /./],
      ['that is none', 'Bearer', /no token/],
      ['that begins with the word twice', 'Bearer Bearer a.b.c', /`Bearer `/],
    ])('refuses a token %s as in production', async (_, authorization, detail) => {
      const [development, production] = [setUp({ isDevelopment: true }), setUp()]
      const answer = await development.authorize({ authorization })
      expect(answer).toEqual(refusal('unauthenticated', detail))
      expect(answer).toEqual(await production.authorize({ authorization }))
    })

    it('still refuses the pages of others', async () => {
      const { authorize } = setUp({ isDevelopment: true })
      expect(await authorize({ origin: 'https://evil.example' })).toEqual(refusal('origin-forbidden'))
    })
  })
})
