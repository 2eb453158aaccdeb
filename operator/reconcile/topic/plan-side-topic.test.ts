import { describe, expect, it } from 'vitest'
import { operandTypes } from '../../../api/child-types.ts'
import type { RealtimeChannelSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import {
  aChannel,
  aControlTopic,
  aDeadLetterTopic,
  aTopic,
  aWorld,
  closedTopicRules,
  noRivals,
  ownedBy,
} from '../../testing/channel-builders.ts'
import { planSideTopic, type Creation } from './plan-side-topic.ts'
import { planTopic } from './plan-topic.ts'
import type { TopicDescription } from './topic-admin.ts'
import { childKey, type FoundTopic, type World, type TopicRecord } from '../world.ts'

type TopicSpec = NonNullable<RealtimeChannelSpec['topic']>

interface Case extends Partial<World> {
  readonly asked?: TopicSpec['deadLetters']
  readonly topicSpec?: TopicSpec
  readonly known?: Partial<TopicRecord>
  readonly annotations?: Readonly<Record<string, string>>
}

const record: TopicRecord = {
  name: 'shop.chat',
  id: 'topic-1',
  clusterId: 'cluster-1',
  partitions: 3,
  replicas: 1,
  origin: 'Created',
  configKeys: [],
}
const letters = (more: Partial<TopicRecord> = {}): TopicRecord => ({
  name: 'shop.chat.dlq',
  id: 'topic-dlq',
  clusterId: 'cluster-1',
  partitions: 1,
  replicas: 1,
  origin: 'Created',
  configKeys: ['cleanup.policy'],
  ...more,
})
const present = (topic: Partial<TopicDescription> = {}): FoundTopic => ({ kind: 'present', topic: aDeadLetterTopic(topic) })
const missing = (name = 'shop.chat.dlq'): FoundTopic => ({ kind: 'missing', topic: { name, clusterId: 'cluster-1' } })

function plan({ asked = {}, topicSpec = {}, known, annotations = {}, ...more }: Case, creation: Creation = null) {
  const status = { topic: record, ...(known === undefined ? {} : { deadLetters: letters(known) }) }
  const channel = aChannel({ spec: { topic: { ...topicSpec, deadLetters: asked } }, metadata: { annotations }, status })
  const world = aWorld({ channel, topic: { kind: 'present', topic: aTopic() }, topicRules: closedTopicRules, ...more })
  return planSideTopic('deadLetters', world, planTopic(world), creation)
}

/** A channel's gateways, with variables of their own. */
function gatewaysWith(variables: Readonly<Record<string, string>>): Partial<World> {
  const env = Object.entries({ KAFKA_TOPIC: 'shop.chat', ...variables }).map(([name, value]) => ({ name, value }))
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'chat-gateway', namespace: 'shop', ...ownedBy(aChannel()) },
    spec: { template: { spec: { containers: [{ env }] } } },
  }
  return { children: new Map([[childKey('Deployment', 'chat-gateway'), { kind: 'object', type: operandTypes.Deployment, object }]]) }
}

const reasons = ({ refusals }: ReturnType<typeof plan>): readonly string[] => refusals.map(({ reason }) => reason)

