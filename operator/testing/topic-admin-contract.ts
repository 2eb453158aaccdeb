import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Result } from '../../program/result.ts'
import {
  isMissing,
  type KafkaConnection,
  type MissingTopic,
  type NewTopic,
  type TopicAdmin,
  type TopicAdmins,
  type TopicDescription,
} from '../reconcile/topic/topic-admin.ts'

/** A running cluster, and its administrator. */
export interface AdministeredCluster {
  readonly connection: KafkaConnection
  readonly admins: TopicAdmins
  readonly brokerCount: number
  /** The administrator as another client. */
  setConfig(topic: string, entry: string, value: string): Promise<void>
  /** Stops the brokers' process, or starts it again with its data. */
  down(): Promise<void>
  up(): Promise<void>
  stop(): Promise<void>
}

/** A valid topic with a unique name. A test sets only the fields that matter to it. */
export function aNewTopic(given: Partial<NewTopic> = {}): NewTopic {
  return { name: `topic-${randomUUID()}`, partitions: 1, replicas: null, config: {}, ...given }
}

/** The contract of `operator/reconcile/topic/topic-admin.ts`, for any implementation. */
export function describeTopicAdmin(name: string, start: () => Promise<AdministeredCluster>): void {
  describe(`${name}, as a topic admin`, () => {
    let cluster: AdministeredCluster
    let admin: TopicAdmin

    beforeAll(async () => {
      cluster = await start()
      admin = cluster.admins.of(cluster.connection)
    })

    afterAll(() => cluster.stop())

    async function created(given: Partial<NewTopic> = {}): Promise<TopicDescription> {
      const topic = aNewTopic(given)
      expect(await admin.create(topic)).toEqual({ ok: true, value: undefined })
      return untilDescribed(topic.name, () => true)
    }

    /** Waits: brokers return the result of a write only after a moment. */
    function untilDescribed(topic: string, isAsWanted: (description: TopicDescription) => boolean): Promise<TopicDescription> {
      return vi.waitFor(
        async () => {
          const found = await described(topic)
          if (isMissing(found) || !isAsWanted(found)) throw new Error(`not yet: ${JSON.stringify(found)}`)
          return found
        },
        { timeout: 10_000 },
      )
    }

    async function described(topic: string): Promise<TopicDescription | MissingTopic> {
      const found = await admin.describe(topic)
      if (!found.ok) throw new Error(found.error.detail)
      return found.value
    }

    it('describes a topic that does not exist as missing, with the id of the cluster', async () => {
      const found = await described('not-there')
      expect(found).toEqual({ name: 'not-there', clusterId: expect.stringMatching(/./) })
      expect((await created()).clusterId).toBe(found.clusterId)
    })

    it('creates a topic as requested, and describes it', async () => {
      const topic = aNewTopic({ partitions: 3, replicas: 1, config: { 'retention.ms': '3600000', 'cleanup.policy': 'delete' } })
      expect(await created(topic)).toEqual({
        ...topic,
        isInternal: false,
        inForce: { 'cleanup.policy': 'delete', 'max.message.bytes': '1048588', 'min.insync.replicas': '1', 'retention.ms': '3600000' },
        topicId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        clusterId: expect.any(String),
      })
    })

    it('leaves the number of replicas to the brokers', async () => {
      expect((await created({ replicas: null })).replicas).toBeGreaterThan(0)
    })

    it('gives each topic a unique id, also when it has the name of a deleted one', async () => {
      const first = await created()
      await admin.delete(first.name)
      await vi.waitFor(async () => expect(isMissing(await described(first.name))).toBe(true), { timeout: 10_000 })
      const second = await vi.waitFor(() => created({ name: first.name }), { timeout: 10_000 })
      expect(second.topicId).not.toBe(first.topicId)
    })

    it('describes many topics at once, existing and missing ones', async () => {
      const topics = await Promise.all([created({ partitions: 1 }), created({ partitions: 2 }), created({ partitions: 3 })])
      const names = topics.flatMap((topic) => [topic.name, `no-${topic.name}`])
      const found = await Promise.all(names.map(described))
      expect(found.map((topic) => (isMissing(topic) ? null : topic.partitions))).toEqual([1, null, 2, null, 3, null])
      expect(found.map((topic) => topic.name)).toEqual(names)
    })

    it('creates one topic for many simultaneous calls with the same name', async () => {
      const topic = aNewTopic()
      const outcomes = await Promise.all([admin.create(topic), admin.create(topic), admin.create(topic)])
      expect(outcomes.map(kindOf).toSorted()).toEqual(['already-exists', 'already-exists', 'ok'])
    })

    it('refuses one topic of many, and creates the others', async () => {
      const topics = [aNewTopic(), aNewTopic({ replicas: 100 }), aNewTopic()]
      expect((await Promise.all(topics.map(admin.create))).map(kindOf)).toEqual(['ok', 'refused', 'ok'])
    })

    it.each<readonly [string, Partial<NewTopic>, RegExp]>([
      ['more replicas than there are brokers', { replicas: 100 }, /replica/i],
      ['no partitions', { partitions: 0 }, /partitions/i],
      ['too many partitions', { partitions: 1_000_000 }, /partitions/i],
      ['a config entry that does not exist', { config: { 'retention.centuries': '1' } }, /retention\.centuries/],
      ['a config entry that is not a number', { config: { 'retention.ms': 'long' } }, /retention\.ms/],
      ['a name that topics cannot have', { name: 'a/b' }, /a\/b/],
    ])('refuses %s with a reason', async (_, given, words) => {
      const outcome = await admin.create(aNewTopic(given))
      expect(outcome).toMatchObject({ ok: false, error: { kind: 'refused', detail: expect.stringMatching(words) } })
    })

    it('grows a topic', async () => {
      const { name: topic } = await created({ partitions: 2 })
      expect(await admin.growPartitions(topic, 5)).toEqual({ ok: true, value: undefined })
      expect(await untilDescribed(topic, ({ partitions }) => partitions !== 2)).toMatchObject({ partitions: 5 })
    })

    it.each([1, 2])('does not let a topic of two partitions grow to %i', async (partitions) => {
      const { name: topic } = await created({ partitions: 2 })
      expect(await admin.growPartitions(topic, partitions)).toMatchObject({ ok: false, error: { kind: 'refused' } })
    })

    it('sets and unsets config entries, and keeps those of others', async () => {
      const { name: topic } = await created({ config: { 'retention.ms': '1000', 'segment.ms': '2000' } })
      await cluster.setConfig(topic, 'max.message.bytes', '5000')
      expect(await admin.alterConfig(topic, { 'retention.ms': '9000', 'segment.ms': null, 'retention.bytes': null })).toEqual({
        ok: true,
        value: undefined,
      })
      const { config } = await untilDescribed(topic, (found) => found.config['retention.ms'] === '9000')
      expect(config).toEqual({ 'retention.ms': '9000', 'max.message.bytes': '5000' })
    })

    it('alters two configs of one topic at once without losing one', async () => {
      const { name: topic } = await created()
      await Promise.all([admin.alterConfig(topic, { 'retention.ms': '9000' }), admin.alterConfig(topic, { 'segment.ms': '8000' })])
      const both = await untilDescribed(topic, ({ config }) => Object.keys(config).length === 2)
      expect(both.config).toEqual({ 'retention.ms': '9000', 'segment.ms': '8000' })
    })

    it('refuses an invalid entry, and changes nothing', async () => {
      const { name: topic } = await created({ config: { 'retention.ms': '1000' } })
      const outcome = await admin.alterConfig(topic, { 'segment.ms': '2000', 'retention.ms': 'long' })
      expect(outcome).toMatchObject({ ok: false, error: { kind: 'refused', detail: expect.stringContaining('retention.ms') } })
      expect((await untilDescribed(topic, () => true)).config).toEqual({ 'retention.ms': '1000' })
    })

    it('changes nothing for an empty request', async () => {
      expect(await admin.alterConfig('not-there', {})).toEqual({ ok: true, value: undefined })
    })

    it('deletes a topic', async () => {
      const { name: topic } = await created()
      expect(await admin.delete(topic)).toEqual({ ok: true, value: undefined })
      await vi.waitFor(async () => expect(isMissing(await described(topic))).toBe(true), { timeout: 10_000 })
    })

    it.each<readonly [string, (admin: TopicAdmin) => Promise<Result<void, { readonly kind: string }>>]>([
      ['deleted', (of) => of.delete('not-there')],
      ['grown', (of) => of.growPartitions('not-there', 9)],
      ['altered', (of) => of.alterConfig('not-there', { 'retention.ms': '1' })],
    ])('fails with not-found for a missing topic that is to be %s', async (_, act) => {
      expect(await act(admin)).toMatchObject({ ok: false, error: { kind: 'not-found' } })
    })

    it('fails with unreachable while the cluster is down, and recovers with it', async () => {
      const topic = await created()
      await cluster.down()
      const outcomes = await Promise.all([
        admin.describe(topic.name),
        admin.create(aNewTopic()),
        admin.alterConfig(topic.name, { 'retention.ms': '1' }),
      ])
      expect(outcomes.map(kindOf)).toEqual(['unreachable', 'unreachable', 'unreachable'])
      await cluster.up()
      await vi.waitFor(async () => expect(await described(topic.name)).toEqual(topic), { timeout: 30_000, interval: 200 })
    })

    it('fails every call after it was stopped', async () => {
      await cluster.admins.stop()
      await cluster.admins.stop()
      expect(await admin.describe('any')).toMatchObject({ ok: false, error: { kind: 'unreachable' } })
      expect(await cluster.admins.of(cluster.connection).create(aNewTopic())).toMatchObject({ ok: false, error: { kind: 'unreachable' } })
    })
  })
}

function kindOf(outcome: Result<unknown, { readonly kind: string }>): string {
  return outcome.ok ? 'ok' : outcome.error.kind
}
