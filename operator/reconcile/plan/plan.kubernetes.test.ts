import {
  withDefaults,
  apiVersion,
  channelKind,
  channelType,
  type RealtimeChannel,
  type RealtimeChannelSpec,
} from '../../../api/v1alpha1/realtime-channel.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { operandTypes, type OperandKind } from '../../../api/child-types.ts'
import type { ClosableKubernetesApi } from '../../adapters/kubernetes/kubernetes-api.ts'
import { apiOf } from '../../adapters/kubernetes/testing/api-of.ts'
import { aTopic, aWorld, smallestSpec, someSettings } from '../../testing/channel-builders.ts'
import { useControlPlane } from '../../../testing/use.ts'
import { installChannelType } from '../../testing/install-channel-type.ts'
import { valueOf } from '../../testing/kubernetes-api-contract.ts'
import type { Action } from '../plan-types.ts'
import { parseChannel } from '../parse-channel.ts'
import { planChannel } from './plan.ts'
import { names } from '../settings.ts'
import { renderStatus, sameStatus } from '../status/status.ts'
import type { TopicDescription } from '../topic/topic-admin.ts'
import { childKey, type ChildKey, type Found, type World } from '../world.ts'

const cluster = useControlPlane()
let api: ClosableKubernetesApi
beforeAll(async () => {
  api = apiOf(cluster.kubeconfigFile)
  await installChannelType(cluster)
})
afterAll(async () => {
  api.close()
})

const settings = someSettings()
/** Without the Gateway API, which this server does not have. */
const kinds: readonly OperandKind[] = [
  'ServiceAccount',
  'NetworkPolicy',
  'Service',
  'PodDisruptionBudget',
  'Deployment',
  'HorizontalPodAutoscaler',
  'Ingress',
]

async function read(name: string): Promise<RealtimeChannel> {
  const parsed = parseChannel(valueOf(await api.get(channelType, { namespace: 'default', name })))
  if (!parsed.ok) throw new Error(parsed.error.message)
  expect(parsed.value.unknownFields).toEqual([])
  return { ...parsed.value.channel, spec: withDefaults(parsed.value.channel.spec) }
}

async function observe(channel: RealtimeChannel): Promise<World> {
  const found = await Promise.all(
    kinds.map(async (kind): Promise<readonly [ChildKey, Found] | null> => {
      const name = `${channel.metadata.name}-gateway`
      const object = await api.get(operandTypes[kind], { namespace: 'default', name })
      return object.ok ? [childKey(kind, name), { kind: 'object', type: operandTypes[kind], object: object.value }] : null
    }),
  )
  const wanted = channel.spec.topic
  const topic: TopicDescription = aTopic({
    name: `default.${channel.metadata.name}`,
    partitions: wanted.partitions,
    config: wanted.config ?? {},
  })
  return aWorld({
    channel,
    children: new Map(found.filter((entry) => entry !== null)),
    topic: { kind: 'present', topic },
    route: { kind: 'ok' },
  })
}

async function carryOut(action: Action): Promise<void> {
  if (action.kind === 'apply-object')
    valueOf(await api.apply(action.type, action.object, { fieldManager: names.fieldManager, force: true }))
  else if (action.kind === 'hand-over-replicas')
    valueOf(await api.apply(action.type, action.object, { fieldManager: names.handOverManager, force: true }))
  else if (action.kind === 'delete-object') valueOf(await api.delete(action.type, action.ref, { uid: action.uid }))
  else throw new Error(`${action.kind} is not expected here`)
}

/** One reconcile. @returns what was done, and whether the status had to be written */
async function reconcile(name: string): Promise<{ readonly done: readonly string[]; readonly isStatusNew: boolean }> {
  const plan = planChannel(await observe(await read(name)), settings)
  expect(plan.refusals).toEqual([])
  for (const action of plan.actions) await carryOut(action)
  const channel = await read(name)
  const status = renderStatus({
    world: await observe(channel),
    plan,
    outcomes: plan.actions.map((action) => ({ kind: 'done', action })),
    unknownFields: [],
  })
  const isStatusNew = channel.status === undefined || !sameStatus(channel.status, status)
  if (isStatusNew)
    valueOf(
      await api.apply(
        channelType,
        { apiVersion, kind: channelKind, metadata: { name, namespace: 'default' }, status },
        { fieldManager: names.fieldManager, force: true, subresource: 'status' },
      ),
    )
  return {
    done: plan.actions.map((action) => (action.kind === 'apply-object' ? `${action.change} ${action.object.kind}` : action.kind)),
    isStatusNew,
  }
}

