import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPod, type Pod } from '../../gateway/testing/failover/pod.ts'
import { readTopic } from '../../gateway/testing/failover/read-topic.ts'
import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { Deployment } from '../reconcile/children/running-gateway.ts'
import type { ResourceType } from '../../api/kubernetes.ts'
import { aClass } from '../testing/class-builders.ts'
import { startHostileBroker, type HostileBroker } from '../testing/hostile-broker.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { soon, untilYounger } from '../testing/scenario.ts'
import { makeTenant, type Tenant } from '../testing/tenant.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'
import { startVictim, type Victim } from '../testing/victim.ts'

const classType: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingressclasses',
  kind: 'IngressClass',
  isNamespaced: false,
}
const host = 'console.bank.example'
const user = 'tenant'

let cluster: TestCluster
let operator: OperatorProcess
/** A channel of the bank with constant traffic. */
let victim: TestChannel
let traffic: Victim
/** A user who may only write channels, in one namespace. */
let tenant: Tenant
/** Everything that the victim has before the tenant starts. */
let before: unknown
let names = 0

/** Reads everything of others that a tenant could reach: objects, topics and their settings. */
async function possessions(): Promise<unknown> {
  const topics = await Promise.all(
    ['__consumer_offsets', 'payments.ledger', `${victim.namespace}.chrome`].map((name) => cluster.topics.describe(name)),
  )
  return { versions: await victim.versions(), topics, status: await victim.status() }
}

interface Attack {
  readonly title: string
  readonly spec: () => Partial<RealtimeChannelSpec>
  readonly annotations?: Readonly<Record<string, string>>
  /** Condition with the refusal. @default Ready */
  readonly about?: 'TopicReady' | 'RouteReady'
  readonly reason: string
  readonly says: string
  /** Kinds of objects that must not be created. @default neither gateways nor a route */
  readonly isWithout?: readonly ('Deployment' | 'Ingress')[]
}

const adopt = { 'carillon.dev/adopt': 'true' }
const destructive = {
  partitions: 60,
  config: { 'cleanup.policy': 'delete', 'retention.ms': '60000', 'max.message.bytes': '1000' },
  deletionPolicy: 'Delete',
} as const

/** Kinds of objects of a channel without a route. */
const refusedByClass = { reason: 'NotAllowedByClass', isWithout: ['Deployment', 'Ingress'] } as const