describe('the dead letter topic of a channel', () => {
  it('is created with one partition, and the replication of the topic itself', () => {
    const planned = plan({
      deadLetters: missing(),
      asked: { retention: '168h' },
      topicSpec: { replicas: 1, config: { 'max.message.bytes': '2000000' } },
    })
    expect(planned.actions).toEqual([
      {
        kind: 'create-topic',
        use: 'deadLetters',
        topic: {
          name: 'shop.chat.dlq',
          partitions: 1,
          replicas: 1,
          config: { 'cleanup.policy': 'delete', 'max.message.bytes': '2065536', 'retention.ms': '604800000' },
        },
      },
    ])
    expect(planned.record).toMatchObject({ whenDone: { name: 'shop.chat.dlq', origin: 'Created' }, otherwise: null })
    expect(planned.used).toBe('shop.chat.dlq')
  })

  it('has the name that the channel gives it', () => {
    expect(plan({ deadLetters: missing('shop.lost'), asked: { name: 'shop.lost' } }).actions).toMatchObject([
      { kind: 'create-topic', topic: { name: 'shop.lost' } },
    ])
  })

  it('is not created again while the brokers do not show it yet', () => {
    expect(plan({ deadLetters: missing() }, 'done')).toMatchObject({
      actions: [],
      refusals: [],
      record: { whenDone: { origin: 'Created' } },
    })
  })

  it('gets its retention, and keeps what others set', () => {
    expect(
      plan({ deadLetters: present({ config: { 'cleanup.policy': 'delete', foreign: 'x' } }), known: {}, asked: { retention: '1h' } })
        .actions,
    ).toEqual([{ kind: 'alter-topic', use: 'deadLetters', name: 'shop.chat.dlq', changes: { 'retention.ms': '3600000' } }])
    expect(
      plan({
        deadLetters: present({ config: { 'cleanup.policy': 'delete', 'retention.ms': '1' } }),
        known: { configKeys: ['cleanup.policy', 'retention.ms'] },
      }).actions,
    ).toMatchObject([{ changes: { 'retention.ms': null } }])
  })

  it('is used unchanged, with any number of partitions, when another client created it', () => {
    const planned = plan({ deadLetters: present({ partitions: 8, config: { 'cleanup.policy': 'compact' } }) })
    expect([planned.actions, planned.refusals, planned.used, planned.record.whenDone?.origin]).toEqual([[], [], 'shop.chat.dlq', 'Adopted'])
    expect(
      reasons(plan({ deadLetters: present({ config: {} }), known: { origin: 'Adopted', configKeys: [] }, asked: { retention: '1h' } })),
    ).toEqual(['TopicNotOurs'])
  })

  it('is not planned for a channel without dead letters, and its record stays', () => {
    const planned = plan({ deadLetters: present(), known: {}, asked: { enabled: false } })
    expect(planned).toEqual({
      actions: [],
      refusals: [],
      record: { whenDone: letters(), otherwise: letters() },
      used: null,
      isAwaited: false,
      requeueAfterMs: null,
    })
  })

  it('is not created for a channel that does not get its topic', () => {
    const rival = { ...noRivals, topic: { namespace: 'shop', name: 'older', use: 'topic' as const } }
    const channel = aChannel()
    const world = aWorld({ channel, topic: { kind: 'present', topic: aTopic() }, deadLetters: missing(), rivals: rival })
    expect(planSideTopic('deadLetters', world, planTopic(world))).toMatchObject({ actions: [], refusals: [] })
  })

  it('adds no second refusal for what concerns both topics', () => {
    const unreachable: FoundTopic = { kind: 'failed', failure: { kind: 'unreachable', detail: 'connect ECONNREFUSED' } }
    expect(plan({ topic: unreachable, deadLetters: unreachable, known: {} })).toMatchObject({
      actions: [],
      refusals: [],
      used: 'shop.chat.dlq',
    })
  })
})

// A tenant named the topic of another team in KAFKA_DLQ_TOPIC: its gateways then wrote foreign records into that team's stream.
describe('a dead letter topic that is refused to the channel', () => {
  it.each<[string, string, Case]>([
    ['is outside of the names that the channel may use', 'TopicNotAllowed', { asked: { name: 'payments.chrome-service' } }],
    ['belongs to Kafka', 'TopicNotAllowed', { asked: { name: '__consumer_offsets' }, topicRules: { ...closedTopicRules, topics: ['*'] } }],
    ['is marked as internal by the brokers', 'TopicNotAllowed', { deadLetters: present({ isInternal: true }) }],
    [
      'is the topic of another channel',
      'TopicClaimed',
      { rivals: { ...noRivals, deadLetters: { namespace: 'payments', name: 'victim', use: 'topic' } } },
    ],
    ["is the channel's own topic", 'TopicNotAllowed', { asked: { name: 'shop.chat' } }],
  ])('is refused when it %s, and is not in the options of gateways', (_why, reason, given) => {
    const planned = plan({ deadLetters: present(), ...given })
    expect([planned.actions, reasons(planned), planned.used]).toEqual([[], [reason], null])
    expect(planned.refusals[0]?.message).toMatch(/ead letter topic.*spec\.topic\.deadLetters\.name/)
  })

  it('is not in the options of gateways when another client created it and it differs from the request', () => {
    const planned = plan({ deadLetters: present({ config: {} }), asked: { retention: '1h' } })
    expect([reasons(planned), planned.used]).toEqual([['TopicNotOurs'], null])
  })

  it('is named with the channel that has it', () => {
    const planned = plan({ rivals: { ...noRivals, deadLetters: { namespace: 'payments', name: 'victim', use: 'topic' } } })
    expect(planned.refusals[0]?.message).toContain('belongs to the channel payments/victim')
  })
})

