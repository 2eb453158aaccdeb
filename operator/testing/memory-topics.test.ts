import { describe, expect, it } from 'vitest'
import type { KafkaConnection } from '../reconcile/topic/topic-admin.ts'
import { createMemoryTopics } from './memory-topics.ts'
import { aNewTopic, describeTopicAdmin } from './topic-admin-contract.ts'

const connection: KafkaConnection = { brokers: ['memory:9092'], tls: null, sasl: null }

describeTopicAdmin('the memory double', async () => {
  const topics = createMemoryTopics()
  const cluster = topics.cluster(connection.brokers)
  return {
    connection,
    admins: topics,
    brokerCount: cluster.brokerCount,
    setConfig: async (topic, entry, value) => cluster.setConfigBehindBack(topic, { [entry]: value }),
    down: async () => void (cluster.outage = { kind: 'unreachable', detail: 'down' }),
    up: async () => void (cluster.outage = null),
    stop: () => topics.stop(),
  }
})

describe('the memory double of topics', () => {
  it('has a cluster for each list of brokers', async () => {
    const topics = createMemoryTopics()
    await topics.of(connection).create(aNewTopic({ name: 'a' }))
    expect(topics.cluster(connection.brokers).topicNames()).toEqual(['a'])
    expect(topics.cluster(['other:9092']).topicNames()).toEqual([])
    expect(topics.cluster(['other:9092']).clusterId).not.toBe(topics.cluster(connection.brokers).clusterId)
  })

  it("counts calls that reach it, and not changes behind the operator's back", async () => {
    const topics = createMemoryTopics()
    const [admin, cluster] = [topics.of(connection), topics.cluster(connection.brokers)]
    cluster.createBehindBack(aNewTopic({ name: 'a', partitions: 1 }))
    cluster.growBehindBack('a', 4)
    cluster.setConfigBehindBack('a', { 'retention.ms': '1' })
    expect(cluster.topic('a')).toMatchObject({ partitions: 4, config: { 'retention.ms': '1' } })
    cluster.deleteBehindBack('a')
    expect(cluster.counts).toEqual({ describes: 0, writes: 0 })
    await Promise.all([admin.describe('a'), admin.delete('a'), admin.create(aNewTopic())])
    expect(cluster.counts).toEqual({ describes: 1, writes: 2 })
    expect(() => cluster.growBehindBack('a', 1)).toThrow('there is no topic a')
  })

  it('accepts the right password', async () => {
    const topics = createMemoryTopics()
    topics.cluster(connection.brokers).user = { name: 'operator', password: 'right' }
    const withPassword = (password: string) => topics.of({ ...connection, sasl: { mechanism: 'plain', username: 'operator', password } })
    expect(await withPassword('right').describe('a')).toMatchObject({ ok: true })
    for (const admin of [withPassword('wrong'), topics.of(connection)])
      expect(await admin.describe('a')).toMatchObject({ ok: false, error: { kind: 'unauthenticated' } })
  })

  it('refuses writes to a topic when it is set to', async () => {
    const topics = createMemoryTopics()
    const [admin, cluster] = [topics.of(connection), topics.cluster(connection.brokers)]
    cluster.refuse('a', { kind: 'unauthorized', detail: 'no' })
    expect(await admin.create(aNewTopic({ name: 'a' }))).toEqual({ ok: false, error: { kind: 'unauthorized', detail: 'no' } })
    cluster.refuse('a', null)
    expect(await admin.create(aNewTopic({ name: 'a' }))).toMatchObject({ ok: true })
  })

  it('shows a write later when it is set to', async () => {
    const topics = createMemoryTopics()
    const [admin, cluster] = [topics.of(connection), topics.cluster(connection.brokers)]
    cluster.staleDescribes = 1
    await admin.create(aNewTopic({ name: 'a' }))
    expect(await admin.describe('a')).toEqual({ ok: true, value: { name: 'a', clusterId: cluster.clusterId } })
    expect(await admin.describe('a')).toMatchObject({ ok: true, value: { partitions: 1 } })
  })
})
