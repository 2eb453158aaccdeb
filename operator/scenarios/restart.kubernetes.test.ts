import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operandTypes } from '../../api/child-types.ts'
import { channelType, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { ResourceType } from '../../api/kubernetes.ts'
import { installGatewayApi } from '../testing/install-gateway-api.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { sumOf, type OperatorProcess } from '../../testing/processes/operator-process.ts'
import { readingVerbs, startRecordingProxy, type RecordingProxy } from '../testing/recording-proxy.ts'
import { soon } from '../testing/scenario.ts'
import { eventType, operatorUser, startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

const classType: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingressclasses',
  kind: 'IngressClass',
  isNamespaced: false,
}
const gatewayType: ResourceType = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  plural: 'gateways',
  kind: 'Gateway',
  isNamespaced: true,
}

/** Channels of every kind, so that a resync covers everything. The last one is refused, and its refusal is not written twice either. */
const specs: readonly ((n: number) => Partial<RealtimeChannelSpec>)[] = [
  () => ({}),
  (n) => ({
    route: { host: `h${n}.example.com`, className: 'traefik', tls: {} },
    topic: { deletionPolicy: 'Delete', config: { 'max.message.bytes': '2000000' } },
  }),
  (n) => ({
    gateway: { autoscaling: { maxReplicas: 5 } },
    route: { type: 'HTTPRoute', host: `h${n}.example.com`, parentRefs: [{ name: 'public' }] },
  }),
  () => ({ kafka: { bootstrapServers: ['127.0.0.1:1'] } }),
  (n) => ({ route: { host: `h${n}.example.com`, className: 'no-such-class' }, topic: { retention: '2h', partitions: 5 } }),
]
const count = 30

describe('when nothing has changed', () => {
  let cluster: TestCluster
  let channels: readonly TestChannel[]
  let proxy: RecordingProxy
  let operator: OperatorProcess

  async function start(): Promise<void> {
    proxy = await startRecordingProxy(cluster.plane)
    operator = await cluster.startOperator({
      kubeconfig: proxy.kubeconfig(cluster.plane.userToken(operatorUser)),
      env: { RESYNC_MS: '1000' },
    })
  }

  /** Returns every object with its version: channels, children, Events and all others. */
  async function versions(): Promise<ReadonlyMap<string, string | undefined>> {
    const lists = await Promise.all(
      [channelType, eventType, ...Object.values(operandTypes)].map(async (type) => valueOf(await cluster.api.list(type, {})).items),
    )
    return new Map(lists.flat().map(({ kind, metadata }) => [`${kind} ${metadata.namespace}/${metadata.name}`, metadata.resourceVersion]))
  }

  const reconciles = async (): Promise<number> => sumOf(await operator.metrics(), 'controller_runtime_reconcile_total')
  const writesToKafka = async (): Promise<number> => {
    const page = await operator.metrics()
    return ['create-topics', 'create-partitions', 'alter-configs', 'delete-topics'].reduce(
      (sum, operation) => sum + sumOf(page, 'carillon_operator_kafka_requests_total', `operation="${operation}"`),
      0,
    )
  }
  /** Writes to the API server, without those to the Lease. */
  const writes = (): readonly string[] =>
    proxy.requests
      .filter(({ verb, resource }) => !readingVerbs.has(verb) && resource !== 'leases')
      .map(({ verb, path }) => `${verb} ${path}`)

  beforeAll(async () => {
    cluster = await startTestCluster()
    await installGatewayApi(cluster.plane)
    valueOf(
      await cluster.api.create(classType, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: { name: 'traefik' },
        spec: { controller: 'example.com/ingress' },
      }),
    )
    await start()
    const namespaces = [await cluster.makeNamespace(), await cluster.makeNamespace()]
    for (const namespace of namespaces)
      valueOf(
        await cluster.api.create(gatewayType, {
          apiVersion: 'gateway.networking.k8s.io/v1',
          kind: 'Gateway',
          metadata: { name: 'public', namespace },
          spec: {},
        }),
      )
    channels = Array.from({ length: count }, (_, n) => testChannel(cluster, namespaces[n % 2] ?? '', `c${n}`))
    await Promise.all(channels.map((channel, n) => channel.apply(specs[n % specs.length]?.(n))))
    // Channels whose Kafka is away have no pods.
    const served = channels.filter((_, n) => n % specs.length !== 3)
    await Promise.all(served.map((channel) => soon(() => channel.pretendAvailable()))) // once its Deployment exists
    await untilQuiet()
  })
  afterAll(async () => {
    await cluster?.stop()
    await proxy?.stop()
  })

  /** Resolves when everything has been reconciled since the last write. */
  async function untilQuiet(): Promise<void> {
    for (let seen = -1; seen !== writes().length;) {
      seen = writes().length
      await untilLookedAt(1)
    }
  }
  async function untilLookedAt(times: number): Promise<void> {
    const before = await reconciles()
    await soon(async () => expect(await reconciles()).toBeGreaterThan(before + times * count))
  }

  it('a resync writes nothing to Kubernetes and nothing to Kafka', async () => {
    const before = { versions: await versions(), writes: writes().length, kafka: await writesToKafka() }
    expect(before.kafka).toBeGreaterThan(0)
    expect(before.versions.size).toBeGreaterThan(count * 5)
    await untilLookedAt(3)
    expect(writes().slice(before.writes)).toEqual([])
    expect(await writesToKafka()).toBe(before.kafka)
    expect(await versions()).toEqual(before.versions)
  })

  it('a restart writes nothing either', async () => {
    const before = await versions()
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    await proxy.stop()
    await start()
    await soon(async () => expect(await reconciles()).toBeGreaterThan(2 * count))
    expect(writes()).toEqual([])
    expect(await writesToKafka()).toBe(0)
    expect(await versions()).toEqual(before)
  })

  it('an operator that was killed during its work leaves nothing that the next one does not finish', async () => {
    const namespace = await cluster.makeNamespace()
    const more = Array.from({ length: 10 }, (_, n) => testChannel(cluster, namespace, `d${n}`))
    const seen = writes().length
    const applied = Promise.all(more.map((channel) => channel.apply({ topic: { deletionPolicy: 'Delete' } })))
    await soon(() => expect(writes().length).toBeGreaterThan(seen + 10))
    await operator.kill()
    await applied
    await proxy.stop()
    await start()
    await Promise.all(
      more.map((channel) =>
        soon(async () => expect([await channel.topic(), await channel.child('Deployment')]).toMatchObject([{ partitions: 3 }, {}])),
      ),
    )
    await Promise.all(more.map((channel) => channel.until('TopicReady', 'True', 'TopicAsAsked')))
  })
})
