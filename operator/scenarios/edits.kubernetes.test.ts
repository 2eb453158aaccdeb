import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { operandTypes, type OperandKind } from '../../api/child-types.ts'
import { channelType, specSchema } from '../../api/v1alpha1/realtime-channel.ts'
import type { JsonSchema } from '../../api/v1alpha1/schema/json-schema.ts'
import type { Deployment } from '../reconcile/children/running-gateway.ts'
import { marks } from '../reconcile/settings.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { changedPaths } from '../testing/changed-paths.ts'
import { installGatewayApi } from '../testing/install-gateway-api.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { eventsOf, soon, untilEvent, untilReady, untilSeen } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'
import { autoscalingEdits, fieldEdits, fullSpec, type FieldEdit } from './field-edits.ts'

const classType: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingressclasses',
  kind: 'IngressClass',
  isNamespaced: false,
}
const kinds = Object.keys(operandTypes) as OperandKind[] // the keys of the table
const paused = { 'carillon.dev/paused': 'true' }

let cluster: TestCluster
let hosts = 0
let looks = 0

beforeAll(async () => {
  cluster = await startTestCluster()
  await installGatewayApi(cluster.plane)
  valueOf(
    await cluster.api.create(classType, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'public' },
      spec: { controller: 'example.com/any' },
    }),
  )
  await cluster.startOperator()
})
afterAll(() => cluster?.stop())

const newChannel = async (): Promise<TestChannel> => testChannel(cluster, await cluster.makeNamespace())

/** Creates a Ready channel with every kind of object but an autoscaler and an HTTPRoute. */
async function fullChannel(): Promise<TestChannel> {
  const channel = await newChannel()
  hosts += 1
  await channel.apply(fullSpec(cluster.kafka.brokers, `console-${hosts}.example.com`))
  await untilReady(channel)
  return channel
}

/** Returns every object of the channel, by kind, without the bookkeeping of the API server. */
async function objectsOf(channel: TestChannel): Promise<Readonly<Record<string, unknown>>> {
  const found = await Promise.all(kinds.map(async (kind) => [kind, await channel.child(kind)] as const))
  return Object.fromEntries(found.flatMap(([kind, object]) => (object === null ? [] : [[kind, contentOf(object)]])))
}

function contentOf({ status: _status, metadata, ...rest }: KubernetesObject): unknown {
  const {
    managedFields: _managedFields,
    resourceVersion: _resourceVersion,
    generation: _generation,
    annotations = {},
    ...others
  } = metadata
  const { [marks.applied]: _applied, [marks.appliedTemplate]: _appliedTemplate, ...theirs } = annotations
  return { ...rest, metadata: { ...others, annotations: theirs } }
}

/** Returns the writes to the channel's objects, without those to the channel itself. */
async function versionsOf(channel: TestChannel): Promise<Readonly<Record<string, string>>> {
  const { RealtimeChannel: _channel, ...children } = await channel.versions()
  return children
}

/** Formats a change as in the table of edits. */
function shortened(path: string): string {
  return path
    .replace(/^Deployment\.spec\.template\.spec\.containers\.gateway\.env\.([^.]+)\.?.*$/, 'env $1')
    .replace(/^Deployment\.spec\.template\.(spec\.)?/, 'pod ')
    .replace(/^pod containers\.gateway\./, 'pod ')
}

const kindOf = (change: string): string => (/^(env|pod) /.test(change) ? 'Deployment' : (change.split('.')[0] ?? ''))
const replicasOf = (object: KubernetesObject | null): number | undefined => (object as Deployment | null)?.spec?.replicas // a Deployment

/** Waits until the operator has reconciled a channel that was changed after everything else. */
async function untilQuiet({ namespace }: TestChannel): Promise<void> {
  const marker = testChannel(cluster, namespace, 'marker')
  looks += 1
  await marker.apply({ gateway: { replicas: 0, drainSeconds: looks } })
  await marker.until('TopicReady', 'True', 'TopicAsAsked')
}

/** Returns the config that is set on the topic, without values that follow from it. */
async function topicOf(channel: TestChannel): Promise<unknown> {
  const found = await channel.topic()
  return found === null ? null : { ...found, inForce: {} }
}

