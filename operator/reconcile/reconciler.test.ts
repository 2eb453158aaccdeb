import { beforeEach, describe, expect, it } from 'vitest'
import { operandNames } from '../../api/child-names.ts'
import { operandTypes } from '../../api/child-types.ts'
import {
  apiVersion,
  channelKind,
  channelType,
  type RealtimeChannelSpec,
  type RealtimeChannelStatus,
} from '../../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import type { Reconcile, ReconcileResult } from '../runtime/reconcile-run.ts'
import { aChannel, someSettings } from '../testing/channel-builders.ts'
import { aResolver } from '../testing/class-builders.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { createMemoryTopics, type MemoryTopics } from '../testing/memory-topics.ts'
import { createApplier } from './apply/apply.ts'
import { variableOf } from './children/running-gateway.ts'
import { createChildEchoes } from './watch/child-echoes.ts'
import { createClaims } from './watch/claims.ts'
import { createHealMeter } from './apply/heal-meter.ts'
import { createObserver } from './observe/observe.ts'
import { createOtherRoutes } from './route/other-routes.ts'
import { createRouteObserver } from './observe/route.ts'
import { createReconciler } from './reconciler.ts'
import { names } from './settings.ts'

const brokers = ['kafka:9092']
const ref: ObjectRef = { namespace: 'shop', name: 'chat' }

interface Rig {
  readonly api: MemoryKubernetes
  readonly topics: MemoryTopics
  readonly events: string[]
  readonly again: ObjectRef[]
  mayWrite: boolean
  reconcile(signal?: AbortSignal): Promise<ReconcileResult>
  apply(spec?: Partial<RealtimeChannelSpec>): Promise<void>
  status(): Promise<RealtimeChannelStatus | undefined>
}

/** The whole reconcile of a channel, on the memory doubles of the API server and of Kafka. */
function rig(): Rig {
  const api = createMemoryKubernetes()
  const topics = createMemoryTopics()
  const claims = createClaims({ defaultBrokers: brokers })
  const children = createChildEchoes()
  const events: string[] = []
  const again: ObjectRef[] = []
  const healMeter = createHealMeter({ nowMs: Date.now })
  const ownConnection = () => ({ brokers, tls: null, sasl: null })
  const made: { mayWrite: boolean } = { mayWrite: true }
  const mayWrite = (): boolean => made.mayWrite
  const reconcile: Reconcile = createReconciler({
    api,
    admins: topics,
    observer: createObserver({
      api,
      admins: topics,
      ownConnection,
      claims,
      children,
      routes: createRouteObserver({ api, nowMs: Date.now }),
      otherRoutes: createOtherRoutes(),
      otherOperators: { find: async () => null },
      contestedOf: (channel) => healMeter.contestedOf(channel),
      assignsPodUsers: async () => ({ ok: true, value: false }),
      childTypes: Object.values(operandTypes),
      childNameOf: (name) => operandNames(name).Deployment,
      resolver: aResolver(),
      onClaimsChanged: (channels) => again.push(...channels),
      nowMs: Date.now,
    }),
    applier: createApplier({ api, children, names, mayWrite }),
    children,
    healMeter,
    settings: someSettings(),
    record: (_channel, { type, reason }) => void events.push(`${type} ${reason}`),
    preview: () => {},
    mayWrite,
    enqueue: (channel) => void again.push(channel),
    nowMs: Date.now,
  })
  return Object.assign(made, {
    api,
    topics,
    events,
    again,
    reconcile: (signal = new AbortController().signal) => reconcile(ref, { signal, priority: 'user' as const }),
    async apply(spec: Partial<RealtimeChannelSpec> = {}) {
      await api
        .as('kubectl')
        .apply(
          channelType,
          { apiVersion, kind: channelKind, metadata: { ...ref }, spec: aChannel({ spec }).spec },
          { fieldManager: 'kubectl', force: true },
        )
    },
    async status() {
      const found = await api.get(channelType, ref)
      return found.ok ? (found.value['status'] as RealtimeChannelStatus | undefined) : undefined // the reconciler wrote it
    },
  })
}

/** Control topic in the environment of the gateways. */
function controlOf({ api }: Rig): string | undefined {
  const [deployment] = api.objects(operandTypes.Deployment)
  return deployment === undefined ? undefined : variableOf(deployment, 'KAFKA_CONTROL_TOPIC')
}

