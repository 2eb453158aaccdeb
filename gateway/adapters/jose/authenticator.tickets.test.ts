import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Claims } from '../../auth/claim-at.ts'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createJwtAuthenticator, type JwtAuthenticatorOptions } from './authenticator.ts'
import { hasSigned } from './has-signed.ts'
import { jwtOptions } from './testing/jwt-options.ts'
import { createTestIssuer, goodClaims, type TestIssuer } from './testing/test-issuer.ts'

const startMs = 1_800_000_000_000
const secretOf = (name: string): string => name.repeat(40)

describe('an authenticator with tickets', () => {
  let folder: string
  let issuer: TestIssuer
  let another: TestIssuer
  /** With RS256 alone, a key set without a key of RSA would be refused. */
  let rsaIssuer: TestIssuer
  beforeAll(async () => {
    ;[folder, issuer, another, rsaIssuer] = await Promise.all([
      mkdtemp(join(tmpdir(), 'carillon-tickets-')),
      createTestIssuer(),
      createTestIssuer({ kid: 'key-2' }),
      createTestIssuer({ alg: 'RS256', kid: 'rsa-1' }),
    ])
  })
  afterAll(() => rm(folder, { recursive: true }))

  let files = 0
  async function writeTo(path: string, text: string): Promise<string> {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
    return path
  }
  const newFile = (text: string): Promise<string> => writeTo(join(folder, `file-${(files += 1)}`), text)
  const keysOf = (...issuers: readonly TestIssuer[]): string => JSON.stringify({ keys: issuers.map(({ jwk }) => jwk) })

  /** A pod of the channel, which remembers no token. */
  async function startPod({
    keys = keysOf(issuer),
    secrets = secretOf('a'),
    ...more
  }: Partial<JwtAuthenticatorOptions> & { readonly keys?: string; readonly secrets?: string } = {}) {
    const clock = { nowMs: startMs }
    const seen = { verifications: 0 }
    const metrics = createRecordingMetrics()
    const [jwtKeysFile, ticketKeysFile] = await Promise.all([newFile(keys), secrets === '' ? '' : newFile(secrets)])
    const authenticator = createJwtAuthenticator(jwtOptions({ jwtKeysFile, ticketKeysFile, ...more }), {
      logger: createRecordingLogger().logger,
      metrics: metrics.metrics,
      now: () => clock.nowMs,
      filePollMs: 5,
      check: (token, key) => {
        seen.verifications += 1
        return hasSigned(token, key)
      },
    })
    onTestFinished(() => authenticator.stop())
    await authenticator.start()
    const recall = (token: string, ticket: string | null) => authenticator.recall?.(token, ticket) ?? null
    const used = (): number => metrics.value('ticketsShown', { outcome: 'used' })
    const unknown = (): number => metrics.value('ticketsShown', { outcome: 'unknown' })
    return { authenticate: authenticator.authenticate, recall, clock, seen, used, unknown, jwtKeysFile, ticketKeysFile }
  }

  const sign = (more: Claims = {}): Promise<string> => issuer.sign(goodClaims(startMs, more))
  async function ticketOf(token: string, pod?: Awaited<ReturnType<typeof startPod>>): Promise<string> {
    const verified = await (pod ?? (await startPod())).authenticate(token)
    if (!verified.ok || typeof verified.value.ticket !== 'string') throw new Error(JSON.stringify(verified))
    return verified.value.ticket
  }

  it('accepts on another pod, without verifying a signature, what the first has verified', async () => {
    const token = await sign()
    const [first, second] = [await startPod(), await startPod()]
    const ticket = await ticketOf(token, first)
    const recalled = second.recall(token, ticket)
    expect(await first.authenticate(token)).toEqual({ ok: true, value: recalled })
    expect([first.seen.verifications, second.seen.verifications, second.used(), second.unknown()]).toEqual([1, 0, 1, 0])
    // From now on it needs no ticket.
    expect(second.recall(token, null)).toBe(recalled)
    expect(await second.authenticate(token)).toEqual({ ok: true, value: recalled })
    expect(second.seen.verifications).toBe(0)
  })

  it('verifies the signature where the ticket does not fit, as if there was none', async () => {
    const token = await sign()
    const ticket = await ticketOf(token)
    const pods = [await startPod({ secrets: secretOf('b') }), await startPod({ channel: 'another' }), await startPod({ secrets: '' })]
    expect(pods.map(({ recall }) => recall(token, ticket))).toEqual([null, null, null])
    expect((await Promise.all(pods.map(({ authenticate }) => authenticate(token)))).map(({ ok }) => ok)).toEqual([true, true, true])
    expect(pods.map(({ seen, unknown }) => [seen.verifications, unknown()])).toEqual([
      [1, 1],
      [1, 1],
      [1, 0],
    ])
  })

  it('hands out no tickets without secrets', async () => {
    const { authenticate } = await startPod({ secrets: '' })
    const verified = await authenticate(await sign())
    expect(verified).toMatchObject({ ok: true, value: { scopes: [] } })
    expect(verified.ok && verified.value).not.toHaveProperty('ticket')
  })

  it('accepts no forged token with the ticket of a good one', async () => {
    const token = await sign()
    const ticket = await ticketOf(token)
    const [header, , signature] = token.split('.')
    const payload = Buffer.from(JSON.stringify(goodClaims(startMs, { user_id: 'mallory' }))).toString('base64url')
    const pod = await startPod()
    expect(pod.recall(`${header}.${payload}.${signature}`, ticket)).toBeNull()
    expect(pod.unknown()).toBe(1)
  })

  it('refuses tickets of an issuer whose key was removed, and of one that was replaced', async () => {
    const token = await sign()
    const ticket = await ticketOf(token)
    const without = await startPod({ keys: keysOf(another) })
    expect(without.recall(token, ticket)).toBeNull()
    const replacement = await createTestIssuer({ kid: issuer.kid })
    const replaced = await startPod({ keys: keysOf(replacement) })
    expect(replaced.recall(token, ticket)).toBeNull()
    const removing = await startPod()
    expect(removing.recall(token, ticket)).not.toBeNull()
    await writeTo(removing.jwtKeysFile, keysOf(another))
    await vi.waitFor(() => expect(removing.recall(token, ticket)).toBeNull())
    expect(await removing.authenticate(token)).toMatchObject({ ok: false, error: { kind: 'forged' } })
  })

  it('forgets the tokens that it accepted by tickets when the secrets are replaced', async () => {
    const token = await sign()
    const pod = await startPod()
    expect(pod.recall(token, await ticketOf(token))).not.toBeNull()
    await writeTo(pod.ticketKeysFile, secretOf('b'))
    await vi.waitFor(() => expect(pod.recall(token, null)).toBeNull())
    await ticketOf(token, pod)
    expect(pod.seen.verifications).toBe(1)
  })

  it('accepts the tickets of earlier secrets during a rotation, and hands out those of the first', async () => {
    const token = await sign()
    const rotated = await startPod({ secrets: `${secretOf('b')}\n${secretOf('a')}\n` })
    const verified = rotated.recall(token, await ticketOf(token))
    expect(verified?.ticket).toBe(await ticketOf(token, await startPod({ secrets: secretOf('b') })))
  })

  it('refuses the start when the file has no secret', async () => {
    await expect(startPod({ secrets: 'too short' })).rejects.toThrow(/^TICKET_KEYS_FILE: line 1 has less than 32 bytes/)
  })

  /** The law of tickets: whatever the token and the pod, a ticket admits what the token alone would have been admitted for. */
  it('accepts with a ticket exactly what the token alone is accepted for', async () => {
    /** Draws the first value three times in four, so that many tokens are accepted. */
    const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
      fc.oneof({ arbitrary: fc.constant(usual), weight: 3 }, { arbitrary: fc.constantFrom(...others), weight: 1 })
    const claims = fc.record(
      {
        iss: mostly('https://sso.example.com/realms/test', 'https://evil.example'),
        aud: mostly('carillon', 'other'),
        exp: fc.integer({ min: -20, max: 20 }).map((s) => startMs / 1000 + s),
        nbf: fc.integer({ min: -20, max: 20 }).map((s) => startMs / 1000 + s),
        iat: fc.integer({ min: -20, max: 20 }).map((s) => startMs / 1000 + s),
        user_id: mostly<unknown>('u-1', '', 7),
        roles: mostly<unknown>('a b', ['a'], 7),
      },
      { requiredKeys: ['iss', 'aud', 'exp'] },
    )
    const options = fc.record({
      jwtTypes: mostly<readonly string[]>([], ['jwt'], ['at+jwt']),
      jwtAlgorithms: mostly<readonly string[]>(['ES256'], ['RS256', 'ES256'], ['RS256']),
      jwtIssuer: fc.constantFrom('', 'https://sso.example.com/realms/test'),
      jwtAudience: fc.constantFrom<readonly string[]>([], ['carillon']),
    })
    const keySets = fc.constantFrom([issuer], [issuer, another])
    // A pod that accepts nearly everything hands out the tickets.
    const generous = await startPod({ jwtIssuer: '', jwtAudience: [], jwtClockToleranceMs: 1_000_000 })
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(claims, options, keySets, fc.integer({ min: -10_000, max: 10_000 }), async (more, settings, issuers, laterMs) => {
        const token = await issuer.sign(more)
        const verified = await generous.authenticate(token)
        fc.pre(verified.ok)
        const ticket = verified.ok ? (verified.value.ticket ?? null) : null
        const keys = keysOf(...issuers, rsaIssuer)
        const [shown, alone] = [await startPod({ keys, ...settings }), await startPod({ keys, ...settings })]
        for (const { clock } of [shown, alone]) clock.nowMs += laterMs
        const [recalled, answer] = [shown.recall(token, ticket), await alone.authenticate(token)]
        expect(recalled).toEqual(answer.ok ? answer.value : null)
        accepted += answer.ok ? 1 : 0
      }),
      { numRuns: 100 },
    )
    expect(accepted).toBeGreaterThan(5)
  })
})
