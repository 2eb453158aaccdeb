import { describe, expect, it } from 'vitest'
import type { TopicFailure } from './topic-admin.ts'
import { unknownTopic } from './unknown.ts'
import type { ConnectionProblem } from '../world.ts'

const failed = (kind: TopicFailure['kind']) => unknownTopic({ kind: 'failed', failure: { kind, detail: 'words' } })
const problem = (of: ConnectionProblem) => unknownTopic({ kind: 'no-connection', problem: of })

describe('an unknown topic', () => {
  it('is read again in a moment when brokers are only slow, because they are connected by then', () => {
    expect(failed('transient')).toMatchObject({ refusal: { reason: 'KafkaUnreachable' }, requeueAfterMs: 3_000 })
  })

  it('is read again soon when the failure may end by itself, and later when a person has to act', () => {
    expect(failed('unreachable')).toMatchObject({ refusal: { reason: 'KafkaUnreachable' }, requeueAfterMs: 15_000 })
    expect(failed('unauthenticated')).toMatchObject({ refusal: { reason: 'KafkaUnauthenticated' }, requeueAfterMs: 60_000 })
    expect(failed('unauthorized')).toMatchObject({ refusal: { reason: 'KafkaUnauthorized' }, requeueAfterMs: 60_000 })
    expect(problem({ kind: 'secret-not-found', secret: 'user' })).toMatchObject({
      refusal: { reason: 'SecretNotFound' },
      requeueAfterMs: 15_000,
    })
    expect(problem({ kind: 'secret-forbidden', secret: 'user' })).toMatchObject({
      refusal: { reason: 'SecretForbidden' },
      requeueAfterMs: 60_000,
    })
  })

  it('has a message with the remedy', () => {
    expect(problem({ kind: 'no-brokers' }).refusal.message).toContain('Set spec.kafka.bootstrapServers')
    expect(problem({ kind: 'secret-key-missing', secret: 'user', key: 'password' }).refusal.message).toBe(
      'The Secret user has no key password. Add the key, or name another key in the channel.',
    )
    expect(problem({ kind: 'secret-key-empty', secret: 'user', key: 'password' }).refusal).toMatchObject({
      reason: 'SecretKeyMissing',
      message: 'The key password of the Secret user is empty. Write its value, or name another key in the channel.',
    })
  })
})