async function write(name: string, spec: Partial<RealtimeChannelSpec>): Promise<void> {
  valueOf(
    await api.apply(
      channelType,
      { apiVersion, kind: channelKind, metadata: { name, namespace: 'default' }, spec: { ...smallestSpec, ...spec } },
      { fieldManager: 'somebody', force: true },
    ),
  )
}

const atRest = { done: [], isStatusNew: false }

/** Written as people write: in quantities, empty maps and list items that the API server stores in another form. */
const everything: Partial<RealtimeChannelSpec> = {
  topic: { partitions: 6, config: { 'min.insync.replicas': '1' } },
  gateway: {
    replicas: 3,
    resources: { requests: { cpu: '0.5', memory: '1024Mi' }, limits: { cpu: 1, memory: '2048Mi' } },
    imagePullSecrets: [{ name: 'registry' }],
    env: [{ name: 'SOCKET_BUFFER_BYTES', value: '131072' }],
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'zone', labelSelector: { matchLabels: { a: 'b' } } } },
        ],
      },
    },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
    podLabels: { team: 'web' },
    podAnnotations: { note: 'x' },
    podUser: 'Assigned',
  },
  network: {
    ingressFrom: [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8' } }],
    metricsFrom: [],
    egress: { kafka: { to: [{ podSelector: {} }] }, others: [{ ports: [{ port: 15012 }] }, { to: [{ ipBlock: { cidr: 'fd00::/8' } }] }] },
    proxy: { httpsProxy: 'http://proxy:3128' },
  },
  service: { ipFamilyPolicy: 'PreferDualStack', annotations: { a: 'b' } },
  kafka: {
    bootstrapServers: ['kafka:9093'],
    tls: { caSecretRef: { name: 'ca' } },
    sasl: { mechanism: 'scram-sha-512', secretRef: { name: 'user' } },
  },
  route: {
    type: 'Ingress',
    host: 'app.example.com',
    tls: { secretName: 'tls' },
    className: 'nginx',
    annotations: { a: 'b' },
    labels: { c: 'd' },
  },
}

it.each<[string, Partial<RealtimeChannelSpec>]>([
  ['smallest', {}],
  ['everything', everything],
])('writes nothing more once a channel is carried out: %s', async (name, spec) => {
  await write(name, spec)
  expect((await reconcile(name)).done).toContain('create Deployment')
  expect([await reconcile(name), await reconcile(name)]).toEqual([atRest, atRest])
})

it('hands the number of pods to an autoscaler and takes it back, and never lets it fall in between', async () => {
  const replicas = async (): Promise<unknown> =>
    (
      valueOf(await api.get(operandTypes.Deployment, { namespace: 'default', name: 'scaled-gateway' }))['spec'] as {
        readonly replicas: number
      }
    ).replicas
  await write('scaled', { gateway: { replicas: 5 } })
  await reconcile('scaled')
  await write('scaled', { gateway: { autoscaling: { minReplicas: 2, maxReplicas: 9 } } })
  expect((await reconcile('scaled')).done).toEqual(['hand-over-replicas', 'create HorizontalPodAutoscaler'])
  expect((await reconcile('scaled')).done).toEqual(['change Deployment'])
  expect([await replicas(), await reconcile('scaled')]).toEqual([5, atRest])
  await write('scaled', { gateway: { replicas: 3 } })
  expect((await reconcile('scaled')).done).toEqual(['delete-object', 'change Deployment'])
  expect([await replicas(), await reconcile('scaled')]).toEqual([3, atRest])
})

it('heals edits of other clients, and leaves their additions', async () => {
  await write('edited', {})
  await reconcile('edited')
  const service = { namespace: 'default', name: 'edited-gateway' }
  await api.mergePatch(operandTypes.Service, service, { metadata: { labels: { theirs: 'x' } } })
  expect(await reconcile('edited')).toEqual(atRest)
  await api.mergePatch(operandTypes.Service, service, { spec: { type: 'NodePort' } })
  expect((await reconcile('edited')).done).toEqual(['heal Service'])
  await api.mergePatch(operandTypes.Deployment, service, { metadata: { annotations: { 'carillon.dev/applied': null } } })
  expect((await reconcile('edited')).done).toEqual(['change Deployment'])
  expect(await reconcile('edited')).toEqual(atRest)
})
