import { beforeEach, describe, expect, it } from 'vitest'
import { failed, ok } from '../../../program/result.ts'
import type { TopicFailure } from '../../reconcile/topic/topic-admin.ts'
import { aNewTopic } from '../../testing/topic-admin-contract.ts'
import type { ClusterConnection, KafkaOperation } from './cluster-connection.ts'
import { createTopicAdmin } from './topic-admin.ts'

const topic = (name: string, errorCode = 0) => ({
  name,
  errorCode,
  topicId: 'id',
  partitions: Array.from({ length: 2 }, () => ({ leader: 1, leaderEpoch: 0, errorCode: 0 })),
  replicas: 1,
})
const config = (name: string, errorCode = 0) => ({ name, errorCode, message: null, config: {} })

describe('a topic admin', () => {
  let answers: Partial<Record<KafkaOperation, readonly unknown[] | object>>
  let failure: TopicFailure | null
  let resets: number

  const connection: ClusterConnection = {
    brokers: ['a:1'],
    async ask(operation) {
      return failure === null ? ok(answers[operation] as never) : failed(failure) // the test answers what the operation is answered with
    },
    reset: () => void resets++,
    close: () => {},
  }
  const admin = createTopicAdmin(connection)

  beforeEach(() => {
    answers = {}
    failure = null
    resets = 0
  })

  it('tells all calls of a request why it failed', async () => {
    failure = { kind: 'unreachable', detail: 'gone' }
    expect(await Promise.all([admin.create(aNewTopic()), admin.describe('t'), admin.growPartitions('t', 3)])).toEqual(
      Array.from({ length: 3 }, () => ({ ok: false, error: failure })),
    )
  })

  it('describes a topic that has no leader just now', async () => {
    answers = { metadata: { clusterId: 'c', topics: [topic('t', 5)] }, 'describe-configs': [config('t')] }
    expect(await admin.describe('t')).toMatchObject({ ok: true, value: { partitions: 2 } })
  })

  it('takes a topic that is deleted while it is described for missing', async () => {
    answers = { metadata: { clusterId: 'c', topics: [topic('t')] }, 'describe-configs': [config('t', 3)] }
    expect(await admin.describe('t')).toEqual({ ok: true, value: { name: 't', clusterId: 'c' } })
  })

  it('fails one of many that may not be described', async () => {
    answers = {
      metadata: { clusterId: 'c', topics: [topic('a', 29), topic('b'), topic('c')] },
      'describe-configs': [config('b', 29), config('c')],
    }
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map(admin.describe))
    expect(a).toMatchObject({
      ok: false,
      error: { kind: 'unauthorized', detail: expect.stringMatching(/describe the topic a: TOPIC_AUTHORIZATION_FAILED: grant/) },
    })
    expect(b).toMatchObject({ ok: false, error: { kind: 'unauthorized', detail: expect.stringMatching(/the config of the topic b/) } })
    expect(c).toMatchObject({ ok: true })
  })

  // A status with such an id was refused by the API server, and the channel said nothing at all.
  it.each(['x'.repeat(129), 'a b', 'a\u001b[31m', 'ü'])('does not believe a cluster that calls itself %j', async (clusterId) => {
    answers = { metadata: { clusterId, topics: [topic('t')] }, 'describe-configs': [config('t')] }
    expect(await admin.describe('t')).toEqual({
      ok: false,
      error: { kind: 'transient', detail: `Kafka at a:1: the cluster reports an invalid id: ${clusterId.length} characters` },
    })
  })

  it.each([
    ['x'.repeat(128), 'x'.repeat(128)],
    ['', null],
  ])('believes a cluster that calls itself %j', async (clusterId, told) => {
    answers = { metadata: { clusterId, topics: [topic('t')] }, 'describe-configs': [config('t')] }
    expect(await admin.describe('t')).toMatchObject({ ok: true, value: { clusterId: told } })
  })

  it('quotes a thousand characters of a broker, and no more', async () => {
    answers = { 'delete-topics': [{ name: 't', errorCode: 44, message: 'x'.repeat(100_000) }] }
    const outcome = await admin.delete('t')
    expect(outcome.ok ? '' : outcome.error.detail).toBe(`Kafka did not delete the topic t: POLICY_VIOLATION: ${'x'.repeat(1_000)}`)
  })

  it('says so when an answer does not mention the topic', async () => {
    answers = { metadata: { clusterId: 'c', topics: [] }, 'create-topics': [] }
    for (const outcome of await Promise.all([admin.describe('t'), admin.create(aNewTopic())]))
      expect(outcome).toMatchObject({ ok: false, error: { kind: 'transient' } })
  })

  it('goes to another broker when one is not the controller', async () => {
    answers = { 'create-topics': [{ name: 't', errorCode: 41, message: null }] }
    expect(await admin.create(aNewTopic({ name: 't' }))).toMatchObject({
      ok: false,
      error: { kind: 'transient', detail: 'Kafka did not create the topic t: NOT_CONTROLLER' },
    })
    expect(resets).toBe(1)
  })

  it('takes an error that it does not know for something that passes', async () => {
    answers = { 'delete-topics': [{ name: 't', errorCode: 777, message: null }] }
    expect(await admin.delete('t')).toMatchObject({
      ok: false,
      error: { kind: 'transient', detail: 'Kafka did not delete the topic t: error code 777' },
    })
  })
})
