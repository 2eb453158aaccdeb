import { describe, expect, it } from 'vitest'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { aChannel, aTopic, aWorld, closedTopicRules, noRivals, type ChannelParts } from '../../testing/channel-builders.ts'
import { planTopic } from './plan-topic.ts'
import type { TopicDescription } from './topic-admin.ts'
import type { FoundTopic, World, TopicRecord } from '../world.ts'

const record = (more: Partial<TopicRecord> = {}): TopicRecord => ({
  name: 'shop.chat',
  id: 'topic-1',
  clusterId: 'cluster-1',
  partitions: 3,
  replicas: 1,
  origin: 'Created',
  configKeys: [],
  ...more,
})
const present = (topic: Partial<TopicDescription> = {}): FoundTopic => ({ kind: 'present', topic: aTopic(topic) })
const missing = (clusterId: string | null = 'cluster-1'): FoundTopic => ({ kind: 'missing', topic: { name: 'shop.chat', clusterId } })
const unreachable: FoundTopic = { kind: 'failed', failure: { kind: 'unreachable', detail: 'connect ECONNREFUSED' } }

interface Case extends Partial<World> {
  readonly spec?: Partial<RealtimeChannelSpec>
  readonly known?: TopicRecord
  readonly annotations?: Readonly<Record<string, string>>
}

function world({ spec = {}, known, annotations = {}, ...more }: Case): World {
  const parts: ChannelParts = { spec, metadata: { annotations }, status: known === undefined ? undefined : { topic: known } }
  return aWorld({ channel: aChannel(parts), ...more })
}

const plan = (given: Case, isCreated = false) => planTopic(world(given), isCreated)
const reasons = ({ refusals }: ReturnType<typeof plan>): readonly string[] => refusals.map(({ reason }) => reason)

describe('a missing topic', () => {
  it('is created, as the channel asks, and no pod is started before its id is known', () => {
    const planned = plan({
      topic: missing(),
      spec: { topic: { partitions: 6, replicas: 3, retention: '1h', config: { 'min.insync.replicas': '2' } } },
    })
    expect(planned.actions).toEqual([
      {
        kind: 'create-topic',
        topic: { name: 'shop.chat', partitions: 6, replicas: 3, config: { 'min.insync.replicas': '2', 'retention.ms': '3600000' } },
      },
    ])
    expect(planned.epoch).toBeNull()
    expect(planned.record).toEqual({
      whenDone: {
        name: 'shop.chat',
        clusterId: 'cluster-1',
        partitions: 6,
        origin: 'Created',
        configKeys: ['min.insync.replicas', 'retention.ms'],
      },
      otherwise: null,
    })
  })

  it('is created again when the operator had created it in the same cluster', () => {
    expect(plan({ topic: missing(), known: record() }).actions).toMatchObject([{ kind: 'create-topic', isAgain: true }])
  })

  it.each<[string, FoundTopic, TopicRecord]>([
    ['the operator did not create it', missing(), record({ origin: 'Adopted' })],
    ['the cluster is another', missing('cluster-2'), record()],
    ['the cluster does not say which it is', missing(null), record()],
    ['the cluster that it was in is not recorded', missing(), { name: 'shop.chat', replicas: 1, origin: 'Created', configKeys: [] }],
  ])('is not created again when %s, unless the channel consents', (_why, topic, known) => {
    const planned = plan({ topic, known })
    expect([planned.actions, reasons(planned), planned.record.whenDone]).toEqual([[], ['TopicMissing'], known])
    expect(plan({ topic, known, annotations: { 'carillon.dev/recreate-topic': 'true' } }).actions).toMatchObject([
      { kind: 'create-topic', isAgain: true },
    ])
  })

  it('leaves running pods as they are, because new pods would find no topic', () => {
    expect(plan({ topic: missing(), known: record({ origin: 'Adopted' }) }).epoch).toBeNull()
  })

  it('names the cluster that it was in', () => {
    expect(plan({ topic: missing('cluster-2'), known: record() }).refusals[0]?.message).toContain(
      'is not in the Kafka cluster cluster-2; it was in cluster-1',
    )
  })

  it('is another topic when the channel has another name for it', () => {
    const other = plan({
      topic: { kind: 'missing', topic: { name: 'events', clusterId: 'cluster-1' } },
      known: record({ origin: 'Adopted' }),
      spec: { topic: { name: 'events' } },
    })
    expect(other.actions).toMatchObject([{ kind: 'create-topic', topic: { name: 'events' } }])
  })
})

