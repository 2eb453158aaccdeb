import {
  withDefaults,
  apiVersion,
  channelKind,
  type RealtimeChannel,
  type RealtimeChannelSpec,
  type StoredSpec,
} from '../../api/v1alpha1/realtime-channel.ts'
import { childMetadata } from '../../cdk8s/operands/child-metadata.ts'
import { parseChannel } from '../reconcile/parse-channel.ts'
import type { Settings } from '../reconcile/settings.ts'
import type { TopicDescription } from '../reconcile/topic/topic-admin.ts'
import type { TopicRules } from '../reconcile/topic/name-rules.ts'
import { recordsOf } from '../reconcile/topic/record.ts'
import { perUse } from '../reconcile/topic/topic-uses.ts'
import type { World } from '../reconcile/world.ts'
import type { KubernetesObject, ObjectMeta } from '../../api/kubernetes.ts'

export interface ChannelParts {
  readonly metadata?: Partial<ObjectMeta>
  /** Omitted sections are as small as possible. */
  readonly spec?: Partial<RealtimeChannelSpec>
  readonly status?: RealtimeChannel['status']
}

/** Rules that allow names of the channel's own namespace, and no other topics. */
export const closedTopicRules: TopicRules = { topics: ['NAMESPACE.*'], adopt: false, deletion: 'CreatedOnly', maxPartitions: null }

/** Rules that allow everything, for tests that are not about rules. */
export const openTopicRules: TopicRules = { topics: ['*'], adopt: true, deletion: 'CreatedOnly', maxPartitions: null }

/** The smallest `spec` that the API server accepts. */
export const smallestSpec: RealtimeChannelSpec = {
  auth: {
    jwks: { uri: 'https://sso.example.com/keys' },
    issuer: 'https://sso.example.com',
    audience: ['carillon'],
    allowedOrigins: ['https://app.example.com'],
  },
}

/** A channel with defaults, of generation 1. */
export function aChannel({ metadata = {}, spec = {}, status }: ChannelParts = {}): RealtimeChannel {
  const parsed = parseChannel({
    apiVersion,
    kind: channelKind,
    metadata: {
      name: 'chat',
      namespace: 'shop',
      uid: 'uid-chat',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { ...smallestSpec, ...spec },
    status,
  })
  if (!parsed.ok) throw new Error(`a test builds an invalid channel: ${parsed.error.message}`)
  return { ...parsed.value.channel, spec: withDefaults(parsed.value.channel.spec) }
}

export function aStoredSpec(spec: Partial<RealtimeChannelSpec> = {}): StoredSpec {
  return aChannel({ spec }).spec
}

/** Operator settings of most tests: one Kafka without TLS, ingress and metrics from one namespace each. */
export function someSettings(settings: Partial<Settings> = {}): Settings {
  return {
    appliedBy: 'carillon-system/carillon',
    image: 'registry.example.com/carillon:1.0.0',
    defaultKafka: { brokers: ['kafka:9092'], tls: null, sasl: null },
    publicNamespaces: ['ingress'],
    metricsNamespaces: ['monitoring'],
    topicRules: openTopicRules,
    topicGiveUpMs: 300_000,
    ...settings,
  }
}

/** No channel has the same claims. */
export const noRivals: World['rivals'] = { ...perUse(() => null), alsoUsing: perUse(() => null), route: null }

/** The dead letter topic that the operator creates for a channel of `aChannel`. */
export function aDeadLetterTopic(topic: Partial<TopicDescription> = {}): TopicDescription {
  return aTopic({ name: 'shop.chat.dlq', topicId: 'topic-dlq', partitions: 1, config: { 'cleanup.policy': 'delete' }, ...topic })
}

/** A control topic that a channel of `aChannel` can use. */
export function aControlTopic(topic: Partial<TopicDescription> = {}): TopicDescription {
  return aTopic({ name: 'shop.chat.control', topicId: 'topic-control', partitions: 1, config: { 'cleanup.policy': 'compact' }, ...topic })
}

/** The topic that a channel of `aChannel` asks for. */
export function aTopic(topic: Partial<TopicDescription> = {}): TopicDescription {
  return {
    name: 'shop.chat',
    topicId: 'topic-1',
    clusterId: 'cluster-1',
    partitions: 3,
    replicas: 1,
    isInternal: false,
    config: {},
    inForce: {},
    ...topic,
  }
}

/** A world without any object or topic of the channel, with a Kafka that responds. */
export function aWorld(world: Partial<World> = {}): World {
  return {
    nowMs: Date.parse('2026-01-02T00:00:00Z'),
    channel: aChannel(),
    children: new Map(),
    topic: { kind: 'missing', topic: { name: 'shop.chat', clusterId: 'cluster-1' } },
    topicRules: openTopicRules,
    deadLetters: { kind: 'present', topic: aDeadLetterTopic() },
    upstream: null,
    control: { kind: 'present', topic: aControlTopic() },
    records: recordsOf(world.channel ?? aChannel()),
    underClass: { name: null, written: (world.channel ?? aChannel()).spec, brokers: ['kafka:9092'] },
    rivals: noRivals,
    route: { kind: 'not-asked' },
    otherRoutes: [],
    assignsPodUsers: { ok: true, value: false },
    troubledPods: [],
    inCharge: null,
    bystander: null,
    contested: new Map(),
    ...world,
  }
}

/** An object of another writer. */
export function aForeignObject(kind: string, object: Partial<KubernetesObject> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind, metadata: { name: 'chat-gateway', namespace: 'shop', uid: `foreign-${kind}` }, ...object }
}

/** The owner reference of a child. */
export function ownedBy(channel: RealtimeChannel): Pick<ObjectMeta, 'ownerReferences'> {
  const { name, namespace = '', uid = '' } = channel.metadata
  // Only the channel of the input is read.
  return {
    ownerReferences: childMetadata({ channel: { name, namespace, uid } } as Parameters<typeof childMetadata>[0], 'Service').ownerReferences,
  }
}