const attacks: readonly Attack[] = [
  {
    title: 'a topic without a channel',
    spec: () => ({ topic: { ...destructive, name: 'payments.ledger' } }),
    annotations: adopt,
    ...refusedByClass,
    says: 'spec.topic.name is payments.ledger',
  },
  {
    title: 'the topic of another channel',
    spec: () => ({ topic: { ...destructive, name: `${victim.namespace}.chrome` } }),
    annotations: adopt,
    ...refusedByClass,
    says: 'spec.topic.name is team-1.chrome',
  },
  {
    title: 'the topic of another channel by another address of the brokers',
    spec: () => ({
      kafka: { bootstrapServers: [`localhost:${cluster.kafka.port}`] },
      topic: { ...destructive, name: `${victim.namespace}.chrome` },
    }),
    annotations: adopt,
    ...refusedByClass,
    says: 'spec.kafka.bootstrapServers is localhost:',
  },
  {
    title: 'more partitions than the class allows',
    spec: () => ({ topic: { partitions: 1_000 } }),
    ...refusedByClass,
    says: 'spec.topic.partitions is 1000',
  },
  {
    title: 'a path below that of another channel',
    spec: () => ({ route: { type: 'Ingress', host, className: 'public', paths: { socket: '/wss/chrome/v1/ws', api: '/login' } } }),
    about: 'RouteReady',
    reason: 'RouteClaimed',
    says: `${host}/wss/chrome/v1/ws collides with ${host}/wss/chrome`,
    isWithout: ['Ingress'],
  },
  {
    title: 'a path above that of another channel',
    spec: () => ({ route: { type: 'Ingress', host, className: 'public', paths: { socket: '/wss', api: '/mine' } } }),
    about: 'RouteReady',
    reason: 'RouteClaimed',
    says: `${host}/wss collides with ${host}/wss/chrome`,
    isWithout: ['Ingress'],
  },
  {
    title: 'a host that the class does not allow',
    spec: () => ({ route: { type: 'Ingress', host: 'login.elsewhere.example', className: 'public' } }),
    ...refusedByClass,
    says: 'spec.route.host is login.elsewhere.example, and the class default allows *.bank.example',
  },
  {
    title: 'annotations that configure the ingress controller',
    spec: () => ({
      route: {
        type: 'Ingress',
        host: 'mine.bank.example',
        className: 'public',
        annotations: {
          'nginx.ingress.kubernetes.io/configuration-snippet': 'return 200 pwned;',
          'nginx.ingress.kubernetes.io/server-alias': '*.bank.example',
        },
      },
    }),
    ...refusedByClass,
    says: 'spec.route.annotations is nginx.ingress.kubernetes.io/configuration-snippet',
  },
  {
    title: 'an image of its own',
    spec: () => ({ gateway: { image: 'evil.example/steal:1' } }),
    ...refusedByClass,
    says: 'spec.gateway.image is evil.example/steal:1',
  },
  {
    title: 'an address inside of the cluster as its brokers',
    spec: () => ({ kafka: { bootstrapServers: ['169.254.169.254:80'] } }),
    ...refusedByClass,
    says: 'spec.kafka.bootstrapServers is 169.254.169.254:80',
  },
  {
    title: 'labels by which its pods join the Service of another application',
    spec: () => ({ gateway: { podLabels: { app: 'payments-db' } } }),
    ...refusedByClass,
    says: 'spec.gateway.podLabels is app',
  },
  {
    title: 'a way out past a policy that denies all egress',
    spec: () => ({ network: { egress: { others: [{}] } } }),
    ...refusedByClass,
    says: 'spec.network.egress is set, and the class default allows none (spec.allowed.networkPeers)',
  },
  {
    title: 'the priority of the cluster itself',
    spec: () => ({ gateway: { priorityClassName: 'system-cluster-critical' } }),
    ...refusedByClass,
    says: 'spec.gateway.priorityClassName is system-cluster-critical',
  },
]

beforeAll(async () => {
  const allowed = { hosts: ['*.bank.example'], pathPrefixes: ['/*'] }
  cluster = await startTestCluster({
    users: [user],
    classes: [
      aClass({ isDefault: true, allowed }),
      aClass({ name: 'brokers', allowed: { ...allowed, bootstrapServers: ['127.0.0.1:*'] } }),
    ],
  })
  valueOf(
    await cluster.api.create(classType, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'public' },
      spec: { controller: 'example.com/ingress' },
    }),
  )
  operator = await cluster.startOperator({ env: { RESYNC_MS: '1000' } })
  const [payments, evil] = [await cluster.makeNamespace(), await cluster.makeNamespace()]
  tenant = await makeTenant(cluster, { user, namespace: evil })
  // Older than the victim: by age alone its claims would win.
  await tenant.apply('early', {})
  await untilYounger(testChannel(cluster, evil, 'early'))
  victim = testChannel(cluster, payments, 'chrome')
  await victim.apply({ topic: { deletionPolicy: 'Delete' }, route: { type: 'Ingress', host, className: 'public' } })
  await victim.until('RouteReady', 'True', 'RouteAccepted')
  await victim.until('TopicReady', 'True', 'TopicAsAsked')
  await victim.pretendAvailable()
  await victim.until('Ready', 'True', 'Reconciled')
  await cluster.topics.create({ name: 'payments.ledger', partitions: 2, replicas: 1, config: {} })
  // A consumer in a group makes the brokers create their internal topic.
  await readTopic(cluster.kafka.brokers, 'payments.ledger')
  traffic = await startVictim({ brokers: cluster.kafka.brokers, topic: `${payments}.chrome`, partitions: 3 })
  before = await possessions()
}, 300_000)
afterAll(async () => {
  await traffic?.stop()
  await cluster?.stop()
})