describe('a topic that the operator knows', () => {
  it('needs no action when it is as asked', () => {
    expect(plan({ topic: present(), known: record() })).toMatchObject({
      actions: [],
      refusals: [],
      epoch: 'topic-1',
      record: { whenDone: record() },
      requeueAfterMs: null,
    })
  })

  it('gets its partitions and settings, and keeps the settings of other clients', () => {
    const planned = plan({
      topic: present({ config: { foreign: 'x', old: '1', a: '1' } }),
      known: record({ configKeys: ['a', 'old'] }),
      spec: { topic: { partitions: 6, config: { a: '2' } } },
    })
    expect(planned.actions).toEqual([
      { kind: 'grow-partitions', name: 'shop.chat', from: 3, to: 6 },
      { kind: 'alter-topic', name: 'shop.chat', changes: { a: '2', old: null } },
    ])
    expect(planned.record.whenDone).toMatchObject({ partitions: 6, configKeys: ['a'] })
    expect(planned.record.otherwise).toMatchObject({ partitions: 3, configKeys: ['a', 'old'] })
  })

  it('keeps its partitions and replication, gets all other changes, and pods run', () => {
    const planned = plan({
      topic: present({ partitions: 12 }),
      known: record(),
      spec: { topic: { partitions: 6, replicas: 3, config: { a: '1' } } },
    })
    expect(reasons(planned)).toEqual(['PartitionsCannotShrink', 'ReplicationCannotChange'])
    expect(planned.actions).toEqual([{ kind: 'alter-topic', name: 'shop.chat', changes: { a: '1' } }])
    expect(planned.epoch).toBe('topic-1')
    expect(planned.record.whenDone?.partitions).toBe(12)
  })

  it('is identified by its partitions until its id is recorded', () => {
    const { id: _id, ...fresh } = record()
    expect(plan({ topic: present(), known: fresh, spec: { topic: { partitions: 5 } } }).actions).toMatchObject([
      { kind: 'grow-partitions' },
    ])
    expect(reasons(plan({ topic: present({ partitions: 4 }), known: fresh }))).toEqual(['TopicReplaced'])
  })

  it('is identified by its cluster where brokers report no ids', () => {
    const { id: _id, ...known } = record()
    const planned = plan({ topic: present({ topicId: null, partitions: 9 }), known })
    expect([planned.epoch, reasons(planned)]).toEqual(['', ['PartitionsCannotShrink']])
    expect(reasons(plan({ topic: present({ topicId: null, clusterId: 'cluster-2', partitions: 9 }), known }))).toEqual(['TopicReplaced'])
  })
})

