import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { channelType, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { Deployment } from '../reconcile/children/running-gateway.ts'
import type { ResourceType } from '../../api/kubernetes.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { eventsOf, kstatusOfChannel, soon, untilEvent, untilReady, untilSeen } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }
/** Time in which even a slow machine reconciles a channel once. */
const giveUpMs = 15_000

/** Time limit for slow parts: the controller of namespaces, a broker that starts. */
const patiently = <T>(look: () => Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 100_000, interval: 100 })

describe('the topic of a channel', () => {
  let cluster: TestCluster
  let channel: TestChannel

  beforeAll(async () => {
    cluster = await startTestCluster()
    // Topics send no events when they change. The next reconcile is a second away at most.
    await cluster.startOperator({ env: { TOPIC_ADOPT: 'true', RESYNC_MS: '1000', TOPIC_GIVE_UP_MS: String(giveUpMs) } })
  })
  afterAll(() => cluster?.stop())
  beforeEach(async () => {
    channel = testChannel(cluster, await cluster.makeNamespace())
  })

  const topicName = (of: TestChannel = channel): string => `${of.namespace}.${of.name}`
  const make = async (
    topic: NonNullable<RealtimeChannelSpec['topic']> = {},
    annotations?: Readonly<Record<string, string>>,
  ): Promise<void> => {
    await channel.apply({ topic }, annotations)
    await channel.until('TopicReady', 'True', 'TopicAsAsked')
  }
  const found = async (): Promise<ReturnType<TestChannel['topic']>> => channel.topic()
  const epoch = async (): Promise<string | undefined> => {
    const deployment = (await channel.child('Deployment')) as Deployment | null // a Deployment
    return deployment?.spec?.template?.spec?.containers?.[0]?.env?.find(({ name }) => name === 'KAFKA_TOPIC_EPOCH')?.value
  }
  const remove = async (of: TestChannel = channel): Promise<void> => void valueOf(await cluster.api.delete(channelType, of, {}))
  const untilGone = (of: TestChannel = channel): Promise<void> =>
    soon(async () => {
      const left = await cluster.api.get(channelType, of)
      if (left.ok) throw new Error(`still exists: ${JSON.stringify(left.value['status'])}`)
    })
  const exists = async (name: string): Promise<boolean> => 'topicId' in unwrap(await cluster.topics.describe(name))
  const reasons = async (): Promise<readonly string[]> => (await eventsOf(cluster, channel)).map(({ reason }) => reason)

  describe('while the channel lives', () => {
    it('is created as requested, and recorded', async () => {
      await make({ partitions: 4, retention: '1h', config: { 'max.message.bytes': '2000000' } })
      const topic = await found()
      expect(topic).toMatchObject({ partitions: 4, replicas: 1, config: { 'retention.ms': '3600000', 'max.message.bytes': '2000000' } })
      expect((await channel.status()).topic).toEqual({
        name: topicName(),
        id: topic?.topicId,
        clusterId: topic?.clusterId,
        partitions: 4,
        replicas: 1,
        origin: 'Created',
        configKeys: ['max.message.bytes', 'retention.ms'],
      })
      expect(await epoch()).toBe(topic?.topicId)
      expect(await untilEvent(cluster, channel, 'TopicCreated')).toEqual({
        type: 'Normal',
        reason: 'TopicCreated',
        note: `Created the topic ${topicName()} with 4 partitions.`,
      })
    })

    it('grows without a restart of pods', async () => {
      await make()
      const { RealtimeChannel: _before, ...before } = await channel.versions()
      await make({ partitions: 6 })
      expect(await found()).toMatchObject({ partitions: 6 })
      expect((await untilEvent(cluster, channel, 'PartitionsAdded')).note).toContain('has 6 partitions now; it had 3')
      const { RealtimeChannel: _after, ...after } = await channel.versions()
      expect(after).toEqual(before)
    })

    it('loses settings that the channel drops, and keeps those of others', async () => {
      await make({ retention: '1h', config: { 'max.message.bytes': '2000000' } })
      expect(await cluster.topics.alterConfig(topicName(), { 'min.compaction.lag.ms': '5' })).toEqual({ ok: true, value: undefined })
      await make({ retention: '2h', config: { 'segment.ms': '60000' } })
      await soon(async () =>
        expect((await found())?.config).toEqual({ 'retention.ms': '7200000', 'segment.ms': '60000', 'min.compaction.lag.ms': '5' }),
      )
      await make()
      await soon(async () => expect((await found())?.config).toEqual({ 'min.compaction.lag.ms': '5' }))
    })

    it('gets a setting back that was changed or removed', async () => {
      await make({ retention: '1h' })
      await cluster.topics.alterConfig(topicName(), { 'retention.ms': '60000' })
      await soon(async () => expect((await found())?.config).toEqual({ 'retention.ms': '3600000' }))
      await cluster.topics.alterConfig(topicName(), { 'retention.ms': null })
      await soon(async () => expect((await found())?.config).toEqual({ 'retention.ms': '3600000' }))
    })
  })

  describe('beside others of the channel', () => {
    const variables = async (): Promise<Readonly<Record<string, string | undefined>>> => {
      const deployment = (await channel.child('Deployment')) as Deployment | null // a Deployment
      return Object.fromEntries((deployment?.spec?.template?.spec?.containers?.[0]?.env ?? []).map(({ name, value }) => [name, value]))
    }
    const described = async (suffix: string) => unwrap(await cluster.topics.describe(`${topicName()}.${suffix}`))

    it('has a compacted control topic, which the gateways know when they start', async () => {
      await make()
      await channel.until('RevocationReady', 'True', 'RevocationOn')
      expect(await described('control')).toMatchObject({
        partitions: 1,
        config: { 'cleanup.policy': 'compact', 'segment.ms': '3600000', 'segment.bytes': '16777216', 'min.cleanable.dirty.ratio': '0.1' },
      })
      expect((await variables())['KAFKA_CONTROL_TOPIC']).toBe(`${topicName()}.control`)
      expect((await channel.status()).control).toMatchObject({ name: `${topicName()}.control`, origin: 'Created', id: expect.any(String) })
    })

    it('is ready beside a topic that is not compacted and has the name of its control topic', async () => {
      await cluster.topics.create({ name: `${topicName()}.control`, partitions: 1, replicas: 1, config: {} })
      await make()
      expect(await channel.until('RevocationReady', 'False', 'TopicNotOurs')).toContain('tokens cannot be revoked')
      expect((await variables())['KAFKA_CONTROL_TOPIC']).toBeUndefined()
      expect(await described('control')).toMatchObject({ config: {} })
    })

    it('gets an upstream topic when the channel takes events of browsers, and keeps it when it does not any more', async () => {
      const accept = [{ type: 'chat.message' }]
      await make({ partitions: 2 })
      expect(await exists(`${topicName()}.upstream`)).toBe(false)
      await channel.apply({ topic: { partitions: 2 }, upstream: { topic: { retention: '2h' }, accept } })
      await soon(async () => expect(await variables()).toMatchObject({ UPSTREAM: 'on', KAFKA_UPSTREAM_TOPIC: `${topicName()}.upstream` }))
      expect(await described('upstream')).toMatchObject({
        partitions: 2,
        config: { 'cleanup.policy': 'delete', 'retention.ms': '7200000' },
      })
      await channel.apply({ topic: { partitions: 2 } })
      await soon(async () => expect(await variables()).toMatchObject({ UPSTREAM: 'off' }))
      expect(await exists(`${topicName()}.upstream`)).toBe(true)
    })

    it('is deleted with all of them, by the policy of the channel', async () => {
      await channel.apply({ topic: { deletionPolicy: 'Delete' }, upstream: { accept: [{ type: 'chat.message' }] } })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      const names = ['', '.dlq', '.upstream', '.control'].map((suffix) => `${topicName()}${suffix}`)
      await soon(async () => expect(await Promise.all(names.map(exists))).toEqual([true, true, true, true]))
      await remove()
      await untilGone()
      expect(await Promise.all(names.map(exists))).toEqual([false, false, false, false])
    })
  })

  describe('that exists before the channel', () => {
    it('is adopted when it is exactly as the channel asks', async () => {
      unwrap(
        await cluster.topics.create({
          name: topicName(),
          partitions: 3,
          replicas: 1,
          config: { 'retention.ms': '3600000', 'segment.ms': '60000' },
        }),
      )
      await make({ retention: '1h' })
      expect((await channel.status()).topic).toMatchObject({ origin: 'Adopted', partitions: 3 })
      expect((await found())?.config).toEqual({ 'retention.ms': '3600000', 'segment.ms': '60000' })
      expect(await reasons()).not.toContain('TopicCreated')
    })

    it('is adopted and changed when the channel consents, and not before', async () => {
      unwrap(await cluster.topics.create({ name: topicName(), partitions: 1, replicas: 1, config: {} }))
      await channel.apply({ topic: { retention: '1h' } })
      await channel.until('TopicReady', 'False', 'TopicNotOurs')
      expect(await found()).toMatchObject({ partitions: 1, config: {} })
      await make({ retention: '1h' }, { 'carillon.dev/adopt': 'true' })
      await soon(async () => expect(await found()).toMatchObject({ partitions: 3, config: { 'retention.ms': '3600000' } }))
      // The annotation was consent for that moment. The channel keeps the topic that it has taken over.
      await make({ retention: '2h' })
      await soon(async () => expect(await found()).toMatchObject({ config: { 'retention.ms': '7200000' } }))
    })
  })

  describe('that is deleted', () => {
    it('is created again when the operator created it, and clients get a gap by its new id', async () => {
      await make()
      await untilReady(channel)
      const before = await epoch()
      unwrap(await cluster.topics.delete(topicName()))
      expect(await untilEvent(cluster, channel, 'TopicRecreated')).toMatchObject({
        type: 'Warning',
        note: expect.stringContaining('created again, empty'),
      })
      await channel.until('TopicReady', 'True', 'TopicAsAsked')
      await soon(async () => expect(await epoch()).toBe((await found())?.topicId))
      expect(await epoch()).not.toBe(before)
      await untilReady(channel)
    })

    it('is reported as missing when it was adopted, until the channel consents to an empty one', async () => {
      unwrap(await cluster.topics.create({ name: topicName(), partitions: 3, replicas: 1, config: {} }))
      await make()
      const before = await epoch()
      unwrap(await cluster.topics.delete(topicName()))
      expect(await channel.until('TopicReady', 'False', 'TopicMissing')).toContain('carillon.dev/recreate-topic: "true"')
      expect(await kstatusOfChannel(channel)).toBe('Failed')
      expect([await found(), await epoch()]).toEqual([null, before])
      await make({}, { 'carillon.dev/recreate-topic': 'true' })
      await soon(async () => expect(await epoch()).toBe((await found())?.topicId))
      expect((await channel.status()).topic).toMatchObject({ origin: 'Created' })
    })

    it('is adopted when an equal topic is created, and refused when the new one differs', async () => {
      await make({ partitions: 2 })
      await channel.apply({ topic: { partitions: 2 } }, { 'carillon.dev/paused': 'true' })
      await channel.until('Ready', 'Unknown', 'Paused')
      const before = await epoch()
      unwrap(await cluster.topics.delete(topicName()))
      await soon(async () => unwrap(await cluster.topics.create({ name: topicName(), partitions: 5, replicas: 1, config: {} })))
      await channel.apply({ topic: { partitions: 2 } })
      expect(await channel.until('TopicReady', 'False', 'TopicReplaced')).toContain('it has 5 partitions, and 2 are asked for')
      expect(await epoch()).not.toBe(before)
      await make({ partitions: 5 })
      expect((await channel.status()).topic).toMatchObject({ origin: 'Adopted', partitions: 5 })
    })
  })

  describe('when the channel is deleted', () => {
    it.each(['Retain', 'Delete'] as const)('follows the policy %s', async (deletionPolicy) => {
      await make({ deletionPolicy })
      expect((await channel.get()).metadata.finalizers ?? []).toEqual(deletionPolicy === 'Delete' ? ['carillon.dev/topic'] : [])
      await remove()
      await untilGone()
      expect(await exists(topicName())).toBe(deletionPolicy === 'Retain')
    })

    it.each([
      ['Delete', 'Retain'],
      ['Retain', 'Delete'],
    ] as const)('follows the policy at the time of the deletion: %s, changed to %s', async (first, deletionPolicy) => {
      await make({ deletionPolicy: first })
      await make({ deletionPolicy })
      expect((await channel.get()).metadata.finalizers ?? []).toEqual(deletionPolicy === 'Delete' ? ['carillon.dev/topic'] : [])
      await remove()
      await untilGone()
      expect(await exists(topicName())).toBe(deletionPolicy === 'Retain')
    })

    it('is deleted although the finalizer was removed, because the finalizer is added again', async () => {
      await make({ deletionPolicy: 'Delete' })
      valueOf(await cluster.api.mergePatch(channelType, channel, { metadata: { finalizers: ['example.com/other'] } }))
      await soon(async () => expect((await channel.get()).metadata.finalizers).toEqual(['example.com/other', 'carillon.dev/topic']))
      await remove()
      await soon(async () => expect((await channel.get()).metadata.finalizers).toEqual(['example.com/other']))
      expect(await exists(topicName())).toBe(false)
      valueOf(await cluster.api.mergePatch(channelType, channel, { metadata: { finalizers: [] } }))
      await untilGone()
    })

    it('stays when it was adopted, although the policy is Delete: the operator did not create it', async () => {
      unwrap(await cluster.topics.create({ name: topicName(), partitions: 3, replicas: 1, config: {} }))
      await make({ deletionPolicy: 'Delete' })
      await remove()
      await untilGone()
      expect(await exists(topicName())).toBe(true)
      expect((await untilEvent(cluster, channel, 'TopicKept')).note).toContain('the operator did not create the topic for this channel')
    })

    it('is deleted with the channel that has it, and never with a newer channel that names it', async () => {
      const newer = testChannel(cluster, channel.namespace, 'newer')
      await make({ name: topicName(), deletionPolicy: 'Delete' })
      // Ages are whole seconds: of two objects of one second neither is older.
      const second = Date.parse((await channel.get()).metadata.creationTimestamp ?? '')
      await soon(async () => expect(Date.now()).toBeGreaterThan(second + 1_000))
      await newer.apply({ topic: { name: topicName(), deletionPolicy: 'Delete' } })
      await newer.until('TopicReady', 'False', 'TopicClaimed')
      await remove(newer)
      await untilGone(newer)
      expect(await exists(topicName())).toBe(true)
      await remove()
      await untilGone()
      expect(await exists(topicName())).toBe(false)
    })

    it('stays when the channel is paused: nothing may change, and the deletion must not wait', async () => {
      await make({ deletionPolicy: 'Delete' })
      await channel.apply({ topic: { deletionPolicy: 'Delete' } }, { 'carillon.dev/paused': 'true' })
      await channel.until('Ready', 'Unknown', 'Paused')
      await remove()
      await untilGone()
      expect(await exists(topicName())).toBe(true)
      expect((await untilEvent(cluster, channel, 'TopicKept')).type).toBe('Warning')
    })

    it('goes or stays, by its policy, when the namespace is deleted, and the deletion ends', async () => {
      const other = testChannel(cluster, channel.namespace, 'other')
      await make({ deletionPolicy: 'Delete' })
      await other.apply({ topic: { deletionPolicy: 'Retain' } })
      await other.until('TopicReady', 'True', 'TopicAsAsked')
      valueOf(await cluster.api.delete(namespaceType, { namespace: '', name: channel.namespace }, {}))
      await patiently(async () => expect((await cluster.api.get(namespaceType, { namespace: '', name: channel.namespace })).ok).toBe(false))
      expect([await exists(topicName()), await exists(topicName(other))]).toEqual([false, true])
    })
  })

  describe('when Kafka is away', () => {
    it('is left behind after a while by a deleted channel, with an Event', async () => {
      const standing = testChannel(cluster, channel.namespace, 'standing')
      await make({ deletionPolicy: 'Delete' })
      await standing.apply()
      await untilReady(standing)
      const { RealtimeChannel: _before, ...before } = await standing.versions()
      await cluster.kafka.kill()
      await remove()
      expect(await channel.until('TopicReady', 'False', 'KafkaUnreachable')).toContain('Kafka does not answer')
      expect(await kstatusOfChannel(channel)).toBe('Terminating')
      await untilGone()
      expect((await untilEvent(cluster, channel, 'TopicKept')).note).toContain('Kafka did not delete it in time')
      // Other channels are not affected.
      expect(await standing.until('Ready', 'False', 'KafkaUnreachable')).toContain('Kafka does not answer')
      const { RealtimeChannel: _after, ...after } = await standing.versions()
      expect(after).toEqual(before)
      await cluster.kafka.restart()
      await patiently(() => standing.until('Ready', 'True', 'Reconciled'))
      await untilSeen(standing)
      expect(await exists(topicName())).toBe(true)
    }, 240_000)
  })
})

/** Returns the value. @throws when the call failed: such tests expect no failure */
function unwrap<T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: { readonly detail: string } },
): T {
  if (!result.ok) throw new Error(result.error.detail)
  return result.value
}
