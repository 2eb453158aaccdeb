import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createJwtAuthenticator, type JwtAuthenticatorOptions } from './authenticator.ts'
import { maxKeySetBytes } from './parse-keys.ts'
import { startJwksServer } from './testing/jwks-server.ts'
import { jwtOptions } from './testing/jwt-options.ts'
import { createTestIssuer, goodClaims } from './testing/test-issuer.ts'

const startMs = 1_800_000_000_000

async function setUp(options: Partial<JwtAuthenticatorOptions> = {}) {
  const [server, first, second] = await Promise.all([
    startJwksServer(),
    createTestIssuer({ kid: 'first' }),
    createTestIssuer({ kid: 'second' }),
  ])
  const { logger, lines } = createRecordingLogger()
  const recorded = createRecordingMetrics()
  const clock = { nowMs: startMs }
  const attempts = vi.fn<typeof fetch>((...request) => fetch(...request))
  const authenticator = createJwtAuthenticator(jwtOptions({ jwtJwksUri: server.uri, ...options }), {
    logger,
    metrics: recorded.metrics,
    now: () => clock.nowMs,
    fetch: attempts,
  })
  onTestFinished(async () => {
    await authenticator.stop()
    await server.stop()
  })
  server.publish(first.jwk)
  const authenticate = async (by: typeof first, header: object = {}): Promise<string> => {
    const answer = await authenticator.authenticate(await by.sign(goodClaims(startMs), { ...header }))
    return answer.ok ? 'ok' : answer.error.kind
  }
  return {
    server,
    first,
    second,
    authenticator,
    authenticate,
    lines,
    clock,
    attempts,
    fetches: (outcome: string) => recorded.value('jwksFetches', { outcome }),
  }
}

const logged = (lines: readonly { readonly message: string }[], text: string) =>
  lines.filter(({ message }) => message.includes(text)).length

/** Answers nothing until the test lets it. */
function holdAnswers(server: Awaited<ReturnType<typeof startJwksServer>>): Promise<() => void> {
  return new Promise((arrived) => {
    server.answer((response) => arrived(() => void response.writeHead(503).end()))
  })
}