describe('a topic that the operator does not know', () => {
  it('is adopted when it is exactly as asked, with any other settings', () => {
    const planned = plan({ topic: present({ config: { 'retention.ms': '3600000', foreign: 'x' } }), spec: { topic: { retention: '1h' } } })
    expect([planned.actions, planned.refusals, planned.epoch]).toEqual([[], [], 'topic-1'])
    expect(planned.record.whenDone).toMatchObject({ origin: 'Adopted', id: 'topic-1', configKeys: ['retention.ms'] })
  })

  it('counts as created by the operator when it was created in this very reconcile', () => {
    expect(plan({ topic: present() }, true).record.whenDone).toMatchObject({ origin: 'Created' })
  })

  it('does not count as created when another client was faster and it differs', () => {
    expect(reasons(plan({ topic: present({ partitions: 1 }) }, true))).toEqual(['TopicNotOurs'])
  })

  it('is left alone when it differs; the condition names the differences, and no pods start', () => {
    const planned = plan({ topic: present({ partitions: 12 }) })
    expect([planned.actions, planned.epoch, planned.record.whenDone]).toEqual([[], null, null])
    expect(planned.refusals).toEqual([
      {
        about: 'TopicReady',
        reason: 'TopicNotOurs',
        message:
          'The topic shop.chat existed before this channel, and differs from what it asks for: it has 12 partitions, and 3 are asked for. Set spec.topic to what the topic has, or let the operator change it with the annotation carillon.dev/adopt: "true".',
      },
    ])
  })

  it('is adopted with the consent of the channel, and changed as far as Kafka can', () => {
    const planned = plan({
      topic: present({ partitions: 1, replicas: 2 }),
      spec: { topic: { replicas: 1 } },
      annotations: { 'carillon.dev/adopt': 'true' },
    })
    expect(planned.actions).toMatchObject([{ kind: 'grow-partitions', from: 1, to: 3 }])
    expect(reasons(planned)).toEqual(['ReplicationCannotChange'])
    expect(planned.record.whenDone?.origin).toBe('Adopted')
  })
})

describe('a topic that another client replaced', () => {
  it('is adopted when it is as asked, and its id gives clients a gap', () => {
    const planned = plan({ topic: present({ topicId: 'topic-2' }), known: record() })
    expect([planned.refusals, planned.epoch, planned.record.whenDone?.id, planned.record.whenDone?.origin]).toEqual([
      [],
      'topic-2',
      'topic-2',
      'Adopted',
    ])
  })

  it("is served and not changed when it differs, and is not recorded as the channel's", () => {
    const planned = plan({ topic: present({ topicId: 'topic-2', partitions: 1 }), known: record() })
    expect([planned.actions, reasons(planned), planned.epoch, planned.record.whenDone]).toEqual([
      [],
      ['TopicReplaced'],
      'topic-2',
      record(),
    ])
  })

  it("keeps no setting of its predecessor as the operator's own", () => {
    const planned = plan({ topic: present({ topicId: 'topic-2', config: { old: '1' } }), known: record({ configKeys: ['old'] }) })
    expect(planned.actions).toEqual([])
  })
})

describe('a topic that is refused to the channel', () => {
  it('is left to the older channel', () => {
    const planned = plan({ topic: present(), rivals: { ...noRivals, topic: { namespace: 'shop', name: 'older', use: 'topic' } } })
    expect([planned.actions, reasons(planned), planned.epoch]).toEqual([[], ['TopicClaimed'], null])
    expect(planned.refusals[0]?.message).toContain('shop/older')
  })

  it('is not created where no pattern allows its name', () => {
    const named = (name: string) => plan({ spec: { topic: { name } }, topic: missing(), topicRules: closedTopicRules })
    expect(reasons(named('other.chat'))).toEqual(['TopicNotAllowed'])
    expect(reasons(named('shop.chat.v2'))).toEqual([])
  })

  it.each(['x'.repeat(241), '..', 'a b'])('is not named %j', (name) => {
    expect(reasons(plan({ spec: { topic: { name } } }))).toEqual(['TopicNotAllowed'])
  })
})