const kinds = ({ api }: Rig): readonly string[] => Object.values(operandTypes).flatMap((type) => api.objects(type).map(({ kind }) => kind))
const reasonOf = async (made: Rig, type: string): Promise<string | undefined> =>
  (await made.status())?.conditions?.find((condition) => condition.type === type)?.reason

describe('a reconcile', () => {
  let made: Rig
  beforeEach(() => {
    made = rig()
  })

  it('creates the topic, the objects and the status of a new channel in one reconcile', async () => {
    await made.apply()
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(made.topics.cluster(brokers).topicNames()).toEqual(['shop.chat', 'shop.chat.dlq', 'shop.chat.control'])
    expect(kinds(made)).toEqual(['ServiceAccount', 'NetworkPolicy', 'Service', 'PodDisruptionBudget', 'Deployment'])
    expect((await made.status())?.topic).toMatchObject({ name: 'shop.chat', origin: 'Created' })
    expect((await made.status())?.deadLetters).toMatchObject({ name: 'shop.chat.dlq', id: expect.any(String), origin: 'Created' })
    expect(made.events.filter((event) => event.includes('Created'))).toEqual([
      'Normal TopicCreated',
      'Normal DeadLetterTopicCreated',
      'Normal ControlTopicCreated',
    ])
  })

  it('writes nothing the second time', async () => {
    await made.apply()
    await made.reconcile()
    made.api.forgetWrites()
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(made.api.writes()).toEqual([])
  })

  it('does nothing for a channel that is gone', async () => {
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(made.api.writes()).toEqual([])
  })

  it('is retried when the channel cannot be read, and writes nothing', async () => {
    await made.apply()
    made.api.failNext({ verb: 'get' }, { kind: 'unavailable', message: 'no answer' }, 1)
    expect(await made.reconcile()).toEqual({ kind: 'retry', reason: 'the channel could not be read: no answer' })
  })

  // A busy broker shows a topic some 20 ms after it has created it. Every second new channel was reconciled twice because of that, with all its reads.
  it('waits a moment for brokers to show a new topic, and records one Event', async () => {
    await made.apply({ topic: { deadLetters: { enabled: false }, control: { enabled: false } } })
    made.topics.cluster(brokers).staleDescribes = 3
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(kinds(made)).toContain('Deployment')
    expect(made.events.filter((event) => event.includes('Topic'))).toEqual(['Normal TopicCreated'])
  })

  // The topic of a channel of an earlier release is grown in the same reconcile. Planned again by the old status, it counted as another topic.
  it('creates the dead letter topic of a channel that has none, and reads its id in a reconcile soon after', async () => {
    await made.apply({ topic: { partitions: 1, deadLetters: { enabled: false } } })
    await made.reconcile()
    await made.apply({ topic: { partitions: 2 } })
    expect(await made.reconcile()).toEqual({ kind: 'requeue', afterMs: 500 })
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(await made.status()).toMatchObject({
      topic: { partitions: 2, origin: 'Created' },
      deadLetters: { id: expect.any(String), origin: 'Created' },
    })
    expect(await reasonOf(made, 'TopicReady')).toBe('TopicAsAsked')
  })

  // A control topic that Kafka refuses must not stop deliveries, and must not restart pods at each attempt.
  it('starts gateways without a control topic that Kafka refuses to create, and gives it to them once when it exists', async () => {
    await made.apply()
    made.topics.cluster(brokers).refuse('shop.chat.control', { kind: 'unauthorized', detail: 'no Create' })
    expect(await made.reconcile()).toEqual({ kind: 'requeue', afterMs: 60_000 })
    expect(controlOf(made)).toBeUndefined()
    expect(await reasonOf(made, 'Ready')).not.toBe('KafkaUnauthorized')
    expect(await reasonOf(made, 'RevocationReady')).toBe('KafkaUnauthorized')
    made.api.forgetWrites()
    expect(await made.reconcile()).toEqual({ kind: 'requeue', afterMs: 60_000 })
    expect(made.api.writes()).toEqual([])
    made.topics.cluster(brokers).refuse('shop.chat.control', null)
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(controlOf(made)).toBe('shop.chat.control')
    expect(await reasonOf(made, 'RevocationReady')).toBe('RevocationOn')
    expect(made.api.writes().filter((write) => JSON.stringify(write).includes('deployments'))).toHaveLength(1)
  })

  it('is requeued soon when the brokers do not show a new topic yet', async () => {
    await made.apply({ topic: { deadLetters: { enabled: false }, control: { enabled: false } } })
    made.topics.cluster(brokers).staleDescribes = 5
    const result = await made.reconcile()
    expect(result).toEqual({ kind: 'requeue', afterMs: 500 })
    expect(kinds(made)).not.toContain('Deployment')
    await made.reconcile()
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(kinds(made)).toContain('Deployment')
    expect((await made.status())?.topic?.origin).toBe('Created')
  })

  it('is retried soon after a transient failure, and later after a refusal', async () => {
    await made.apply()
    await made.reconcile()
    await made.api.as('somebody').delete(operandTypes.Service, { ...ref, name: operandNames('chat').Service }, {})
    made.api.failNext({ verb: 'apply', type: 'services' }, { kind: 'unavailable', message: 'a webhook does not answer' })
    expect(await made.reconcile()).toMatchObject({ kind: 'retry', reason: expect.stringContaining('a webhook does not answer') })
    expect(await reasonOf(made, 'GatewayAvailable')).toBe('ApiUnavailable')
    made.api.failNext({ verb: 'apply', type: 'services' }, { kind: 'forbidden', message: 'exceeded quota: count/services' })
    expect(await made.reconcile()).toEqual({ kind: 'requeue', afterMs: 60_000 })
    expect(await reasonOf(made, 'GatewayAvailable')).toBe('QuotaExceeded')
  })

  it('counts an action as done that failed before the topic existed and worked afterwards', async () => {
    await made.apply()
    made.api.failNext({ verb: 'apply', type: 'services' }, { kind: 'unavailable', message: 'a webhook does not answer' })
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(kinds(made)).toContain('Service')
    expect(await reasonOf(made, 'GatewayAvailable')).toBe('GatewayProgressing')
  })

  it('does not hammer brokers with a topic that they refuse', async () => {
    await made.apply()
    made.topics.cluster(brokers).refuse('shop.chat', { kind: 'refused', detail: 'a policy says no' })
    expect(await made.reconcile()).toEqual({ kind: 'requeue', afterMs: 60_000 })
    expect(await reasonOf(made, 'TopicReady')).toBe('TopicRefused')
  })

  it('reports a channel that it does not understand, and touches nothing else', async () => {
    await made.api
      .as('kubectl')
      .create(channelType, { apiVersion, kind: channelKind, metadata: { ...ref }, spec: { ...aChannel().spec, topic: 'nonsense' } })
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(await reasonOf(made, 'Ready')).toBe('SpecNotUnderstood')
    expect(kinds(made)).toEqual([])
    made.api.forgetWrites()
    await made.reconcile()
    expect(made.api.writes()).toEqual([])
  })

  // On a fast machine the API server used the older definition without `apiUrl` at once, and refused every status: the channel never had one.
  it('writes the part of the status that an older definition has', async () => {
    await made.apply()
    made.api.failNext(
      { verb: 'apply', type: channelType.plural },
      { kind: 'invalid', message: 'failed to create typed patch object: .status.apiUrl: field not declared in schema' },
    )
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(await made.status()).toMatchObject({ topic: { name: 'shop.chat' } })
    expect(await made.status()).not.toHaveProperty('apiUrl')
  })

  it('writes nothing when this process does not lead', async () => {
    await made.apply()
    made.mayWrite = false
    made.api.forgetWrites()
    await made.reconcile()
    expect(made.api.writes()).toEqual([])
    expect(made.topics.cluster(brokers).topicNames()).toEqual([])
  })

  it('stops after its reads when its time is over', async () => {
    await made.apply()
    made.api.forgetWrites()
    await expect(made.reconcile(AbortSignal.abort(new DOMException('over', 'AbortError')))).rejects.toThrow('over')
    expect(made.api.writes()).toEqual([])
  })

  it('deletes the topic with the channel when the policy says so, and writes no status to a channel that goes', async () => {
    await made.apply({ topic: { deletionPolicy: 'Delete' } })
    await made.reconcile()
    await made.api.as('kubectl').delete(channelType, ref, {})
    made.api.forgetWrites()
    expect(await made.reconcile()).toEqual({ kind: 'done' })
    expect(made.topics.cluster(brokers).topicNames()).toEqual([])
    expect(made.api.objects(channelType)).toEqual([])
    expect(made.api.writes().map(({ verb }) => verb)).toEqual(['mergePatch'])
    expect(made.events).toContain('Normal TopicDeleted')
  })
})
