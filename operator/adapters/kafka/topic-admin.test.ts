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
      return failure === null ? ok(answers[operation] as never) : failed(failure) // the test gives the response of the operation
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

  it('returns the failure of a request to all its calls', async () => {
    failure = { kind: 'unreachable', detail: 'gone' }
    expect(await Promise.all([admin.create(aNewTopic()), admin.describe('t'), admin.growPartitions('t', 3)])).toEqual(
      Array.from({ length: 3 }, () => ({ ok: false, error: failure })),
    )
  })

  it('describes a topic that has no leader at the moment', async () => {
    answers = { metadata: { clusterId: 'c', topics: [topic('t', 5)] }, 'describe-configs': [config('t')] }
    expect(await admin.describe('t')).toMatchObject({ ok: true, value: { partitions: 2 } })
  })

  it('counts a topic as missing that is deleted while it is described', async () => {
    answers = { metadata: { clusterId: 'c', topics: [topic('t')] }, 'describe-configs': [config('t', 3)] }
    expect(await admin.describe('t')).toEqual({ ok: true, value: { name: 't', clusterId: 'c' } })
  })

  it('fails only the topic that may not be described', async () => {
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

  // The API server refused a status with such an id, so the channel had no status at all.
  it.each(['x'.repeat(129), 'a b', 'a\u001b[31m', 'ü'])('refuses the cluster id %j', async (clusterId) => {
    answers = { metadata: { clusterId, topics: [topic('t')] }, 'describe-configs': [config('t')] }
    expect(await admin.describe('t')).toEqual({
      ok: false,
      error: { kind: 'transient', detail: `Kafka at a:1: the cluster reports an invalid id: ${clusterId.length} characters` },
    })
  })

  it.each([
    ['x'.repeat(128), 'x'.repeat(128)],
    ['', null],
  ])('accepts the cluster id %j', async (clusterId, reported) => {
    answers = { metadata: { clusterId, topics: [topic('t')] }, 'describe-configs': [config('t')] }
    expect(await admin.describe('t')).toMatchObject({ ok: true, value: { clusterId: reported } })
  })

  it("quotes at most a thousand characters of a broker's message", async () => {
    answers = { 'delete-topics': [{ name: 't', errorCode: 44, message: 'x'.repeat(100_000) }] }
    const outcome = await admin.delete('t')
    expect(outcome.ok ? '' : outcome.error.detail).toBe(`Kafka did not delete the topic t: POLICY_VIOLATION: ${'x'.repeat(1_000)}`)
  })

  it('fails when a response does not mention the topic', async () => {
    answers = { metadata: { clusterId: 'c', topics: [] }, 'create-topics': [] }
    for (const outcome of await Promise.all([admin.describe('t'), admin.create(aNewTopic())]))
      expect(outcome).toMatchObject({ ok: false, error: { kind: 'transient' } })
  })

  it('switches to another broker when one is not the controller', async () => {
    answers = { 'create-topics': [{ name: 't', errorCode: 41, message: null }] }
    expect(await admin.create(aNewTopic({ name: 't' }))).toMatchObject({
      ok: false,
      error: { kind: 'transient', detail: 'Kafka did not create the topic t: NOT_CONTROLLER' },
    })
    expect(resets).toBe(1)
  })

  it('treats an unknown error code as transient', async () => {
    answers = { 'delete-topics': [{ name: 't', errorCode: 777, message: null }] }
    expect(await admin.delete('t')).toMatchObject({
      ok: false,
      error: { kind: 'transient', detail: 'Kafka did not delete the topic t: error code 777' },
    })
  })
})