// A user who could only make channels in one namespace took, changed and deleted __consumer_offsets and a topic of another team.
describe('a topic that the rules do not let the channel change', () => {
  const closed = { ...closedTopicRules, topics: ['*'] }
  const consent = { 'carillon.dev/adopt': 'true' }

  it.each(['__consumer_offsets', '__transaction_state', '_schemas'])(
    'is refused when Kafka or a tool owns its name, for any pattern: %s',
    (name) => {
      const planned = plan({
        spec: { topic: { name, partitions: 50 } },
        topic: { kind: 'present', topic: aTopic({ name, partitions: 50 }) },
        topicRules: { ...closed, adopt: true },
        annotations: consent,
      })
      expect([planned.actions, reasons(planned), planned.epoch, planned.record.whenDone]).toEqual([[], ['TopicNotAllowed'], null, null])
    },
  )

  it('is refused when the brokers mark it as internal', () => {
    expect(reasons(plan({ topic: present({ isInternal: true }), topicRules: closed }))).toEqual(['TopicNotAllowed'])
  })

  it('is served when it is exactly as asked', () => {
    const planned = plan({ topic: present(), topicRules: closed })
    expect([planned.actions, planned.refusals, planned.epoch, planned.record.whenDone?.origin]).toEqual([[], [], 'topic-1', 'Adopted'])
  })

  it('is not changed although the channel consents, because the channel does not own it', () => {
    const planned = plan({
      topic: present({ partitions: 2 }),
      spec: { topic: { partitions: 4, config: { 'max.message.bytes': '1' } } },
      topicRules: closed,
      annotations: consent,
    })
    expect([planned.actions, reasons(planned), planned.epoch]).toEqual([[], ['TopicNotOurs'], null])
    expect(planned.refusals[0]?.message).toContain(
      'This channel is not allowed to change topics that the operator did not create for it. An administrator can allow it',
    )
  })

  it.each<[string, Case]>([
    ['partitions', { spec: { topic: { partitions: 4 } } }],
    ['a setting', { spec: { topic: { config: { 'segment.ms': '60000' } } } }],
    ['a setting to unset', { topic: present({ config: { old: '1' } }), known: record({ origin: 'Adopted', configKeys: ['old'] }) }],
  ])('is not changed after it was adopted as it was, and is served: %s', (_what, given) => {
    const planned = plan({ topic: present(), known: record({ origin: 'Adopted' }), topicRules: closed, ...given })
    expect([planned.actions, reasons(planned), planned.epoch]).toEqual([[], ['TopicNotOurs'], 'topic-1'])
    expect(
      plan({ topic: present(), known: record({ origin: 'Adopted' }), ...given, topicRules: { ...closed, adopt: true } }).actions,
    ).toHaveLength(1)
  })

  it('is changed when the operator created it for this channel', () => {
    expect(plan({ topic: present(), known: record(), spec: { topic: { partitions: 4 } }, topicRules: closed }).actions).toMatchObject([
      { kind: 'grow-partitions' },
    ])
  })

  it('does not get more partitions than the channel may have', () => {
    const bounded = { ...closed, maxPartitions: 6 }
    const tooMany = plan({ topic: missing(), spec: { topic: { partitions: 7 } }, topicRules: bounded })
    expect([tooMany.actions, reasons(tooMany)]).toEqual([[], ['TopicNotAllowed']])
    expect(tooMany.refusals[0]?.message).toContain('spec.topic.partitions is 7, and this channel may have at most 6')
    expect(plan({ topic: missing(), spec: { topic: { partitions: 6 } }, topicRules: bounded }).actions).toMatchObject([
      { kind: 'create-topic' },
    ])
    expect(plan({ topic: present(), known: record(), spec: { topic: { partitions: 7 } }, topicRules: bounded })).toMatchObject({
      actions: [],
      epoch: 'topic-1',
    })
  })
})