// Rivals by topic ids are unknown while Kafka does not answer. So a topic that was refused was used again, and its pods rolled twice for each outage.
describe('a dead letter topic, while Kafka does not answer,', () => {
  const unreachable: FoundTopic = { kind: 'failed', failure: { kind: 'unreachable', detail: 'connect ECONNREFUSED' } }
  const isUsed = (given: Case): boolean => plan({ topic: unreachable, deadLetters: unreachable, ...given }).used !== null

  it('is used when running pods use it', () => {
    expect(isUsed(gatewaysWith({ KAFKA_DLQ: 'false' }))).toBe(false)
    expect(isUsed({ ...gatewaysWith({ KAFKA_DLQ: 'false' }), known: {} })).toBe(false)
    expect(isUsed(gatewaysWith({}))).toBe(true)
    expect(isUsed({ ...gatewaysWith({ KAFKA_DLQ_TOPIC: 'shop.lost' }), asked: { name: 'shop.lost' } })).toBe(true)
  })

  it('is not used by pods that have another one', () => {
    expect(isUsed({ ...gatewaysWith({}), asked: { name: 'shop.lost' } })).toBe(false)
  })

  it('is used by new pods when the status remembers it', () => {
    expect([isUsed({ known: {} }), isUsed({})]).toEqual([true, false])
  })
})

const controlRecord = (more: Partial<TopicRecord> = {}): TopicRecord => ({
  name: 'shop.chat.control',
  id: 'topic-control',
  clusterId: 'cluster-1',
  partitions: 1,
  replicas: 1,
  origin: 'Created',
  configKeys: ['cleanup.policy'],
  ...more,
})

interface ControlCase extends Partial<World> {
  readonly asked?: TopicSpec['control']
  readonly topicSpec?: TopicSpec
  readonly known?: Partial<TopicRecord>
}

function planControl({ asked = {}, topicSpec = {}, known, ...more }: ControlCase, creation: Creation = null) {
  const status = { topic: record, ...(known === undefined ? {} : { control: controlRecord(known) }) }
  const channel = aChannel({ spec: { topic: { ...topicSpec, control: asked } }, status })
  const world = aWorld({ channel, topic: { kind: 'present', topic: aTopic() }, topicRules: closedTopicRules, ...more })
  return planSideTopic('control', world, planTopic(world), creation)
}

const noControl: FoundTopic = { kind: 'missing', topic: { name: 'shop.chat.control', clusterId: 'cluster-1' } }
const control = (topic: Partial<TopicDescription> = {}): FoundTopic => ({ kind: 'present', topic: aControlTopic(topic) })
const off = 'Until then, tokens cannot be revoked; events are delivered.'

