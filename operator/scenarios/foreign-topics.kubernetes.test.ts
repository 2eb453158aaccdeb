import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  apiVersion,
  channelKind,
  channelType,
  type RealtimeChannelSpec,
  type RealtimeChannelStatus,
} from '../../api/v1alpha1/realtime-channel.ts'
import type { Deployment } from '../reconcile/children/running-gateway.ts'
import { isMissing, type TopicDescription } from '../reconcile/topic/topic-admin.ts'
import { aClass, openAllowed } from '../testing/class-builders.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { soon, untilEvent } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

/** A channel with the class that allows any topic. Without a class, the options of the operator set the bounds. */
const open = 'open'

type TopicSpec = NonNullable<RealtimeChannelSpec['topic']>

// A user who may only write channels in one namespace deleted __consumer_offsets and another team's topic, and wrote into another team's
// stream.
describe('a channel that names a topic of another owner', () => {
  let cluster: TestCluster
  let operator: OperatorProcess
  let channel: TestChannel

  beforeAll(async () => {
    cluster = await startTestCluster({ classes: [aClass({ name: open, allowed: { ...openAllowed, topics: ['*'] } })] })
  })
  afterAll(() => cluster?.stop())
  beforeEach(async () => {
    channel = testChannel(cluster, await cluster.makeNamespace())
  })

  const restartOperator = async (env: Readonly<Record<string, string>>): Promise<void> => {
    await operator?.kill()
    operator = await cluster.startOperator({ env: { RESYNC_MS: '1000', ...env } })
  }
  const described = async (name: string): Promise<TopicDescription | null> => {
    const found = await cluster.topics.describe(name)
    if (!found.ok) throw new Error(found.error.detail)
    return isMissing(found.value) ? null : found.value
  }
  const makeTopic = async (name: string): Promise<TopicDescription> => {
    const made = await cluster.topics.create({ name, partitions: 2, replicas: 1, config: { 'retention.ms': '86400000' } })
    if (!made.ok) throw new Error(made.error.detail)
    return soon(async () => {
      const found = await described(name)
      if (found === null) throw new Error(`the topic ${name} is not shown yet`)
      return found
    })
  }
  const variables = async (of: TestChannel): Promise<Readonly<Record<string, string | undefined>>> => {
    const deployment = (await of.child('Deployment')) as Deployment | null // a Deployment
    const env = deployment?.spec?.template?.spec?.containers?.[0]?.env ?? []
    return Object.fromEntries(env.map(({ name, value }) => [name, value]))
  }
  const remove = async (of: TestChannel): Promise<void> => {
    valueOf(await cluster.api.delete(channelType, of, {}))
    await soon(async () => expect((await cluster.api.get(channelType, of)).ok).toBe(false))
  }
  const consent = { 'carillon.dev/adopt': 'true', 'carillon.dev/recreate-topic': 'true' }

  describe('without further permission of an administrator', () => {
    beforeAll(() => restartOperator({}))

    it('gets, changes and deletes no topic, although it consents to everything', async () => {
      const name = `payments-${channel.namespace}.ledger`
      const before = await makeTopic(name)
      await channel.apply(
        {
          topic: { name, partitions: 4, config: { 'retention.ms': '60000', 'max.message.bytes': '1' }, deletionPolicy: 'Delete' },
          replay: { window: '1s' },
        },
        consent,
      )
      expect(await channel.until('Ready', 'False', 'NotAllowedByClass')).toContain(`spec.topic.name`)
      expect([await channel.child('Deployment'), await described(name)]).toEqual([null, before])
      await remove(channel)
      expect(await described(name)).toEqual(before)
    })

    it('cannot name an internal topic of Kafka', async () => {
      for (const topic of [
        { name: '__consumer_offsets' },
        { deadLetters: { name: '__consumer_offsets' } },
      ] satisfies readonly TopicSpec[]) {
        await expect(channel.apply({ topic }, consent)).rejects.toThrow('topics whose names begin with __ belong to Kafka itself')
      }
    })

    it('serves an existing topic of its namespace as it is, without changes, and leaves it behind', async () => {
      const name = `${channel.namespace}.news`
      const before = await makeTopic(name)
      await channel.apply({ topic: { partitions: 2, deletionPolicy: 'Delete' } }, consent)
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      await channel.apply({ topic: { partitions: 4, deletionPolicy: 'Delete' } }, consent)
      expect(await channel.until('TopicReady', 'False', 'TopicNotOurs')).toContain(
        'This channel is not allowed to change topics that the operator did not create for it',
      )
      await remove(channel)
      expect(await described(name)).toEqual(before)
    })

    it('does not get the topic of another team for its dead letters, and has no objects', async () => {
      const victim = testChannel(cluster, await cluster.makeNamespace(), 'victim')
      await victim.apply()
      await victim.until('TopicReady', 'True', 'TopicAsAsked')
      await channel.apply({ topic: { deadLetters: { name: `${victim.namespace}.victim` } } })
      expect(await channel.until('Ready', 'False', 'NotAllowedByClass')).toContain(
        `spec.topic.deadLetters.name is ${victim.namespace}.victim`,
      )
      expect(await channel.child('Deployment')).toBeNull()
      await victim.until('TopicReady', 'True', 'TopicAsAsked')
    })

    it.each(['KAFKA_DLQ_TOPIC', 'KAFKA_CLIENT_ID', 'KAFKA_DLQ'])('cannot choose the topic by the variable %s either', async (name) => {
      await expect(channel.apply({ gateway: { env: [{ name, value: 'payments.news' }] } })).rejects.toThrow(`${name} cannot be set`)
    })
  })

  describe('that may use any topic', () => {
    beforeAll(() => restartOperator({}))

    it('does not get the topic of a schema registry', async () => {
      const before = await makeTopic('_schemas')
      await channel.apply({ className: open, topic: { name: '_schemas', partitions: 2, deletionPolicy: 'Delete' } }, consent)
      expect(await channel.until('Ready', 'False', 'NotAllowedByClass')).toContain('spec.topic.name is _schemas')
      await remove(channel)
      expect(await described('_schemas')).toEqual(before)
    })

    it('is refused a topic of another channel even with another address of the brokers, and does not delete it', async () => {
      const elder = testChannel(cluster, await cluster.makeNamespace(), 'prod')
      const [name, elsewhere] = [
        `orders-${channel.namespace}`,
        cluster.kafka.brokers.map((broker) => broker.replace('127.0.0.1', 'localhost')),
      ]
      await elder.apply({ className: open, topic: { name, deletionPolicy: 'Retain' } })
      await elder.until('TopicReady', 'True', 'TopicAsAsked')
      await channel.apply({ className: open, topic: { name, deletionPolicy: 'Delete' }, kafka: { bootstrapServers: elsewhere } }, consent)
      expect(await channel.until('TopicReady', 'False', 'TopicClaimed')).toContain(`belongs to the channel ${elder.namespace}/prod`)
      await remove(channel)
      await elder.until('TopicReady', 'True', 'TopicAsAsked')
      expect((await described(name))?.topicId).toBe((await elder.status()).topic?.id)
    })

    // An earlier release let both channels have the topic. The status of each records it.
    it('keeps the topic that it created when another channel uses it, too', async () => {
      const [name, elsewhere] = [
        `shared-${channel.namespace}`,
        cluster.kafka.brokers.map((broker) => broker.replace('127.0.0.1', 'localhost')),
      ]
      await channel.apply({ className: open, topic: { name, deletionPolicy: 'Delete' } })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      const blue = testChannel(cluster, await cluster.makeNamespace(), 'blue')
      await blue.apply({ className: open, topic: { name }, kafka: { bootstrapServers: elsewhere } })
      await blue.until('TopicReady', 'False', 'TopicClaimed')
      const { id = '', clusterId = '' } = (await channel.status()).topic ?? {}
      const status: RealtimeChannelStatus = {
        topic: { name, id, clusterId, partitions: 3, replicas: 1, origin: 'Adopted', configKeys: [] },
      }
      valueOf(
        await cluster.api.apply(
          channelType,
          { apiVersion, kind: channelKind, metadata: { namespace: blue.namespace, name: blue.name }, status },
          { fieldManager: 'earlier-release', force: true, subresource: 'status' },
        ),
      )
      await remove(channel)
      expect((await untilEvent(cluster, channel, 'TopicKept')).note).toContain('another channel uses the topic')
      expect((await described(name))?.topicId).toBe(id)
      await blue.until('TopicReady', 'True', 'TopicAsAsked')
    })

    it('does not get the topic of another channel for its dead letters', async () => {
      const victim = testChannel(cluster, await cluster.makeNamespace(), 'victim')
      await victim.apply()
      await victim.until('TopicReady', 'True', 'TopicAsAsked')
      await channel.apply({ className: open, topic: { deadLetters: { name: `${victim.namespace}.victim` } } })
      expect(await channel.until('TopicReady', 'False', 'TopicClaimed')).toContain(
        `The dead letter topic ${victim.namespace}.victim belongs to the channel ${victim.namespace}/victim`,
      )
      await soon(async () => expect(await variables(channel)).toMatchObject({ KAFKA_DLQ: 'false' }))
      await channel.apply({ className: open, topic: { deadLetters: { name: `${victim.namespace}.victim.dlq` } } })
      expect(await channel.until('TopicReady', 'False', 'TopicClaimed')).toContain('is the dead letter topic of the channel')
      await victim.until('TopicReady', 'True', 'TopicAsAsked')
    })
  })

  describe('with a bound that is set later', () => {
    it('follows the bound at the deletion of an older channel', async () => {
      await restartOperator({ TOPIC_PATTERN: '*' })
      const name = `early-${channel.namespace}`
      await channel.apply({ topic: { name, deletionPolicy: 'Delete' } })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      await restartOperator({})
      await channel.until('Ready', 'False', 'NotAllowedByClass')
      expect(await channel.child('Deployment')).not.toBeNull()
      await remove(channel)
      expect((await untilEvent(cluster, channel, 'TopicKept')).note).toContain('the rules for topics do not allow its deletion')
      expect(await described(name)).not.toBeNull()
    })

    it('follows the bound for the number of partitions', async () => {
      await restartOperator({ TOPIC_MAX_PARTITIONS: '4' })
      await channel.apply({ topic: { partitions: 5 } })
      expect(await channel.until('Ready', 'False', 'NotAllowedByClass')).toContain('spec.topic.partitions')
      expect(await described(`${channel.namespace}.news`)).toBeNull()
    })

    it('deletes no topic when the bound forbids it', async () => {
      await restartOperator({})
      await channel.apply({ topic: { deletionPolicy: 'Delete' } })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      await restartOperator({ TOPIC_DELETION: 'Never' })
      await channel.until('Ready', 'False', 'NotAllowedByClass')
      await remove(channel)
      expect(await described(`${channel.namespace}.news`)).not.toBeNull()
    })
  })

  describe('with its own dead letter topic', () => {
    beforeAll(() => restartOperator({}))
    const letters = (): string => `${channel.namespace}.news.dlq`

    it('creates, configures and records it, and deletes it with the channel', async () => {
      await channel.apply({ topic: { deletionPolicy: 'Delete', deadLetters: { retention: '48h' } } })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      const topic = await soon(async () => {
        const found = await described(letters())
        expect(found).toMatchObject({ partitions: 1, config: { 'cleanup.policy': 'delete', 'retention.ms': '172800000' } })
        return found
      })
      await soon(async () =>
        expect((await channel.status()).deadLetters).toMatchObject({ name: letters(), id: topic?.topicId, origin: 'Created' }),
      )
      expect((await untilEvent(cluster, channel, 'DeadLetterTopicCreated')).note).toContain(
        `Created the dead letter topic ${letters()} with 1 partition.`,
      )
      await remove(channel)
      await soon(async () => expect([await described(letters()), await described(`${channel.namespace}.news`)]).toEqual([null, null]))
    })

    it('creates none when it wants none', async () => {
      await channel.apply({ topic: { deadLetters: { enabled: false } } })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      await soon(async () => expect(await variables(channel)).toMatchObject({ KAFKA_DLQ: 'false' }))
      expect(await described(letters())).toBeNull()
    })

    it("uses an existing one, and gives gateways the channel's own name for it", async () => {
      await makeTopic(`${channel.namespace}.lost`)
      await channel.apply({ topic: { deadLetters: { name: `${channel.namespace}.lost` }, deletionPolicy: 'Delete' } })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      await soon(async () => expect(await variables(channel)).toMatchObject({ KAFKA_DLQ_TOPIC: `${channel.namespace}.lost` }))
      expect((await channel.status()).deadLetters).toMatchObject({ origin: 'Adopted', partitions: 2 })
      await remove(channel)
      expect(await described(`${channel.namespace}.lost`)).not.toBeNull()
    })
  })
})