// All of these were Ready, and not one event could be emitted, or none was left for clients that resumed.
describe('a topic with a setting that makes the channel useless', () => {
  const short = { 'retention.ms': '1000' }

  it.each<[string, Case]>([
    ['more replicas in sync than there are', { spec: { topic: { replicas: 1, config: { 'min.insync.replicas': '2' } } } }],
    ['messages smaller than events', { spec: { topic: { config: { 'max.message.bytes': '1000' } } } }],
    ['compaction', { spec: { topic: { config: { 'cleanup.policy': 'compact' } } } }],
    ['a retention below the replay window', { spec: { topic: { config: short } } }],
  ])('is not created: %s', (_what, given) => {
    const planned = plan({ topic: missing(), ...given })
    expect([planned.actions, reasons(planned), planned.epoch]).toEqual([[], ['TopicUnusable'], null])
  })

  it('is left unchanged, and pods run, when the channel asks for the setting later', () => {
    const planned = plan({
      topic: present({ inForce: { 'min.insync.replicas': '1' } }),
      known: record(),
      spec: { topic: { partitions: 6, config: { 'min.insync.replicas': '2' } } },
    })
    expect([planned.actions, reasons(planned), planned.epoch, planned.record.whenDone]).toEqual([
      [],
      ['TopicUnusable'],
      'topic-1',
      record(),
    ])
  })

  it('is reported when the setting comes from elsewhere, and all requested changes are made', () => {
    const planned = plan({
      topic: present({ inForce: { 'min.insync.replicas': '2' } }),
      known: record(),
      spec: { topic: { partitions: 6 } },
    })
    expect([planned.actions.length, reasons(planned), planned.epoch]).toEqual([1, ['TopicUnusable'], 'topic-1'])
  })

  it('is repaired by a setting of the channel', () => {
    const planned = plan({ topic: present({ inForce: short }), known: record(), spec: { topic: { retention: '1h' } } })
    expect([planned.actions, reasons(planned)]).toEqual([
      [{ kind: 'alter-topic', name: 'shop.chat', changes: { 'retention.ms': '3600000' } }],
      [],
    ])
  })
})

describe('a topic, while Kafka does not answer,', () => {
  it('keeps its record, and is read again soon', () => {
    const planned = plan({ topic: unreachable, known: record() })
    expect(planned).toMatchObject({
      actions: [],
      epoch: 'topic-1',
      record: { whenDone: record(), otherwise: record() },
      requeueAfterMs: 15_000,
    })
    expect(planned.refusals).toEqual([
      { about: 'TopicReady', reason: 'KafkaUnreachable', message: 'Kafka does not answer: connect ECONNREFUSED' },
    ])
  })

  it('starts no pod while its id is unknown', () => {
    expect(plan({ topic: unreachable }).epoch).toBeNull()
  })

  it.each<[FoundTopic | null, string]>([
    [{ kind: 'failed', failure: { kind: 'transient', detail: '' } }, 'KafkaUnreachable'],
    [{ kind: 'failed', failure: { kind: 'unauthenticated', detail: '' } }, 'KafkaUnauthenticated'],
    [{ kind: 'failed', failure: { kind: 'unauthorized', detail: '' } }, 'KafkaUnauthorized'],
    [{ kind: 'failed', failure: { kind: 'refused', detail: '' } }, 'TopicRefused'],
    [{ kind: 'no-connection', problem: { kind: 'no-brokers' } }, 'KafkaNotConfigured'],
    [{ kind: 'no-connection', problem: { kind: 'secret-not-found', secret: 's' } }, 'SecretNotFound'],
    [{ kind: 'no-connection', problem: { kind: 'secret-key-missing', secret: 's', key: 'k' } }, 'SecretKeyMissing'],
    [{ kind: 'no-connection', problem: { kind: 'secret-forbidden', secret: 's' } }, 'SecretForbidden'],
    [{ kind: 'no-connection', problem: { kind: 'unavailable', error: { kind: 'unavailable', message: '', code: 0 } } }, 'ApiUnavailable'],
    [null, 'NotLookedAt'],
  ])('of %j says %s, and comes back', (topic, reason) => {
    const planned = plan({ topic })
    expect(reasons(planned)).toEqual([reason])
    expect(planned.requeueAfterMs).toBeGreaterThan(0)
  })
})
