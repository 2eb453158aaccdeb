import { describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createDevelopmentIssuer } from './development-keys.ts'

const startMs = 1_800_000_000_000
const setUp = () =>
  createDevelopmentIssuer({ logger: createRecordingLogger().logger, metrics: createRecordingMetrics().metrics, now: () => startMs })

describe('createDevelopmentIssuer', () => {
  it('signs a token for any named user', async () => {
    const { sign, authenticator } = await setUp()
    const token = await sign({
      user_id: 7,
      username: 'Žofie',
      org_id: 'o',
      account_number: 42,
      roles: ['a', 'b'],
      scope: 'x y',
      exp: startMs / 1000 + 60,
    })
    expect(token.ok && (await authenticator.authenticate(token.value))).toEqual({
      ok: true,
      value: {
        principal: {
          userId: '7',
          username: 'Žofie',
          organizationId: 'o',
          accountNumber: '42',
          roles: ['a', 'b'],
          expiresAtMs: startMs + 60_000,
          issuedAtMs: startMs,
          tokenId: null,
        },
        scopes: ['x', 'y'],
      },
    })
  })

  it('lets a token live for twelve hours by default', async () => {
    const { sign, authenticator } = await setUp()
    for (const claims of [{ user_id: 'u' }, { user_id: 'u', exp: undefined }]) {
      const token = await sign(claims)
      expect(token.ok && (await authenticator.authenticate(token.value))).toMatchObject({
        value: { principal: { expiresAtMs: startMs + 12 * 3_600_000 } },
      })
    }
  })

  it('signs tokens that have already ended, for tests of that case', async () => {
    const { sign, authenticator } = await setUp()
    const token = await sign({ user_id: 'u', exp: startMs / 1000 })
    expect(token.ok && (await authenticator.authenticate(token.value))).toMatchObject({ ok: false, error: { kind: 'expired' } })
  })

  it.each<[string, unknown, string]>([
    ['no object', 'user', 'not a JSON object'],
    ['null', null, 'not a JSON object'],
    ['an array', [], 'not a JSON object'],
    ['nobody', {}, '`user_id` is missing'],
    ['an empty user id', { user_id: '' }, '`user_id` is missing'],
    ['a user id that is an object', { user_id: {} }, '`user_id` is of the wrong type'],
    ['a user id that is not a whole number', { user_id: 1.5 }, '`user_id` is a number that is not whole'],
    ['a user name that is an array', { user_id: 'u', username: ['x'] }, '`username` is of the wrong type'],
    ['roles that are a number', { user_id: 'u', roles: 3 }, '`roles` is of the wrong type'],
    ['roles that are numbers', { user_id: 'u', roles: [3] }, '`roles` is of the wrong type'],
    ['an end that is a text', { user_id: 'u', exp: '2099-01-01' }, '`exp` must be a number'],
    ['an end that is null', { user_id: 'u', exp: null }, '`exp` must be a number'],
    ['an end that is infinite', { user_id: 'u', exp: Infinity }, '`exp` must be a number'],
    ['a claim with a typing error', { user_id: 'u', organization: 'o' }, '"organization" is unknown; known are user_id'],
    ['a claim that is nearly another', { user_id: 'u', Role: ['admin'] }, '"Role" is unknown; did you mean `roles`?'],
    ['another issuer', { user_id: 'u', iss: 'x' }, '"iss" is unknown'],
    [
      'more than fits in a token',
      { user_id: 'u', roles: Array.from({ length: 100 }, (_, n) => `${n}`.padStart(500)) },
      'more than 16384 bytes',
    ],
  ])('refuses %s, and says what was expected', async (_, claims, detail) => {
    const { sign } = await setUp()
    expect(await sign(claims)).toEqual({ ok: false, error: expect.stringContaining(detail) })
  })
})