async function editField(channel: TestChannel, { edit, changes, topic = [] }: FieldEdit): Promise<void> {
  const [before, versions, topicBefore] = [await objectsOf(channel), await versionsOf(channel), await topicOf(channel)]
  const templateOf = async (): Promise<string | undefined> =>
    (await channel.child('Deployment'))?.metadata.annotations?.[marks.appliedTemplate]
  const template = await templateOf()
  valueOf(await cluster.api.mergePatch(channelType, channel, { spec: edit }))
  await untilSeen(channel)
  const found = changedPaths(before, await objectsOf(channel)).map(shortened)
  expect([...new Set(found)]).toEqual(changes)
  expect(changedPaths(versions, await versionsOf(channel)).toSorted()).toEqual([...new Set(changes.map(kindOf))].toSorted())
  expect((await templateOf()) !== template).toBe(changes.some((change) => /^(env|pod) /.test(change)))
  await soon(async () => expect(changedPaths(topicBefore, await topicOf(channel))).toEqual(topic))
}

describe('an edit of one field of a channel', () => {
  let channel: TestChannel
  beforeAll(async () => {
    channel = await fullChannel()
  })

  // The addresses are known only when the tests run, after their titles.
  const titled = fieldEdits([]).map(({ edit }, index) => ({ title: JSON.stringify(edit), index }))

  it.each(titled)('changes its effects and nothing else: $title', async ({ index }) => {
    const edit = fieldEdits(cluster.kafka.brokers)[index]
    expect(edit).toBeDefined()
    if (edit !== undefined) await editField(channel, edit)
  })

  it('is tested for every field', () => {
    /** Fields with tests of their own (that of the class in class.kubernetes.test.ts), and fields that cannot be edited. */
    const elsewhere = [
      /^className$/,
      /^topic\.(name|replicas|deadLetters\.name|control\.name)$/,
      /^upstream\.topic\.(name|replicas)$/,
      /^route\.(type|parentRefs)/,
    ]
    const edited = new Set([...fieldEdits(['host:1']), ...autoscalingEdits].flatMap(({ edit }) => fieldsIn(specSchema, edit, '')))
    const left = fieldsIn(specSchema, null, '').filter((field) => !edited.has(field) && !elsewhere.some((pattern) => pattern.test(field)))
    expect(left).toEqual([])
  })
})

/** Returns the fields of a schema or, of these, the ones that a patch sets. A list or a map is one field. */
function fieldsIn(schema: JsonSchema, patch: unknown, path: string): readonly string[] {
  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return [path]
  const named = typeof patch === 'object' && patch !== null ? (patch as Readonly<Record<string, unknown>>) : null // a patch is plain JSON
  return fields.flatMap(([name, field]) =>
    named !== null && !(name in named) ? [] : fieldsIn(field, named?.[name] ?? null, path === '' ? name : `${path}.${name}`),
  )
}