describe('the control topic of a channel', () => {
  it('is created compacted, with one partition, small segments, and the acknowledgement of the topic itself', () => {
    const planned = planControl({ control: noControl, topicSpec: { replicas: 1, config: { 'min.insync.replicas': '1' } } })
    expect(planned.actions).toEqual([
      {
        kind: 'create-topic',
        use: 'control',
        topic: {
          name: 'shop.chat.control',
          partitions: 1,
          replicas: 1,
          config: {
            'cleanup.policy': 'compact',
            'min.cleanable.dirty.ratio': '0.1',
            'min.insync.replicas': '1',
            'segment.bytes': '16777216',
            'segment.ms': '3600000',
          },
        },
      },
    ])
  })

  // Gateways that read a topic which does not exist would wait for it, and no pod would become ready.
  it('is waited for, and is named to gateways when it exists', () => {
    expect(planControl({ control: noControl })).toMatchObject({ isAwaited: true, used: null })
    expect(planControl({ control: noControl }, 'done')).toMatchObject({ actions: [], isAwaited: false, used: 'shop.chat.control' })
    expect(planControl({ control: control(), known: {} })).toMatchObject({ isAwaited: false, used: 'shop.chat.control' })
  })

  it('holds no gateway back after its creation failed, and is planned again by the next reconcile', () => {
    expect(planControl({ control: noControl }, 'failed')).toMatchObject({ actions: [], refusals: [], isAwaited: false, used: null })
  })

  it('is compacted again when another client changed the topic that the operator created', () => {
    const planned = planControl({ control: control({ config: { 'cleanup.policy': 'delete' } }), known: {} })
    expect(planned.actions).toMatchObject([{ kind: 'alter-topic', use: 'control', changes: { 'cleanup.policy': 'compact' } }])
  })

  it('is not planned for a channel without it, and its record stays', () => {
    const planned = planControl({ control: control(), known: {}, asked: { enabled: false } })
    expect(planned).toMatchObject({ actions: [], refusals: [], used: null, isAwaited: false, record: { whenDone: controlRecord() } })
  })

  it.each<[string, string, ControlCase]>([
    ['is outside of the names that the channel may use', 'TopicNotAllowed', { topicRules: { ...closedTopicRules, topics: ['shop.chat'] } }],
    ['is the dead letter topic of the channel', 'TopicNotAllowed', { asked: { name: 'shop.chat.dlq' } }],
    ["is the channel's own topic", 'TopicNotAllowed', { asked: { name: 'shop.chat' } }],
    [
      'belongs to another channel',
      'TopicClaimed',
      { rivals: { ...noRivals, control: { namespace: 'payments', name: 'victim', use: 'control' } } },
    ],
    ['existed before and deletes its records by age', 'TopicNotOurs', { control: control({ config: { 'cleanup.policy': 'delete' } }) }],
    ['was there and is gone', 'TopicMissing', { control: noControl, known: { origin: 'Adopted' } }],
  ])('leaves the channel ready when it %s, and says that nothing can be revoked', (_why, reason, given) => {
    const planned = planControl({ control: control(), ...given })
    expect(planned).toMatchObject({ actions: [], used: null, isAwaited: false, refusals: [{ about: 'RevocationReady', reason }] })
    expect(planned.refusals[0]?.message).toContain(off)
  })

  it('stays with running pods while Kafka does not answer', () => {
    const unreachable: FoundTopic = { kind: 'failed', failure: { kind: 'unreachable', detail: 'connect ECONNREFUSED' } }
    const used = (given: ControlCase): string | null => planControl({ topic: unreachable, control: unreachable, ...given }).used
    expect(used({ ...gatewaysWith({ KAFKA_CONTROL_TOPIC: 'shop.chat.control' }) })).toBe('shop.chat.control')
    expect(used({ ...gatewaysWith({}), known: {} })).toBeNull()
    expect([used({ known: {} }), used({})]).toEqual(['shop.chat.control', null])
  })
})

interface UpstreamCase extends Partial<World> {
  readonly asked?: NonNullable<RealtimeChannelSpec['upstream']>['topic']
  readonly topicSpec?: TopicSpec
  readonly known?: Partial<TopicRecord>
}

const accept = [{ type: 'chat.message', maxBytes: 1024 }]

function planUpstream({ asked = {}, topicSpec = {}, known, ...more }: UpstreamCase, creation: Creation = null) {
  const status = {
    topic: record,
    ...(known === undefined ? {} : { upstream: controlRecord({ name: 'shop.chat.upstream', partitions: 3, ...known }) }),
  }
  const channel = aChannel({ spec: { topic: topicSpec, upstream: { topic: asked, accept } }, status })
  const world = aWorld({ channel, topic: { kind: 'present', topic: aTopic() }, topicRules: closedTopicRules, ...more })
  return planSideTopic('upstream', world, planTopic(world), creation)
}

const noUpstream: FoundTopic = { kind: 'missing', topic: { name: 'shop.chat.upstream', clusterId: 'cluster-1' } }
const upstream = (topic: Partial<TopicDescription> = {}): FoundTopic => ({
  kind: 'present',
  topic: aTopic({ name: 'shop.chat.upstream', topicId: 'topic-control', config: { 'cleanup.policy': 'delete' }, ...topic }),
})