describe('a tenant who may only write channels in one namespace', () => {
  it("has no right to the operator's objects", async () => {
    const rights = [
      ['create', 'networking.k8s.io', 'ingresses'],
      ['create', 'apps', 'deployments'],
      ['get', '', 'secrets'],
      ['patch', 'carillon.dev', 'realtimechannels/status'],
      ['create', 'carillon.dev', 'realtimechannels'],
    ] as const
    expect(await Promise.all(rights.map(([verb, group, resource]) => tenant.can(verb, group, resource)))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ])
  })

  it.each(attacks)(
    'is refused $title, and its deletion deletes no object of others',
    async ({ spec, annotations, about = 'Ready', reason, says, isWithout = ['Deployment'] }) => {
      const name = `attack-${names++}`
      const channel = testChannel(cluster, tenant.namespace, name)
      await tenant.apply(name, spec(), annotations)
      expect(await channel.until(about, 'False', reason)).toContain(says)
      expect(await Promise.all(isWithout.map((kind) => channel.child(kind)))).toEqual(isWithout.map(() => null))
      await tenant.delete(name)
      await untilGone(channel)
      expect(await possessions()).toEqual(before)
    },
  )

  it('cannot store a channel with an internal topic of the brokers', async () => {
    await expect(tenant.apply('internal', { topic: { ...destructive, name: '__consumer_offsets' } }, adopt)).rejects.toThrow(
      'topics whose names begin with __ belong to Kafka itself',
    )
    await expect(tenant.apply('internal', { topic: { deadLetters: { name: '__transaction_state' } } }, adopt)).rejects.toThrow(
      'topics whose names begin with __ belong to Kafka itself',
    )
  })

  it('does not get the path of a younger channel with an older channel of its own', async () => {
    const channel = testChannel(cluster, tenant.namespace, 'early')
    await tenant.apply('early', {
      route: { type: 'Ingress', host, className: 'public', paths: { socket: '/wss/chrome/v1/ws', api: '/a' } },
    })
    expect(await channel.until('RouteReady', 'False', 'RouteClaimed')).toContain(`the channel ${victim.namespace}/chrome has`)
    expect(await channel.child('Ingress')).toBeNull()
    await tenant.apply('early', {})
    expect(await possessions()).toEqual(before)
  })

  it('writes no dead letters into the topic of another channel', async () => {
    const channel = testChannel(cluster, tenant.namespace, 'letters')
    await tenant.apply('letters', {})
    await channel.until('TopicReady', 'True', 'TopicAsAsked')
    // This is the dead letter topic of the operator. A record that only this gateway refuses (an audience of two) is valid for the victim's
    // gateway.
    const [topic, letters] = [await environmentOf(channel, 'KAFKA_TOPIC'), await environmentOf(channel, 'KAFKA_DLQ_TOPIC')]
    const env = { KAFKA_BROKERS: cluster.kafka.brokers.join(','), KAFKA_TOPIC: topic }
    const [emits, copies] = await Promise.all([
      startPod('emits', { ...env, KAFKA_DLQ: 'false' }),
      startPod('copies', { ...env, ...(letters === '' ? {} : { KAFKA_DLQ_TOPIC: letters }), MAX_AUDIENCE_SIZE: '1' }),
    ])
    await Promise.all([emits, copies].map((pod) => pod.untilReady(120_000)))
    expect(await emitForged(emits)).toBe(202)
    await soon(
      async () => expect((await readTopic(cluster.kafka.brokers, letters === '' ? `${topic}.dlq` : letters)).length).toBe(1),
      120_000,
    )
    await Promise.all([emits.kill(), copies.kill()])
    expect(await possessions()).toEqual(before)
  }, 400_000)

  it('does not delete an existing topic of its namespace with the channel', async () => {
    const name = `${tenant.namespace}.archive`
    expect((await cluster.topics.create({ name, partitions: 3, replicas: 1, config: {} })).ok).toBe(true)
    const channel = testChannel(cluster, tenant.namespace, 'archive')
    await tenant.apply('archive', { topic: { deletionPolicy: 'Delete' } })
    await channel.until('TopicReady', 'True', 'TopicAsAsked')
    await tenant.delete('archive')
    await untilGone(channel)
    expect(await cluster.topics.describe(name)).toMatchObject({ ok: true, value: { partitions: 3 } })
  })

  it('cannot direct its dead letters by a variable, or to a topic of another channel by a field', async () => {
    await expect(
      tenant.apply('letters', { gateway: { env: [{ name: 'KAFKA_DLQ_TOPIC', value: `${victim.namespace}.chrome` }] } }),
    ).rejects.toThrow('KAFKA_DLQ_TOPIC')
    const channel = testChannel(cluster, tenant.namespace, 'letters')
    await tenant.apply('letters', { topic: { deadLetters: { name: `${victim.namespace}.chrome` } } })
    expect(await channel.until('Ready', 'False', 'NotAllowedByClass')).toContain(
      `spec.topic.deadLetters.name is ${victim.namespace}.chrome`,
    )
    // Its pods stay unchanged, with the dead letter topic that a gateway has by default.
    expect([await environmentOf(channel, 'KAFKA_DLQ'), await environmentOf(channel, 'KAFKA_DLQ_TOPIC')]).toEqual(['', ''])
    await tenant.delete('letters')
    await untilGone(channel)
    expect(await possessions()).toEqual(before)
  })
})

