import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CompactSign } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maxTokenBytes } from '../../auth/authenticator.ts'
import type { Claims } from '../../auth/claim-at.ts'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createJwtAuthenticator, type JwtAuthenticator, type JwtAuthenticatorOptions } from './authenticator.ts'
import { hasSigned } from './has-signed.ts'
import { jwtOptions } from './testing/jwt-options.ts'
import { signedByJose } from './testing/signed-by-jose.ts'
import { createTestIssuer, goodClaims, type TestIssuer } from './testing/test-issuer.ts'
import type { SignatureCheck } from './token-verifier.ts'

const startMs = 1_800_000_000_000

describe.each<[string, SignatureCheck]>([
  ['node:crypto', hasSigned],
  ['jose', signedByJose],
])('createJwtAuthenticator, with signatures verified by %s', (verifier, check) => {
  let folder: string
  let issuer: TestIssuer
  let rsaIssuer: TestIssuer
  let forger: TestIssuer
  let nowMs = startMs
  const started: JwtAuthenticator[] = []

  beforeAll(async () => {
    ;[folder, issuer, rsaIssuer, forger] = await Promise.all([
      mkdtemp(join(tmpdir(), 'carillon-jwt-')),
      createTestIssuer(),
      createTestIssuer({ alg: 'RS256', kid: 'rsa-1' }),
      createTestIssuer(),
    ])
  })
  afterAll(async () => {
    await Promise.all(started.map((authenticator) => authenticator.stop()))
    await rm(folder, { recursive: true })
  })

  async function start(
    options: Partial<JwtAuthenticatorOptions> = {},
    keys: readonly object[] = [issuer.jwk, rsaIssuer.jwk],
  ): Promise<JwtAuthenticator> {
    nowMs = startMs
    const path = join(folder, `${verifier.replace(':', '-')}-${started.length}.json`)
    await writeFile(path, JSON.stringify({ keys }))
    const authenticator = createJwtAuthenticator(jwtOptions({ jwtKeysFile: path, ...options }), {
      logger: createRecordingLogger().logger,
      metrics: createRecordingMetrics().metrics,
      now: () => nowMs,
      check,
    })
    started.push(authenticator)
    await authenticator.start()
    return authenticator
  }

  const sign = (more: Claims = {}) => issuer.sign(goodClaims(startMs, more))
  const refusal = (kind: string, detail: string | RegExp = '') => ({ ok: false, error: { kind, detail: expect.stringMatching(detail) } })
  const encode = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url')

  describe('attacks', () => {
    it('refuses `alg: none`, in any spelling, with and without a signature', async () => {
      const { authenticate } = await start()
      const [, , signature] = (await sign()).split('.')
      const tokens = ['none', 'None', 'nOnE'].flatMap((alg) => [
        `${encode({ alg })}.${encode(goodClaims(startMs))}.`,
        `${encode({ alg })}.${encode(goodClaims(startMs))}.${signature}`,
      ])
      expect(await Promise.all(tokens.map(authenticate))).toEqual(
        tokens.map(() => refusal('algorithm', /JWT_ALGORITHMS: RS256, PS256, ES256, EdDSA, Ed25519/)),
      )
    })

    it('refuses a valid token without its signature', async () => {
      const [header, payload] = (await sign()).split('.')
      expect(await (await start()).authenticate(`${header}.${payload}.`)).toEqual(refusal('forged'))
    })

    it('refuses HS256 with the public key as the secret, in each form in which the key is published', async () => {
      const { authenticate } = await start()
      const secrets = [rsaIssuer.pem, rsaIssuer.pem.trim(), JSON.stringify(rsaIssuer.jwk), rsaIssuer.jwk.n ?? '']
      const tokens = secrets.map((secret) => {
        const input = `${encode({ alg: 'HS256', kid: 'rsa-1' })}.${encode(goodClaims(startMs))}`
        return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
      })
      expect(await Promise.all(tokens.map(authenticate))).toEqual(tokens.map(() => refusal('algorithm')))
    })

    it('accepts no symmetric algorithm, even if the options allow one and the key set has its key', async () => {
      const secret = Buffer.alloc(32, 7)
      const { authenticate } = await start({ jwtAlgorithms: ['HS256', 'ES256'] }, [
        issuer.jwk,
        { kty: 'oct', kid: 'key-1', k: secret.toString('base64url') },
      ])
      const input = `${encode({ alg: 'HS256', kid: 'key-1' })}.${encode(goodClaims(startMs))}`
      expect(await authenticate(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)).toEqual(refusal('forged'))
    })

    it("refuses another issuer's signature under this issuer's key id", async () => {
      expect(await (await start()).authenticate(await forger.sign(goodClaims(startMs)))).toEqual(refusal('forged', /signature/))
    })

    it('refuses keys that the token carries or points to', async () => {
      const { authenticate } = await start()
      const headers = [{ jwk: forger.jwk }, { jku: 'http://127.0.0.1:9/jwks' }, { x5u: 'http://127.0.0.1:9/x5u' }, { x5c: ['MIIB'] }]
      const tokens = await Promise.all(headers.map((header) => forger.sign(goodClaims(startMs), header)))
      expect(await Promise.all(tokens.map(authenticate))).toEqual(tokens.map(() => refusal('forged')))
    })

    it('ignores such headers in a token with a valid signature', async () => {
      const { authenticate } = await start()
      expect(
        await authenticate(
          await issuer.sign(goodClaims(startMs), {
            jwk: forger.jwk,
            jku: 'http://127.0.0.1:9/jwks',
          }),
        ),
      ).toMatchObject({ ok: true })
    })

    it('refuses a key id of the issuer with an algorithm of another key', async () => {
      const { authenticate } = await start()
      expect(await authenticate(await issuer.sign(goodClaims(startMs), { kid: 'rsa-1' }))).toEqual(refusal('forged', /kid/))
    })

    it('refuses claims that were changed under a valid signature', async () => {
      const { authenticate } = await start()
      const token = await sign()
      const [header, , signature] = token.split('.')
      expect(await authenticate(token)).toMatchObject({ ok: true })
      expect(await authenticate(`${header}.${encode(goodClaims(startMs, { user_id: 'u-2' }))}.${signature}`)).toEqual(refusal('forged'))
    })

    it('refuses critical extensions', async () => {
      const token = await new CompactSign(Buffer.from(JSON.stringify(goodClaims(startMs))))
        .setProtectedHeader({
          alg: 'ES256',
          kid: 'key-1',
          crit: ['b64'],
          b64: true,
        })
        .sign(issuer.privateKey)
      expect(await (await start()).authenticate(token)).toEqual(refusal('malformed', /crit/))
    })

    it('refuses algorithms that are not on the list, even with a valid signature', async () => {
      const { authenticate } = await start({ jwtAlgorithms: ['RS256'] })
      expect(await authenticate(await sign())).toEqual(refusal('algorithm', /JWT_ALGORITHMS: RS256\)/))
    })
  })

  describe('malformed tokens', () => {
    it.each([
      ['no dots', 'nodots'],
      ['an encrypted token', 'a.b.c.d.e'],
      ['a header that is not base64url', '!.e30.x'],
      ['a header that is not JSON', `${Buffer.from('{').toString('base64url')}.e30.x`],
      ['a header that is an array', `${Buffer.from('[]').toString('base64url')}.e30.x`],
      ['a header that is not UTF-8', `${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.e30.x`],
      ['a key id that is not a text', `${Buffer.from('{"alg":"ES256","kid":7}').toString('base64url')}.e30.x`],
    ])('refuses %s', async (_, token) => {
      expect(await (await start()).authenticate(token)).toEqual(refusal('malformed'))
    })

    it('refuses a header without an algorithm', async () => {
      expect(await (await start()).authenticate('e30.e30.x')).toEqual(refusal('algorithm'))
    })

    it.each([
      ['no JSON', Buffer.from('{')],
      ['an array', Buffer.from('[]')],
      ['a text', Buffer.from('"x"')],
      ['null', Buffer.from('null')],
      ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ])('refuses signed claims that are %s', async (_, payload) => {
      const token = await new CompactSign(payload).setProtectedHeader({ alg: 'ES256', kid: 'key-1' }).sign(issuer.privateKey)
      expect(await (await start()).authenticate(token)).toEqual(refusal('malformed', /not a JSON object/))
    })

    it('accepts a token of the largest size and refuses a larger one', async () => {
      const { authenticate } = await start()
      const pad = async (length: number) => sign({ pad: 'x'.repeat(length) })
      const base = (await pad(0)).length
      const largest = await pad(Math.floor(((maxTokenBytes - base) * 3) / 4))
      expect(largest.length).toBeGreaterThan(maxTokenBytes - 8)
      expect(await authenticate(largest)).toMatchObject({ ok: true })
      expect(await authenticate(`${largest}${'x'.repeat(9)}`)).toEqual(refusal('too-large', /16384/))
    })
  })

  describe('claims', () => {
    it.each<[string, Claims, string, RegExp]>([
      ['another issuer', { iss: 'https://evil.example' }, 'wrong-issuer', /JWT_ISSUER/],
      ['no issuer', { iss: undefined }, 'wrong-issuer', /JWT_ISSUER/],
      ['issuers in an array', { iss: ['https://sso.example.com/realms/test'] }, 'wrong-issuer', /JWT_ISSUER/],
      ['another audience', { aud: 'another' }, 'wrong-audience', /JWT_AUDIENCE/],
      ['no audience', { aud: undefined }, 'wrong-audience', /JWT_AUDIENCE/],
      ['no end', { exp: undefined }, 'missing-claim', /`exp`/],
      ['an end that is a text', { exp: '2099-01-01' }, 'malformed', /numbers/],
      ['an end that is null', { exp: null }, 'malformed', /numbers/],
      ['no user', { user_id: undefined }, 'missing-claim', /`user_id`/],
    ])('refuses a token with %s', async (_, claims, kind, detail) => {
      expect(await (await start()).authenticate(await sign(claims))).toEqual(refusal(kind, detail))
    })

    it("accepts any of the configured audiences among the token's", async () => {
      const { authenticate } = await start({ jwtAudience: ['one', 'two'] })
      const tokens = await Promise.all(['two', ['x', 'one'], ['two', 'one']].map((aud) => sign({ aud })))
      expect((await Promise.all(tokens.map(authenticate))).map(({ ok }) => ok)).toEqual([true, true, true])
    })

    it('checks times with the tolerance, to the millisecond', async () => {
      const { authenticate } = await start()
      const s = startMs / 1000
      const tokens = await Promise.all(
        [{ exp: s - 4.999 }, { exp: s - 5 }, { nbf: s + 5 }, { nbf: s + 5.001 }, { iat: s + 5 }, { iat: s + 5.001 }].map(sign),
      )
      const answers = await Promise.all(tokens.map(authenticate))
      expect(answers.map((answer) => (answer.ok ? 'ok' : answer.error.kind))).toEqual([
        'ok',
        'expired',
        'ok',
        'not-yet-valid',
        'ok',
        'not-yet-valid',
      ])
    })

    it('reads the claims from the configured paths', async () => {
      const { authenticate } = await start({ jwtClaimUserId: 'identity.user.id', jwtClaimRoles: 'realm_access.roles' })
      const token = await sign({ identity: { user: { id: 77 } }, realm_access: { roles: ['r'] } })
      expect(await authenticate(token)).toMatchObject({
        ok: true,
        value: { principal: { userId: '77', roles: ['r'], expiresAtMs: startMs + 3_600_000 } },
      })
    })

    it('accepts a token without `aud` for the client that it names, where that is configured', async () => {
      const { authenticate } = await start({ jwtAudience: ['client-1'], jwtAudienceClaim: 'client_id' })
      const tokens = await Promise.all(
        [{ client_id: 'client-1' }, { client_id: 'client-2' }].map((claims) => sign({ aud: undefined, ...claims })),
      )
      expect(await authenticate(tokens[0] ?? '')).toMatchObject({ ok: true })
      expect(await authenticate(tokens[1] ?? '')).toEqual(refusal('wrong-audience', /`client_id`/))
      expect(await authenticate(await sign({ aud: 'another', client_id: 'client-1' }))).toEqual(refusal('wrong-audience'))
    })

    it('reports once that a configured path finds nothing, and counts each token that is verified', async () => {
      const { logger, lines } = createRecordingLogger()
      const { metrics, value } = createRecordingMetrics()
      const path = join(folder, 'reported.json')
      await writeFile(path, JSON.stringify({ keys: [issuer.jwk] }))
      const authenticator = createJwtAuthenticator(jwtOptions({ jwtKeysFile: path, jwtClaimRoles: 'a.b' }), {
        logger,
        metrics,
        now: () => startMs,
      })
      started.push(authenticator)
      await authenticator.start()
      const [first, second, forged] = await Promise.all([sign({ n: 1 }), sign({ n: 2 }), forger.sign(goodClaims(startMs))])
      for (const token of [first, first, second, forged]) await authenticator.authenticate(token)
      expect(value('tokenClaimsMissing', { claim: 'roles' })).toBe(2)
      expect(lines.filter(({ level }) => level === 'warn')).toEqual([
        { level: 'warn', message: expect.any(String), fields: { setting: 'JWT_CLAIM_ROLES', path: 'a.b' } },
      ])
    })

    it('accepts any issuer and audience when none is configured', async () => {
      const { authenticate } = await start({ jwtIssuer: '', jwtAudience: [] })
      expect(await authenticate(await sign({ iss: 'x', aud: undefined }))).toMatchObject({ ok: true })
    })
  })

  describe('types', () => {
    const answers = async (options: Partial<JwtAuthenticatorOptions>, types: readonly unknown[]) => {
      const { authenticate } = await start(options)
      const tokens = await Promise.all(types.map((typ) => issuer.sign(goodClaims(startMs), { typ })))
      return (await Promise.all(tokens.map(authenticate))).map((answer) => (answer.ok ? 'ok' : answer.error.kind))
    }

    it('are all accepted unless some are configured', async () => {
      expect(await answers({}, ['JWT', 'at+jwt', 'other', undefined])).toEqual(['ok', 'ok', 'ok', 'ok'])
    })

    it('are accepted in every spelling of the media type when they are configured, and no others', async () => {
      const good = ['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/at+JWT']
      const bad = ['JWT', '', undefined, 'x/at+jwt', 'application/x/at+jwt', 'at+jwt ', 7, ['at+jwt']]
      expect(await answers({ jwtTypes: ['application/at+jwt', 'x'] }, [...good, ...bad])).toEqual([
        ...good.map(() => 'ok'),
        ...bad.map(() => 'wrong-type'),
      ])
    })

    it('are named in the refusal', async () => {
      const { authenticate } = await start({ jwtTypes: ['at+jwt'] })
      expect(await authenticate(await sign())).toEqual(refusal('wrong-type', /JWT_TYPES: at\+jwt/))
    })
  })

  it.each(['EdDSA', 'Ed25519'])('verifies tokens under both names of EdDSA with a key that is published for %s', async (alg) => {
    const ed = await createTestIssuer({ alg, kid: 'ed' })
    const { authenticate } = await start({}, [ed.jwk])
    const tokens = await Promise.all(['EdDSA', 'Ed25519'].map((name) => ed.sign(goodClaims(startMs), { alg: name })))
    expect((await Promise.all(tokens.map(authenticate))).map(({ ok }) => ok)).toEqual([true, true])
  })

  it('remembers a verified token, and refuses it once it has ended', async () => {
    const { authenticate, recall = () => null } = await start()
    const token = await sign({ exp: startMs / 1000 + 10 })
    expect([recall(token), recall('no token'), recall('x'.repeat(maxTokenBytes + 1))]).toEqual([null, null, null])
    const first = await authenticate(token)
    expect(await authenticate(token)).toEqual(first)
    expect(first).toEqual({ ok: true, value: recall(token) })
    nowMs = startMs + 14_999
    expect(await authenticate(token)).toMatchObject({ ok: true })
    nowMs = startMs + 15_000
    expect(recall(token)).toBeNull()
    expect(await authenticate(token)).toEqual(refusal('expired'))
    expect(await authenticate(token)).toEqual(refusal('expired'))
  })

  // 64 keys of ES512 take 64 ms, which is more than the event loop may be blocked (G14).
  it('tries each key for a token without a key id in a turn of its own', async () => {
    const others = await Promise.all(Array.from({ length: 5 }, (_, number) => createTestIssuer({ kid: `other-${number}` })))
    const { authenticate } = await start({}, [...others.map(({ jwk }) => jwk), issuer.jwk])
    let turns = 0
    const count = (): void => {
      turns += 1
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    expect(await authenticate(await issuer.sign(goodClaims(startMs), { kid: undefined }))).toMatchObject({ ok: true })
    clearImmediate(timer)
    expect(turns).toBeGreaterThanOrEqual(others.length)
  })

  it('finds the right key for a token without a key id', async () => {
    const second = await createTestIssuer({ kid: 'key-2' })
    const { authenticate } = await start({}, [forger.jwk, second.jwk, issuer.jwk])
    expect(await authenticate(await issuer.sign(goodClaims(startMs), { kid: undefined }))).toMatchObject({ ok: true })
  })

  it('verifies a token with a key id when the only key has none', async () => {
    const { kid: _, ...jwk } = issuer.jwk
    expect(await (await start({}, [jwk])).authenticate(await sign())).toMatchObject({ ok: true })
  })

  it('reports that it has keys once it has been started', async () => {
    expect((await start()).hasKeys()).toBe(true)
    const authenticator = createJwtAuthenticator(jwtOptions({ jwtKeysFile: '/nowhere' }), {
      logger: createRecordingLogger().logger,
      metrics: createRecordingMetrics().metrics,
      now: Date.now,
    })
    expect(authenticator.hasKeys()).toBe(false)
    await authenticator.stop()
  })

  it('cannot be made without a source of keys', () => {
    const make = () =>
      createJwtAuthenticator(jwtOptions(), {
        logger: createRecordingLogger().logger,
        metrics: createRecordingMetrics().metrics,
        now: Date.now,
      })
    expect(make).toThrow('JWT_JWKS_URI or JWT_KEYS_FILE')
  })
})