describe('the number of pods', () => {
  it('goes to the autoscaler and back without losing a pod at any moment', async () => {
    const channel = await newChannel()
    const seen: (number | undefined)[] = []
    await channel.apply({ gateway: { replicas: 5 } })
    await untilReady(channel)
    const from = (await channel.child('Deployment'))?.metadata.resourceVersion ?? ''
    const stop = new AbortController()
    const watching = watchReplicas(channel, seen, { from, signal: stop.signal })

    await channel.apply({ gateway: { autoscaling: { minReplicas: 2, maxReplicas: 10 } } })
    await soon(async () => expect(ownersOfReplicas(await channel.child('Deployment'))).toEqual(['carillon-operator-handover']))
    expect(await channel.child('HorizontalPodAutoscaler')).not.toBeNull()
    await scaleDeployment(channel, 7)
    for (const edit of autoscalingEdits) await editField(channel, edit)
    valueOf(await cluster.api.mergePatch(channelType, channel, { spec: { gateway: { image: 'registry.example.com/carillon:2' } } }))
    await untilSeen(channel)
    expect(replicasOf(await channel.child('Deployment'))).toBe(7)
    valueOf(await cluster.api.mergePatch(channelType, channel, { spec: { gateway: { replicas: 6, autoscaling: null } } }))
    await soon(async () =>
      expect([replicasOf(await channel.child('Deployment')), await channel.child('HorizontalPodAutoscaler')]).toEqual([6, null]),
    )

    await soon(() => expect(seen).toContain(6))
    stop.abort()
    await watching
    expect(seen.filter((replicas, index) => replicas !== seen[index - 1])).toEqual([5, 7, 6])
  })

  it('follows kubectl scale', async () => {
    const channel = await newChannel()
    await channel.apply()
    await untilReady(channel)
    const path = `/apis/carillon.dev/v1alpha1/namespaces/${channel.namespace}/realtimechannels/news/scale`
    const { body } = await askCluster(cluster.plane, { path })
    expect(body).toMatchObject({
      spec: { replicas: 2 },
      status: { replicas: 2, selector: 'app.kubernetes.io/instance=news,app.kubernetes.io/name=carillon-gateway' },
    })
    const scaled = await askCluster(cluster.plane, {
      method: 'PATCH',
      path,
      body: { spec: { replicas: 4 } },
      contentType: 'application/merge-patch+json',
    })
    expect(scaled.code).toBe(200)
    await soon(async () => expect(replicasOf(await channel.child('Deployment'))).toBe(4))
    await untilReady(channel)
    await soon(async () => expect((await askCluster(cluster.plane, { path })).body).toMatchObject({ status: { replicas: 4 } }))
  })

  async function watchReplicas(
    { namespace }: TestChannel,
    seen: (number | undefined)[],
    { from, signal }: { readonly from: string; readonly signal: AbortSignal },
  ): Promise<void> {
    for await (const event of cluster.api.watch(operandTypes.Deployment, {
      namespace,
      resourceVersion: from,
      timeoutSeconds: 60,
      signal,
    })) {
      if (event.type !== 'BOOKMARK' && event.type !== 'ERROR') seen.push(replicasOf(event.object))
    }
  }

  function ownersOfReplicas(object: KubernetesObject | null): readonly string[] {
    const owners = (object?.metadata.managedFields ?? []).filter(({ fieldsV1 }) => 'f:replicas' in ((fieldsV1?.['f:spec'] ?? {}) as object)) // a field with subfields
    return owners.map(({ manager }) => manager)
  }

  async function scaleDeployment({ namespace }: TestChannel, replicas: number): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/news-gateway/scale?fieldManager=horizontal-pod-autoscaler`
    const scaled = await askCluster(cluster.plane, {
      method: 'PATCH',
      path,
      body: { spec: { replicas } },
      contentType: 'application/merge-patch+json',
    })
    expect(scaled.code).toBe(200)
  }
})

describe('the route', () => {
  it('is replaced with its type, and removed when the channel asks for none', async () => {
    const channel = await fullChannel()
    const routes = async (): Promise<readonly boolean[]> => [
      (await channel.child('Ingress')) !== null,
      (await channel.child('HTTPRoute')) !== null,
    ]
    const { Ingress: _ingress, ...others } = await versionsOf(channel)
    expect(await routes()).toEqual([true, false])
    const set = async (route: object): Promise<void> =>
      void valueOf(await cluster.api.mergePatch(channelType, channel, { spec: { route } }))
    await set({ type: 'HTTPRoute', className: null, parentRefs: [{ name: 'public' }], tls: { secretName: null } })
    await channel.until('RouteReady', 'False', 'GatewayNotFound')
    await soon(async () => expect(await routes()).toEqual([false, true]))
    await set({ type: 'None' })
    await channel.until('RouteReady', 'True', 'NoRouteAsked')
    await soon(async () => expect(await routes()).toEqual([false, false]))
    await set({ type: 'Ingress', className: 'public', parentRefs: null })
    await channel.until('RouteReady', 'True', 'RouteAccepted')
    expect(await routes()).toEqual([true, false])
    const { Ingress: _again, ...after } = await versionsOf(channel)
    expect(after).toEqual(others)
  })
})

interface HandEdit {
  readonly title: string
  readonly kind: OperandKind
  /** RFC 6902. */
  readonly patch: readonly object[]
}

const container = '/spec/template/spec/containers/0'

const handEdits: readonly HandEdit[] = [
  { title: 'another image', kind: 'Deployment', patch: [{ op: 'replace', path: `${container}/image`, value: 'example.com/mine' }] },
  {
    title: 'another value of a variable',
    kind: 'Deployment',
    patch: [{ op: 'replace', path: `${container}/env/0/value`, value: 'theirs' }],
  },
  { title: 'a removed variable', kind: 'Deployment', patch: [{ op: 'remove', path: `${container}/env/0` }] },
  {
    title: 'a variable with another source, which excludes a value',
    kind: 'Deployment',
    patch: [
      { op: 'remove', path: `${container}/env/0/value` },
      { op: 'add', path: `${container}/env/0/valueFrom`, value: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
  },
  {
    title: 'a port of the pods with another number and the same name',
    kind: 'Deployment',
    patch: [{ op: 'replace', path: `${container}/ports/0/containerPort`, value: 8888 }],
  },
  { title: 'a removed probe', kind: 'Deployment', patch: [{ op: 'remove', path: `${container}/readinessProbe` }] },
  {
    title: 'more rights',
    kind: 'Deployment',
    patch: [{ op: 'replace', path: `${container}/securityContext/readOnlyRootFilesystem`, value: false }],
  },
  { title: 'another number of pods', kind: 'Deployment', patch: [{ op: 'replace', path: '/spec/replicas', value: 1 }] },
  {
    title: 'a removed label, without which the watches do not see the object',
    kind: 'Deployment',
    patch: [{ op: 'remove', path: '/metadata/labels/app.kubernetes.io~1managed-by' }],
  },
  { title: 'a removed owner', kind: 'Deployment', patch: [{ op: 'remove', path: '/metadata/ownerReferences' }] },
  { title: 'a removed mark', kind: 'Service', patch: [{ op: 'remove', path: '/metadata/annotations/carillon.dev~1applied' }] },
  {
    title: 'a port with another number and the same name, which excludes ours',
    kind: 'Service',
    patch: [{ op: 'replace', path: '/spec/ports/0/port', value: 8081 }],
  },
  {
    title: 'another selector',
    kind: 'Service',
    patch: [{ op: 'replace', path: '/spec/selector/app.kubernetes.io~1instance', value: 'theirs' }],
  },
  { title: 'an open ingress rule', kind: 'NetworkPolicy', patch: [{ op: 'replace', path: '/spec/ingress', value: [{}] }] },
  {
    title: 'another budget, which excludes ours',
    kind: 'PodDisruptionBudget',
    patch: [
      { op: 'remove', path: '/spec/maxUnavailable' },
      { op: 'add', path: '/spec/minAvailable', value: 0 },
    ],
  },
  { title: 'another host', kind: 'Ingress', patch: [{ op: 'replace', path: '/spec/rules/0/host', value: 'theirs.example.com' }] },
  { title: 'a token', kind: 'ServiceAccount', patch: [{ op: 'replace', path: '/automountServiceAccountToken', value: true }] },
]

describe('an object of a channel', () => {
  let channel: TestChannel
  beforeAll(async () => {
    channel = await fullChannel()
  })
  beforeEach(() => untilQuiet(channel))

  const pathOf = (kind: OperandKind): string => {
    const { group, version, plural } = operandTypes[kind]
    return `${group === '' ? '/api' : `/apis/${group}`}/${version}/namespaces/${channel.namespace}/${plural}/news-gateway`
  }

  const editByHand = async (kind: OperandKind, patch: object, contentType = 'application/json-patch+json'): Promise<void> => {
    const edited = await askCluster(cluster.plane, {
      method: 'PATCH',
      path: `${pathOf(kind)}?fieldManager=kubectl-edit`,
      body: patch,
      contentType,
    })
    expect(edited, String(edited.body.message)).toMatchObject({ code: 200 })
  }

  it.each(handEdits)('is healed after $title ($kind)', async ({ kind, patch }) => {
    const [before, versions] = [await objectsOf(channel), await versionsOf(channel)]
    await editByHand(kind, patch)
    await soon(async () => expect(changedPaths(before, await objectsOf(channel))).toEqual([]))
    await untilQuiet(channel)
    const { [kind]: version, ...others } = await versionsOf(channel)
    expect(others).toEqual(Object.fromEntries(Object.entries(versions).filter(([each]) => each !== kind)))
    expect(version).not.toBe(versions[kind])
    // The operator is the only owner of its fields. Otherwise it could never remove them.
    const managers = (await channel.child(kind))?.metadata.managedFields
      ?.filter(({ subresource }) => subresource === undefined)
      .map(({ manager, operation }) => `${manager} ${operation}`)
    expect(managers).not.toContain('carillon-operator Update')
  })

  it.each(kinds.filter((kind) => kind !== 'HorizontalPodAutoscaler' && kind !== 'HTTPRoute'))(
    'is created again when it is deleted: %s',
    async (kind) => {
      const [before, versions, topic] = [await objectsOf(channel), await versionsOf(channel), await channel.topic()]
      const uid = (await channel.child(kind))?.metadata.uid
      valueOf(await cluster.api.delete(operandTypes[kind], { namespace: channel.namespace, name: 'news-gateway' }, {}))
      await soon(async () => expect((await channel.child(kind))?.metadata.uid ?? uid).not.toBe(uid))
      const own = new RegExp(`^${kind}\\.(metadata\\.(uid|creationTimestamp)|spec\\.clusterIPs?)$`)
      expect(changedPaths(before, await objectsOf(channel)).filter((path) => !own.test(path))).toEqual([])
      await untilQuiet(channel)
      const { [kind]: _version, ...others } = await versionsOf(channel)
      expect(others).toEqual(Object.fromEntries(Object.entries(versions).filter(([each]) => each !== kind)))
      expect(await channel.topic()).toEqual(topic)
    },
  )

  it('keeps additions by others without a write', async () => {
    const restarted = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' }
    await editByHand(
      'Deployment',
      { spec: { template: { metadata: { annotations: restarted } } } },
      'application/strategic-merge-patch+json',
    )
    await editByHand(
      'Service',
      { metadata: { labels: { team: 'edge' }, annotations: { 'example.com/note': 'ours' } } },
      'application/merge-patch+json',
    )
    const versions = await versionsOf(channel)
    await untilQuiet(channel)
    expect(await versionsOf(channel)).toEqual(versions)
    valueOf(await cluster.api.mergePatch(channelType, channel, { spec: { gateway: { drainSeconds: 90 } } }))
    await untilSeen(channel)
    expect(await channel.child('Deployment')).toMatchObject({
      spec: { template: { metadata: { annotations: restarted }, spec: { terminationGracePeriodSeconds: expect.any(Number) } } },
    })
    expect((await channel.child('Deployment'))?.metadata.resourceVersion).not.toBe(versions['Deployment'])
    expect(await channel.child('Service')).toMatchObject({
      metadata: { labels: { team: 'edge' }, annotations: { 'example.com/note': 'ours' } },
    })
  })

  it("is healed when another manager applied the operator's fields, and keeps that manager's own fields", async () => {
    const versions = await versionsOf(channel)
    const theirs = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'news-gateway', namespace: channel.namespace, labels: { 'app.kubernetes.io/part-of': 'theirs', team: 'edge' } },
      spec: { replicas: 1 },
    }
    await cluster.apply(operandTypes.Deployment, theirs)
    await soon(async () =>
      expect(await channel.child('Deployment')).toMatchObject({
        metadata: { labels: { 'app.kubernetes.io/part-of': 'carillon', team: 'edge' } },
        spec: { replicas: 3 },
      }),
    )
    await untilQuiet(channel)
    expect(changedPaths(versions, await versionsOf(channel))).toEqual(['Deployment'])
  })
})

describe('a channel that is deleted and created again', () => {
  const remove = async (channel: TestChannel, propagation: 'Background' | 'Orphan'): Promise<void> => {
    valueOf(await cluster.api.delete(channelType, channel, { propagation }))
    // The garbage collector notices new kinds every half minute.
    await vi.waitFor(async () => expect((await cluster.api.get(channelType, channel)).ok).toBe(false), { timeout: 60_000, interval: 50 })
  }
  const uidOf = async (channel: TestChannel): Promise<string | undefined> => (await channel.child('Deployment'))?.metadata.uid
  const ownerOf = async (channel: TestChannel): Promise<string | undefined> =>
    (await channel.child('Deployment'))?.metadata.ownerReferences?.[0]?.uid

  it('waits until the objects of its predecessor are gone, and creates its own', async () => {
    const channel = await newChannel()
    await channel.apply()
    await untilReady(channel)
    const uid = await uidOf(channel)
    await remove(channel, 'Background')
    await channel.apply()
    await vi.waitFor(async () => expect(await ownerOf(channel)).toBe((await channel.get()).metadata.uid), { timeout: 60_000, interval: 50 })
    expect(await uidOf(channel)).not.toBe(uid)
    await untilReady(channel)
  })

  it('takes over the objects that were orphaned, and no pod restarts', async () => {
    const channel = await newChannel()
    await channel.apply()
    await untilReady(channel)
    const before = await channel.child('Deployment')
    await remove(channel, 'Orphan')
    expect(await ownerOf(channel)).toBeUndefined()
    await channel.apply()
    await untilReady(channel)
    const after = await channel.child('Deployment')
    expect(await ownerOf(channel)).toBe((await channel.get()).metadata.uid)
    expect([after?.metadata.uid, after?.['spec']]).toEqual([before?.metadata.uid, before?.['spec']])
  })
})

describe('a channel that is paused, or asks for a plan', () => {
  it('stays unchanged until the pause ends, and is then applied', async () => {
    const channel = await newChannel()
    await channel.apply()
    await untilReady(channel)
    const versions = await versionsOf(channel)
    await channel.apply({ gateway: { replicas: 4 }, topic: { partitions: 5 } }, paused)
    await channel.until('Ready', 'Unknown', 'Paused')
    valueOf(await cluster.api.delete(operandTypes.PodDisruptionBudget, { namespace: channel.namespace, name: 'news-gateway' }, {}))
    await untilQuiet(channel)
    const { PodDisruptionBudget: _budget, ...others } = versions
    expect(await versionsOf(channel)).toEqual(others)
    expect(await channel.topic()).toMatchObject({ partitions: 3 })
    await channel.apply({ gateway: { replicas: 4 }, topic: { partitions: 5 } })
    await untilReady(channel)
    expect([
      replicasOf(await channel.child('Deployment')),
      (await channel.child('PodDisruptionBudget')) !== null,
      (await channel.topic())?.partitions,
    ]).toEqual([4, true, 5])
  })

  it('gets one Event with the plan after a pause', async () => {
    const channel = await newChannel()
    await channel.apply()
    await untilReady(channel)
    const versions = await versionsOf(channel)
    await channel.apply(
      { gateway: { replicas: 2, logLevel: 'warn' }, topic: { partitions: 5 } },
      { ...paused, 'carillon.dev/plan': 'true' },
    )
    const { note, type } = await untilEvent(cluster, channel, 'Planned')
    expect([type, note]).toEqual([
      'Normal',
      `Pods restart, one after the other. Add partitions to topic ${channel.namespace}.news: from 3 to 5. Change Deployment/news-gateway: env[LOG_LEVEL] set to warn.`,
    ])
    await untilQuiet(channel)
    expect([await versionsOf(channel), (await channel.topic())?.partitions]).toEqual([versions, 3])
  })

  it('gets one Event with the plan of each patch, and none twice', async () => {
    const channel = await newChannel()
    await channel.apply()
    await untilReady(channel)
    const versions = await versionsOf(channel)
    const plans = async (): Promise<readonly string[]> =>
      (await eventsOf(cluster, channel)).filter(({ reason }) => reason === 'Planned').map(({ note }) => note)
    await channel.apply({}, { 'carillon.dev/plan': '{"gateway":{"replicas":5}}' })
    await soon(async () => expect(await plans()).toEqual(['No pods restart. Change Deployment/news-gateway: spec.replicas from 2 to 5.']))
    await channel.apply({}, { 'carillon.dev/plan': '{"gateway":{"replicas":5}}', 'example.com/look': 'again' })
    await channel.apply({}, { 'carillon.dev/plan': '{"topic":{"partitions":2}}' })
    await soon(async () => expect(await plans()).toHaveLength(2))
    expect((await plans()).at(-1)).toContain('Not done (PartitionsCannotShrink)')
    await channel.apply({}, { 'carillon.dev/plan': 'what?' })
    await soon(async () => expect(await plans()).toHaveLength(3))
    expect((await plans()).at(-1)).toContain('expected true, or a JSON merge patch of spec')
    await channel.apply({}, { 'carillon.dev/plan': '{"gateway":{"replicas":50},"nope":1}' })
    await soon(async () => expect(await plans()).toHaveLength(4))
    expect((await plans()).at(-1)).toContain('The API server would refuse this. spec.nope is not known')
    await untilQuiet(channel)
    expect([await versionsOf(channel), (await plans()).length]).toEqual([versions, 4])
    await channel.until('Ready', 'True', 'Reconciled')
  })
})