describe('a broker that announces 2 GiB', () => {
  let broker: HostileBroker
  beforeAll(async () => {
    broker = await startHostileBroker()
  })
  afterAll(() => broker?.stop())

  it('is not contacted when the class does not allow it', async () => {
    await tenant.apply('fake', { kafka: { bootstrapServers: [broker.address] } })
    expect(await testChannel(cluster, tenant.namespace, 'fake').until('Ready', 'False', 'NotAllowedByClass')).toContain(
      `spec.kafka.bootstrapServers is ${broker.address}`,
    )
    expect(broker.connections).toBe(0)
  })

  it('causes a refusal of the channel that names it, and stops neither the operator nor its work for others', async () => {
    const channel = testChannel(cluster, tenant.namespace, 'fake')
    await tenant.apply('fake', { className: 'brokers', kafka: { bootstrapServers: [broker.address] } })
    await channel.until('TopicReady', 'False', 'KafkaUnreachable')
    const other = testChannel(cluster, victim.namespace, 'other')
    await other.apply()
    await other.until('TopicReady', 'True', 'TopicAsAsked')
    expect((await operator.metrics()).get('process_resident_memory_bytes')).toBeLessThan(400 * 1_048_576)
    await tenant.delete('fake')
  })
})

it('leaves the victim with each of its events exactly once, no foreign event, and all its objects', async () => {
  const verdict = await traffic.finish()
  expect(verdict).toEqual({
    emitted: verdict.emitted,
    refused: 0,
    lost: 0,
    duplicates: 0,
    foreign: 0,
    gaps: 0,
    closes: 0,
    foreignRecords: 0,
  })
  expect(verdict.emitted).toBeGreaterThan(100)
  expect(await possessions()).toEqual(before)
}, 300_000)

const untilGone = (channel: TestChannel): Promise<void> =>
  soon(async () => {
    const found = await channel.get().catch(() => null) // it is gone
    if (found !== null) throw new Error(`still exists: ${JSON.stringify(found['status'])}`)
  })

async function environmentOf(channel: TestChannel, name: string): Promise<string> {
  const deployment = await soon(async () => {
    const found = (await channel.child('Deployment')) as Deployment | null // a Deployment
    if (found === null) throw new Error('the Deployment does not exist yet')
    return found
  })
  return deployment.spec?.template?.spec?.containers?.[0]?.env?.find((each) => each.name === name)?.value ?? ''
}

/** Emits an event for two users under the name of the bank. @returns the status */
async function emitForged(pod: Pod): Promise<number> {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': 'forged',
    'ce-source': 'urn:payments:official',
    'ce-type': 't',
    'ce-audience': '{"users":["plain","returns"]}',
    'content-type': 'application/json',
  }
  const { status } = await fetch(`${pod.url}/api/chrome-service/v1/events`, {
    method: 'POST',
    headers,
    body: '{"text":"Your session expired."}',
  })
  return status
}
