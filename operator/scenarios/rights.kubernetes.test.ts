import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { managedByLabels } from '../../api/labels.ts'
import { operandTypes, type OperandKind } from '../../api/child-types.ts'
import { annotations } from '../../api/v1alpha1/realtime-channel.ts'
import { permissions, type Permission } from '../permissions.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { aClass, openAllowed } from '../testing/class-builders.ts'
import { ownedBy } from '../testing/channel-builders.ts'
import { installGatewayApi } from '../testing/install-gateway-api.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { covers, checkedRequests, rightsOf, usedRights, type Places } from '../testing/permission-matcher.ts'
import { startRecordingProxy, type RecordedRequest, type RecordingProxy } from '../testing/recording-proxy.ts'
import { grantSecret, makeSecret, soon, untilEvent, untilReady } from '../testing/scenario.ts'
import { grantRoles, operatorUser, startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

const type = (group: string, plural: string, kind: string, isNamespaced = true): ResourceType => ({
  group,
  version: 'v1',
  plural,
  kind,
  isNamespaced,
})
const classType = type('networking.k8s.io', 'ingressclasses', 'IngressClass', false)
const gatewayType = type('gateway.networking.k8s.io', 'gateways', 'Gateway')
const podType = type('', 'pods', 'Pod')

/** The owner of a namespace lets the operator read one Secret in it (docs/rbac.md). The chart grants no Secrets. */
const secretRight: Permission = {
  apiGroup: '',
  resources: ['secrets'],
  resourceNames: ['kafka-user'],
  verbs: ['get'],
  scope: 'channels',
  by: 'observe',
  why: 'Granted by the owner of a namespace.',
}

/** Rights that no request of this test needs, with the reason why they are in the table. */
const unseen: Readonly<Record<string, string>> = {
  'channels carillon.dev/realtimechannels/finalizers update':
    'no request: admission checks it when an object with blockOwnerDeletion is applied, as in this cluster',
  'own-namespace events.k8s.io/events create': 'only for a namespace that cannot be read: operator/scenarios/namespaces.kubernetes.test.ts',
  'own-namespace events.k8s.io/events patch': 'the same',
  'channels events.k8s.io/events patch': 'the count of a series is written a minute after its first Event',
}

/** A class for some namespaces only, so that their labels are read. */
const forNamespaces = aClass({
  isDefault: true,
  allowed: { ...openAllowed, namespaces: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'Exists' }] } },
})

const scoped = 'operator-of-two'

let cluster: TestCluster

beforeAll(async () => {
  cluster = await startTestCluster({
    classes: [forNamespaces],
    users: [scoped],
    apiServerFlags: ['--enable-admission-plugins=OwnerReferencesPermissionEnforcement'],
  })
  await installGatewayApi(cluster.plane)
  valueOf(
    await cluster.api.create(classType, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'traefik' },
      spec: { controller: 'example.com/ingress' },
    }),
  )
})
afterAll(() => cluster?.stop())

/**
 * Runs the whole life of a channel: every kind of object is created, changed and deleted. Objects that are read only in trouble are read,
 * too.
 */
async function runWholeLife(namespace: string): Promise<void> {
  const channel = testChannel(cluster, namespace)
  valueOf(
    await cluster.api.create(gatewayType, {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace },
      spec: {},
    }),
  )
  const topic = { deletionPolicy: 'Delete' } as const
  await channel.apply({ topic, gateway: { replicas: 2 }, route: { host: 'a.example.com', className: 'traefik' } })
  await untilReady(channel)
  await channel.apply(
    {
      topic: { ...topic, partitions: 4, config: { 'max.message.bytes': '2000000' } },
      gateway: { autoscaling: { maxReplicas: 4 } },
      route: { type: 'HTTPRoute', host: 'a.example.com', parentRefs: [{ name: 'public' }] },
    },
    { [annotations.plan]: '1' },
  )
  await soon(async () =>
    expect([
      await channel.child('HorizontalPodAutoscaler'),
      await channel.child('HTTPRoute'),
      await channel.child('Ingress'),
    ]).toMatchObject([{}, {}, null]),
  )
  await untilEvent(cluster, channel, 'Planned')
  await leaveBehind(channel)
  await getIntoTrouble(channel)
  // One pod needs no PodDisruptionBudget.
  await channel.apply({ topic: { ...topic, partitions: 4 }, gateway: { replicas: 1 } })
  await soon(async () => expect([await channel.child('HorizontalPodAutoscaler'), await channel.child('HTTPRoute')]).toEqual([null, null]))
  valueOf(
    await cluster.api.delete(
      { group: 'carillon.dev', version: 'v1alpha1', plural: 'realtimechannels', kind: 'RealtimeChannel', isNamespaced: true },
      channel,
      {},
    ),
  )
  await soon(async () =>
    expect(await cluster.topics.describe(`${namespace}.news`)).toEqual({
      ok: true,
      value: { name: `${namespace}.news`, clusterId: expect.any(String) },
    }),
  )
}

/** Creates objects of the channel under names that no current operator uses. The operator removes them. */
async function leaveBehind(channel: TestChannel): Promise<void> {
  const owner = ownedBy((await channel.get()) as unknown as Parameters<typeof ownedBy>[0]) // a channel, by its kind
  const old: Partial<Record<OperandKind, object>> = {
    ServiceAccount: {},
    Service: { spec: { ports: [{ port: 80 }] } },
    PodDisruptionBudget: { spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'old' } } } },
    NetworkPolicy: { spec: { podSelector: {} } },
    Deployment: {
      spec: {
        selector: { matchLabels: { app: 'old' } },
        template: { metadata: { labels: { app: 'old' } }, spec: { containers: [{ name: 'old', image: 'old' }] } },
      },
    },
  }
  const found = Object.keys(old).map((kind) => operandTypes[kind as OperandKind]) // the keys of `old`
  for (const each of found) {
    const object = {
      apiVersion: each.group === '' ? each.version : `${each.group}/${each.version}`,
      kind: each.kind,
      metadata: { name: 'old', namespace: channel.namespace, labels: managedByLabels, ...owner },
      ...old[each.kind as OperandKind],
    }
    valueOf(await cluster.api.create(each, object))
  }
  await soon(async () => {
    const left = await Promise.all(found.map((each) => cluster.api.get(each, { namespace: channel.namespace, name: 'old' })))
    expect(left.filter(({ ok }) => ok)).toEqual([])
  })
}

