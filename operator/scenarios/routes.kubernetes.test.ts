import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { operandTypes } from '../../api/child-types.ts'
import { channelType, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { installGatewayApi } from '../testing/install-gateway-api.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { soon, untilYounger } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

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

let cluster: TestCluster
let operator: OperatorProcess
let hosts = 0
/** Namespaces of one test. */
let host: string
let victim: TestChannel
/** Namespace of the attacker, whose channels are younger. */
let thief: TestChannel

const ingress = (paths: object = {}): Partial<RealtimeChannelSpec> => ({ route: { type: 'Ingress', host, className: 'public', paths } })
const httpRoute = (paths: object = {}): Partial<RealtimeChannelSpec> => ({
  route: { type: 'HTTPRoute', host, parentRefs: [{ name: 'edge' }], paths },
})
const accepted = (channel: TestChannel): Promise<string> => channel.until('RouteReady', 'True', 'RouteAccepted')
const claimed = (channel: TestChannel): Promise<string> => channel.until('RouteReady', 'False', 'RouteClaimed')

beforeAll(async () => {
  cluster = await startTestCluster()
  await installGatewayApi(cluster.plane)
  valueOf(
    await cluster.api.create(classType, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'public' },
      spec: { controller: 'example.com/ingress' },
    }),
  )
  operator = await cluster.startOperator()
})
afterAll(() => cluster?.stop())
beforeEach(async () => {
  host = `console-${hosts++}.bank.example`
  const [payments, evil] = [await cluster.makeNamespace(), await cluster.makeNamespace()]
  for (const namespace of [payments, evil])
    valueOf(
      await cluster.api.create(gatewayType, {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'Gateway',
        metadata: { name: 'edge', namespace },
        spec: {},
      }),
    )
  ;[victim, thief] = [testChannel(cluster, payments, 'chrome'), testChannel(cluster, evil, 'thief')]
})

/** Waits until the victim has its route. Channels that are created later are younger. */
async function victimIsServed(spec: Partial<RealtimeChannelSpec> = ingress()): Promise<void> {
  await victim.apply(spec)
  await accepted(victim)
  await untilYounger(victim)
}