describe('the upstream topic of a channel', () => {
  it('is created with the shape of the topic itself, and with what the channel asks for', () => {
    const topicSpec = { partitions: 3, replicas: 1, config: { 'min.insync.replicas': '1' } }
    const [created] = planUpstream({ upstream: noUpstream, topicSpec }).actions
    expect(created).toEqual({
      kind: 'create-topic',
      use: 'upstream',
      topic: { name: 'shop.chat.upstream', partitions: 3, replicas: 1, config: { 'cleanup.policy': 'delete', 'min.insync.replicas': '1' } },
    })
    const asked = { partitions: 5, replicas: 1, retention: '1h', config: { 'segment.ms': '60000' } }
    expect(planUpstream({ upstream: noUpstream, topicSpec, asked }).actions).toMatchObject([
      { topic: { partitions: 5, config: { 'retention.ms': '3600000', 'segment.ms': '60000' } } },
    ])
  })

  it('is waited for, and is named to gateways when it exists', () => {
    expect(planUpstream({ upstream: noUpstream })).toMatchObject({ isAwaited: true, used: null })
    expect(planUpstream({ upstream: noUpstream }, 'failed')).toMatchObject({ actions: [], isAwaited: false, used: null })
    expect(planUpstream({ upstream: upstream(), known: {} })).toMatchObject({ actions: [], refusals: [], used: 'shop.chat.upstream' })
  })

  // The user is the key, so more partitions would move users.
  it('does not grow with the topic itself, but where the channel asks for it', () => {
    expect(planUpstream({ upstream: upstream({ partitions: 2 }), known: {} }).actions).toEqual([])
    expect(planUpstream({ upstream: upstream({ partitions: 2 }), known: {}, asked: { partitions: 4 } }).actions).toEqual([
      { kind: 'grow-partitions', use: 'upstream', name: 'shop.chat.upstream', from: 2, to: 4 },
    ])
    const shrunk = planUpstream({ upstream: upstream(), known: {}, asked: { partitions: 1 } })
    expect(shrunk).toMatchObject({ refusals: [{ about: 'TopicReady', reason: 'PartitionsCannotShrink' }], used: 'shop.chat.upstream' })
    expect(shrunk.refusals[0]?.message).toContain('Set spec.upstream.topic.partitions to 3')
  })

  it('keeps its shape and settings when another client created it', () => {
    expect(planUpstream({ upstream: upstream({ partitions: 8, config: {} }) })).toMatchObject({
      actions: [],
      refusals: [],
      record: { whenDone: { origin: 'Adopted' } },
      used: 'shop.chat.upstream',
    })
  })

  it.each<[string, string, UpstreamCase]>([
    ['is compacted', 'cleanup.policy is compact', { upstream: upstream({ config: {}, inForce: { 'cleanup.policy': 'compact' } }) }],
    [
      'takes no event that is acknowledged',
      'Kafka takes no event',
      { upstream: upstream({ inForce: { 'min.insync.replicas': '2' } }), known: {} },
    ],
    [
      'takes smaller records than the rules accept',
      'max.message.bytes is 1000',
      { upstream: upstream({ inForce: { 'max.message.bytes': '1000' } }), known: {} },
    ],
  ])('is reported when it %s', (_why, says, given) => {
    const planned = planUpstream(given)
    expect(planned.refusals).toMatchObject([{ about: 'TopicReady', reason: 'TopicUnusable' }])
    expect(planned.refusals[0]?.message).toContain(says)
  })

  it('is not created with a setting that defeats it', () => {
    const planned = planUpstream({ upstream: noUpstream, asked: { config: { 'cleanup.policy': 'compact' } } })
    expect(planned).toMatchObject({ actions: [], isAwaited: false, used: null, refusals: [{ reason: 'TopicUnusable' }] })
  })

  it.each<[string, string, UpstreamCase]>([
    ['the dead letter topic of the channel has its name', 'TopicNotAllowed', { asked: { name: 'shop.chat.dlq' } }],
    ['it belongs to another channel', 'TopicClaimed', { rivals: { ...noRivals, upstream: { namespace: 'a', name: 'b', use: 'topic' } } }],
    [
      'it has more partitions than a topic may have',
      'TopicNotAllowed',
      { asked: { partitions: 9 }, topicRules: { ...closedTopicRules, maxPartitions: 8 } },
    ],
  ])('is refused, and not named to gateways, when %s', (_why, reason, given) => {
    const planned = planUpstream({ upstream: noUpstream, ...given })
    expect(planned).toMatchObject({ actions: [], used: null, isAwaited: false, refusals: [{ about: 'TopicReady', reason }] })
  })
})