/** Creates a pod whose volume cannot be mounted, so that the pods and the Events of one are read. */
async function getIntoTrouble(channel: TestChannel): Promise<void> {
  const spec = (await channel.child('Deployment'))?.['spec'] as
    | { readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } }
    | undefined // a Deployment
  const labels = spec?.selector.matchLabels ?? {}
  const pod: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stuck', namespace: channel.namespace, labels },
    spec: { containers: [{ name: 'gateway', image: 'gateway' }] },
  }
  valueOf(await cluster.api.create(podType, pod))
  const waiting = {
    name: 'gateway',
    image: 'gateway',
    imageID: '',
    ready: false,
    restartCount: 0,
    state: { waiting: { reason: 'ContainerCreating' } },
  }
  valueOf(
    await cluster.api.apply(
      podType,
      { ...pod, spec: undefined, status: { phase: 'Pending', containerStatuses: [waiting] } },
      { fieldManager: 'kubelet', force: true, subresource: 'status' },
    ),
  )
  await channel.pretendAvailable({ available: 0 })
  await channel.until('GatewayAvailable', 'False', 'GatewayUnavailable')
}

const describeRequest = ({ verb, group, resource, subresource, namespace, name, code }: RecordedRequest): string =>
  `${code} ${verb} ${group}/${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace}/${name}`

/** Requests that every authenticated user may send (the ClusterRole system:discovery), so that no role of the operator has them. */
const isDiscovery = ({ path }: RecordedRequest): boolean => path === '/apis/security.openshift.io'

/** Returns the requests that no permission covers. */
function uncovered(proxy: RecordingProxy, table: readonly Permission[], places: Places): readonly string[] {
  return proxy.requests
    .filter(
      (request) =>
        !isDiscovery(request) &&
        checkedRequests(request, request.code).some((each) => !table.some((permission) => covers(permission, each, places))),
    )
    .map(describeRequest)
}

describe('the rights of an operator (O5)', () => {
  it('cover every request in the life of a channel, and each right is needed', async () => {
    const proxy = await startRecordingProxy(cluster.plane)
    const operator = await cluster.startOperator({ kubeconfig: proxy.kubeconfig(cluster.plane.userToken(operatorUser)) })
    const namespace = await cluster.makeNamespace()
    const other = testChannel(cluster, namespace, 'other')
    await makeSecret(cluster, namespace, 'kafka-user', { username: 'u', password: 'p' })
    await grantSecret(cluster, namespace, 'kafka-user')
    await other.apply({ kafka: { bootstrapServers: ['127.0.0.1:1'], sasl: { mechanism: 'plain', secretRef: { name: 'kafka-user' } } } })
    await runWholeLife(namespace)
    await other.until('TopicReady', 'False', 'KafkaUnreachable')
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    await proxy.stop()

    const places = { ownNamespace: 'default', watchNamespaces: [] }
    const requests = proxy.requests.flatMap((request) => checkedRequests(request, request.code))
    const used = usedRights(permissions, requests, places)
    expect(uncovered(proxy, [...permissions, secretRight], places)).toEqual([])
    expect(proxy.requests.filter(({ code }) => code === 403).map(describeRequest)).toEqual([])
    expect(usedRights([secretRight], requests, places).size).toBe(1)
    expect(rightsOf(permissions).filter((right) => !used.has(right) && unseen[right] === undefined)).toEqual([])
    expect(Object.keys(unseen).filter((right) => !rightsOf(permissions).includes(right))).toEqual([])
  })

  it('in two namespaces are enough to work there, without requests to other namespaces', async () => {
    const [one, two, third] = [await cluster.makeNamespace(), await cluster.makeNamespace(), await cluster.makeNamespace()]
    await grantRoles(cluster.plane, { user: scoped, watchNamespaces: [one, two] })
    const proxy = await startRecordingProxy(cluster.plane)
    const operator = await cluster.startOperator({
      kubeconfig: proxy.kubeconfig(cluster.plane.userToken(scoped)),
      env: { NAMESPACES: `${one},${two}`, LEASE_NAME: scoped },
    })
    const outside = testChannel(cluster, third)
    await outside.apply()
    await runWholeLife(one)
    const second = testChannel(cluster, two)
    await second.apply()
    await untilReady(second)
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    await proxy.stop()

    expect(uncovered(proxy, permissions, { ownNamespace: 'default', watchNamespaces: [one, two] })).toEqual([])
    expect(proxy.requests.filter(({ code }) => code === 403).map(describeRequest)).toEqual([])
    expect([...new Set(proxy.requests.map(({ namespace }) => namespace))].toSorted()).toEqual(['', 'default', one, two].toSorted())
    expect(
      proxy.requests
        .filter(
          (request) =>
            request.namespace === '' &&
            !isDiscovery(request) &&
            !['ingressclasses', 'customresourcedefinitions', 'realtimechannelclasses'].includes(request.resource),
        )
        .map(describeRequest),
    ).toEqual([])
    expect(Object.keys(await outside.versions())).toEqual(['RealtimeChannel'])
    expect(await outside.status()).toEqual({})
  })
})
