import { describe, expect, it } from 'vitest'
import { ok } from '../../program/result.ts'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import type { RevocationRequest } from './parse-revocation.ts'
import { createRevocationService, maxSubjectsInFlight } from './revocation-service.ts'
import { Revocations } from './revocations.ts'

function setUp() {
  const acknowledged = Promise.withResolvers<void>()
  const revocations = new Revocations({ maxEntries: 100_000, now: () => 1_000 })
  const revoked: number[] = []
  const service = createRevocationService({
    publisher: {
      publish: async () => {
        await acknowledged.promise
        return ok(undefined)
      },
    },
    revocations,
    revoked: (subjects) => void revoked.push(subjects.length),
    rateLimiter: { take: () => 0 },
    maxRevocations: 50_000,
    keepMs: 500,
    timeoutMs: 1_000,
    logger: createRecordingLogger().logger,
    now: () => 1_000,
    clock: () => 0,
  })
  const revoke = (request: RevocationRequest) => service.revoke(request, { by: { kind: 'jwt', subject: 'jwt:root' }, requestId: 'r' })
  return { revoke, revocations, revoked, acknowledge: () => acknowledged.resolve() }
}

const users = (count: number, prefix = 'u'): RevocationRequest => ({
  subjects: Array.from({ length: count }, (_, n) => ({ kind: 'user', name: `${prefix}${n}` })),
  issuedBeforeMs: 900,
})

describe('the service that revokes', () => {
  it('applies a revocation after the brokers have acknowledged it, and before it answers', async () => {
    const { revoke, revocations, revoked, acknowledge } = setUp()
    const answer = revoke(users(1))
    await Promise.resolve()
    expect([revocations.size, revoked]).toEqual([0, []])
    acknowledge()
    expect(await answer).toEqual({ ok: true, value: [{ subject: { kind: 'user', name: 'u0' }, issuedBeforeMs: 900, untilMs: 1_500 }] })
    expect([revocations.get({ kind: 'user', name: 'u0' }), revoked]).toEqual([{ issuedBeforeMs: 900, untilMs: 1_500 }, [1]])
  })

  it('refuses names beyond those that may wait for the brokers', async () => {
    const { revoke, acknowledge } = setUp()
    const waiting = revoke(users(maxSubjectsInFlight))
    expect(await revoke(users(1, 'v'))).toMatchObject({ ok: false, error: { type: 'overloaded', retryAfterMs: 1_000 } })
    acknowledge()
    expect(await waiting).toMatchObject({ ok: true })
    expect(await revoke(users(1, 'v'))).toMatchObject({ ok: true })
  })
})