describe('keys from a JWKS endpoint', () => {
  it('are fetched once at the start, however many tokens come', async () => {
    const { authenticator, authenticate, first, server, fetches } = await setUp()
    await authenticator.start()
    expect(await Promise.all(Array.from({ length: 20 }, () => authenticate(first)))).toEqual(Array.from({ length: 20 }, () => 'ok'))
    expect([server.requests, fetches('ok'), fetches('failed')]).toEqual([1, 1, 0])
  })

  it('are fetched by the first token, once for all concurrent tokens, when the start could not fetch them', async () => {
    const { authenticator, authenticate, first, server, clock } = await setUp({ jwksCooldownMs: 60_000 })
    server.answer((response) => void response.writeHead(500).end())
    await authenticator.start()
    expect(authenticator.hasKeys()).toBe(false)
    server.publish(first.jwk)
    clock.nowMs += 1
    expect(await Promise.all(Array.from({ length: 20 }, () => authenticate(first)))).toEqual(Array.from({ length: 20 }, () => 'ok'))
    expect([server.requests, authenticator.hasKeys()]).toEqual([2, true])
  })

  describe('in an outage', () => {
    it('stay in use at any age while every refresh fails', async () => {
      const { authenticator, authenticate, first, server, fetches, lines, clock } = await setUp({ jwksRefreshMs: 5 })
      await authenticator.start()
      server.answer((response) => void response.writeHead(503).end())
      await vi.waitFor(() => expect(fetches('failed')).toBeGreaterThanOrEqual(5))
      clock.nowMs += 1_800_000
      expect(await authenticate(first)).toBe('ok')
      expect([authenticator.hasKeys(), logged(lines, 'key fetch failed')]).toEqual([true, 1])
    })

    it('are replaced by the first refresh that succeeds again, and that is logged once', async () => {
      const { authenticator, authenticate, first, second, server, fetches, lines } = await setUp({ jwksRefreshMs: 5 })
      await authenticator.start()
      server.answer((response) => response.socket?.destroy())
      await vi.waitFor(() => expect(fetches('failed')).toBeGreaterThanOrEqual(2))
      server.publish(second.jwk)
      await vi.waitFor(() => expect(fetches('ok')).toBeGreaterThanOrEqual(2))
      expect([await authenticate(first), await authenticate(second)]).toEqual(['forged', 'ok'])
      expect(logged(lines, 'key fetch recovered')).toBe(1)
    })

    it('make no forger of a caller with an unknown key: the answer is unavailable', async () => {
      const { authenticator, authenticate, second, server } = await setUp()
      await authenticator.start()
      server.answer((response) => void response.writeHead(500).end())
      expect([await authenticate(second), await authenticate(second)]).toEqual(['keys-unavailable', 'keys-unavailable'])
      expect(server.requests).toBe(2)
    })

    it('that never arrived are fetched again without a token that asks', async () => {
      const { authenticator, first, server } = await setUp({ jwksCooldownMs: 5 })
      server.answer((response) => void response.writeHead(500).end())
      await authenticator.start()
      server.publish(first.jwk)
      await vi.waitFor(() => expect(authenticator.hasKeys()).toBe(true))
    })
  })

  describe('that a token asks for', () => {
    it('are fetched at once when the issuer has rotated', async () => {
      const { authenticator, authenticate, first, second, server } = await setUp()
      await authenticator.start()
      server.publish(first.jwk, second.jwk)
      expect([await authenticate(second), await authenticate(first)]).toEqual(['ok', 'ok'])
      expect(server.requests).toBe(2)
    })

    it('are fetched once per cooldown, for all tokens that ask', async () => {
      const { authenticator, authenticate, first, second, server, clock } = await setUp({ jwksCooldownMs: 10_000 })
      await authenticator.start()
      const kids = Array.from({ length: 30 }, (_, n) => ({ kid: `unknown ${n}` }))
      await Promise.all(kids.map((header) => authenticate(second, header)))
      clock.nowMs += 9_999
      await Promise.all(kids.map((header) => authenticate(second, header)))
      expect(server.requests).toBe(2)
      clock.nowMs += 1
      server.publish(first.jwk, second.jwk)
      expect([await authenticate(second), server.requests]).toEqual(['ok', 3])
    })

    it('are known to be missing for the cooldown; other ids, which a rotation may have made, are unavailable', async () => {
      const { authenticator, authenticate, first, second, server, clock } = await setUp()
      await authenticator.start()
      const forged = { kid: 'made up' }
      expect([await authenticate(first, forged), await authenticate(first, forged)]).toEqual(['forged', 'forged'])
      server.publish(first.jwk, second.jwk)
      expect(await authenticate(second)).toBe('keys-unavailable')
      clock.nowMs += 10_000
      expect([await authenticate(second), await authenticate(first, forged)]).toEqual(['ok', 'keys-unavailable'])
    })

    it('are waited for by all concurrent tokens together', async () => {
      const { authenticator, authenticate, second, server } = await setUp()
      await authenticator.start()
      expect(await Promise.all(Array.from({ length: 10 }, () => authenticate(second)))).toEqual(Array.from({ length: 10 }, () => 'forged'))
      expect(server.requests).toBe(2)
    })

    it('are asked for again when the fetch in progress began before the rotation', async () => {
      const { authenticator, authenticate, first, second, server } = await setUp({ jwksRefreshMs: 5 })
      const held = holdAnswers(server)
      const starting = authenticator.start()
      const release = await held
      const answers = Promise.all([authenticate(second), authenticate(second), authenticate(second)])
      server.publish(first.jwk, second.jwk)
      release()
      await starting
      expect(await answers).toEqual(['ok', 'ok', 'ok'])
    })

    it('can be asked for after the clock was set back', async () => {
      const { authenticator, authenticate, first, second, server, clock } = await setUp({ jwtClockToleranceMs: 600_000 })
      await authenticator.start()
      await authenticate(second)
      clock.nowMs -= 600_000
      server.publish(first.jwk, second.jwk)
      expect(await authenticate(second)).toBe('ok')
    })
  })

  describe('that are replaced', () => {
    it('take the remembered tokens with them', async () => {
      const { authenticator, authenticate, first, second, server } = await setUp({ jwksRefreshMs: 5 })
      await authenticator.start()
      expect(await authenticate(first)).toBe('ok')
      server.publish(second.jwk)
      await vi.waitFor(async () => expect(await authenticate(first)).not.toBe('ok'))
    })

    it('by the same keys are not replaced at all', async () => {
      const { authenticator, first, server, lines } = await setUp({ jwksRefreshMs: 5 })
      await authenticator.start()
      const token = await first.sign(goodClaims(startMs))
      const before = await authenticator.authenticate(token)
      await vi.waitFor(() => expect(server.requests).toBeGreaterThanOrEqual(4))
      const after = await authenticator.authenticate(token)
      expect(before.ok && after.ok && before.value === after.value).toBe(true)
      expect(logged(lines, 'keys fetched')).toBe(1)
    })
  })

  describe('are not taken from an answer that', () => {
    const answers: [string, number, string, Record<string, string>?][] = [
      ['is not JSON', 200, '<html>'],
      ['is JSON but not a key set', 200, '{"issuer":"x"}'],
      ['has no keys', 200, '{"keys":[]}'],
      ['has no usable key', 200, '{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"EC"},7]}'],
      ['is larger than a key set may be', 200, `{"keys":[],"pad":"${'x'.repeat(maxKeySetBytes)}"}`],
      ['has another status', 404, '{"keys":[]}'],
      ['leads elsewhere', 302, '', { location: '/elsewhere' }],
    ]

    it.each(answers)('%s', async (_, status, body, headers = {}) => {
      const { authenticator, authenticate, first, second, server, fetches, lines } = await setUp()
      await authenticator.start()
      server.answer((response) => void response.writeHead(status, headers).end(body))
      expect(await authenticate(second)).toBe('keys-unavailable')
      expect([fetches('failed'), await authenticate(first), server.requests]).toEqual([1, 'ok', 2])
      expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
        { fields: { uri: server.uri, keys: 1, reason: expect.stringMatching(/./) } },
      ])
    })

    it('never ends', async () => {
      const { authenticator, authenticate, first, second, server } = await setUp({ jwksTimeoutMs: 50 })
      await authenticator.start()
      server.answer((response) => void response.writeHead(200).write('{"keys":['))
      expect([await authenticate(second), await authenticate(first)]).toEqual(['keys-unavailable', 'ok'])
    })

    it('never begins, and that holds up the start no longer than the timeout', async () => {
      const { authenticator, server, lines } = await setUp({ jwksTimeoutMs: 50 })
      server.answer(() => {})
      await authenticator.start()
      expect(lines).toMatchObject([{ level: 'warn', fields: { reason: 'there was no complete response within 50 ms' } }])
    })
  })

  it('are not fetched from a closed port, and the reason is logged', async () => {
    const { authenticator, server, lines } = await setUp()
    await server.stop()
    await authenticator.start()
    expect(lines).toMatchObject([{ level: 'warn', fields: { reason: expect.stringContaining('ECONNREFUSED') } }])
  })

  it('are not fetched any more after the stop, also when it comes twice and in the middle of a fetch', async () => {
    const { authenticator, server, attempts, fetches } = await setUp({ jwksRefreshMs: 5 })
    const held = holdAnswers(server)
    const starting = authenticator.start()
    await held
    await Promise.all([authenticator.stop(), authenticator.stop()])
    await starting
    const another = await setUp({ jwksRefreshMs: 5 })
    await another.authenticator.start()
    await vi.waitFor(() => expect(another.attempts.mock.calls.length).toBeGreaterThanOrEqual(4)) // by then the stopped one would have tried
    expect([attempts.mock.calls.length, fetches('failed'), fetches('ok')]).toEqual([1, 0, 0])
  })

  it('are unknown to a token that asks after the stop, which does not wait', async () => {
    const { authenticator, authenticate, first, second, server } = await setUp()
    await authenticator.start()
    await authenticator.stop()
    expect([await authenticate(first), await authenticate(second), server.requests]).toEqual(['ok', 'keys-unavailable', 1])
  })
})