describe('a route of a channel', () => {
  it('is one exact path for the socket and a prefix for the API', async () => {
    await victimIsServed()
    const paths = [
      { path: '/wss/chrome/v1/ws', pathType: 'Exact' },
      { path: '/api/chrome', pathType: 'Prefix' },
    ]
    expect((await victim.child('Ingress'))?.['spec']).toMatchObject({ rules: [{ host, http: { paths } }] })
    expect((await victim.status()).route).toEqual({ host, socket: '/wss/chrome', api: '/api/chrome' })
  })

  it.each<[string, () => Partial<RealtimeChannelSpec>, string]>([
    ['a path below it', () => ingress({ socket: '/wss/chrome/v1/ws', api: '/login' }), '/wss/chrome/v1/ws'],
    ['a path above it', () => ingress({ socket: '/steal', api: '/api' }), '/api'],
    ['the same path', () => ingress({ socket: '/api/chrome' }), '/api/chrome'],
    ['a path that differs by case', () => ingress({ socket: '/WSS/chrome' }), '/WSS/chrome'],
  ])('is not given to a younger channel of another namespace that asks for %s', async (_what, asked, path) => {
    await victimIsServed()
    const before = await victim.versions()
    await thief.apply(asked())
    expect(await claimed(thief)).toMatch(
      new RegExp(
        `^${host}${path} collides with ${host}/(wss|api)/chrome, which the channel ${victim.namespace}/chrome has\\..* Set another spec.route.host or spec.route.paths`,
      ),
    )
    expect(await thief.child('Ingress')).toBeNull()
    expect((await thief.status()).route).toBeUndefined()
    expect(await victim.versions()).toEqual(before)
  })

  it('collides across kinds: of an Ingress with an HTTPRoute', async () => {
    await victimIsServed()
    await thief.apply(httpRoute({ socket: '/wss/chrome/v1' }))
    await claimed(thief)
    expect(await thief.child('HTTPRoute')).toBeNull()
  })

  it('is kept when an older channel asks for it later, also by an operator that has restarted', async () => {
    await thief.apply()
    await thief.until('RouteReady', 'True', 'NoRouteAsked')
    await untilYounger(thief)
    await victimIsServed()
    await thief.apply(ingress({ socket: '/wss/chrome/v1/ws' }))
    expect(await claimed(thief)).toContain(`${victim.namespace}/chrome`)
    operator.signal('SIGTERM')
    await operator.exited
    operator = await cluster.startOperator()
    await thief.apply(ingress({ socket: '/wss/chrome/v1' }))
    expect(await claimed(thief)).toContain(`${host}/wss/chrome/v1 collides`)
    expect((await victim.child('Ingress'))?.metadata.deletionTimestamp).toBeUndefined()
    await accepted(victim)
  })

  it('is kept from an older channel that changes back and forth as fast as it can', async () => {
    await thief.apply({ route: { type: 'None' } })
    await thief.until('RouteReady', 'True', 'NoRouteAsked')
    await untilYounger(thief)
    await victimIsServed()
    const before = await victim.versions()
    for (let round = 0; round < 30; round++) {
      await thief.apply(ingress({ socket: '/wss/chrome/v1/ws' }))
      await thief.apply({ route: { type: 'None' } })
    }
    await thief.apply(ingress({ socket: '/wss/chrome/v1/ws' }))
    await claimed(thief)
    expect(await victim.versions()).toEqual(before)
  })

  it('goes to the waiting channel when the other one drops its path, and when it is deleted', async () => {
    await victimIsServed()
    await thief.apply(ingress({ socket: '/wss/chrome/v1' }))
    await claimed(thief)
    await victim.apply(ingress({ socket: '/moved' }))
    await accepted(thief)
    await victim.apply(ingress())
    await claimed(victim)
    valueOf(await cluster.api.delete(channelType, thief, {}))
    expect(await accepted(victim)).toBe('The Ingress is in place.')
  })

  it('reports Ingresses and HTTPRoutes of others with its path until they are gone, and causes no write while only their status changes', async () => {
    await victimIsServed()
    const made = await makeOther('Ingress', {
      ingressClassName: 'public',
      rules: [
        {
          host,
          http: { paths: [{ path: '/wss/chrome/v1/ws', pathType: 'Prefix', backend: { service: { name: 'x', port: { number: 80 } } } }] },
        },
      ],
    })
    const words = `Ingress ${thief.namespace}/other (${host}/wss/chrome/v1/ws) does not belong to a channel`
    await soon(async () => expect(await accepted(victim)).toContain(words))
    const before = await victim.versions()
    valueOf(
      await cluster.api.apply(
        operandTypes.Ingress,
        { ...made, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } },
        { fieldManager: 'controller', force: true, subresource: 'status' },
      ),
    )
    await makeOther('HTTPRoute', {
      hostnames: ['*.bank.example'],
      parentRefs: [{ name: 'edge' }],
      rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }],
    })
    await thief.apply(ingress({ socket: '/a', api: '/b' }))
    await accepted(thief)
    expect(await victim.versions()).toEqual(before)
    for (const kind of ['Ingress', 'HTTPRoute'] as const)
      valueOf(await cluster.api.delete(operandTypes[kind], { namespace: thief.namespace, name: 'other' }, {}))
    await soon(async () => expect(await accepted(victim)).toBe('The Ingress is in place.'))
  })
})

async function makeOther(kind: 'Ingress' | 'HTTPRoute', spec: object): Promise<KubernetesObject> {
  const { group, version } = operandTypes[kind]
  const object = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'other', namespace: thief.namespace } }
  valueOf(await cluster.api.create(operandTypes[kind], { ...object, spec }))
  return object
}
