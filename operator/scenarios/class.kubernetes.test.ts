import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { smallClassExample } from '../../api/v1alpha1/examples.ts'
import { classType, type RealtimeChannelClassSpec } from '../../api/v1alpha1/realtime-channel-class.ts'
import { apiVersion, channelKind, channelType, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { aClass } from '../testing/class-builders.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { smallestSpec } from '../testing/channel-builders.ts'
import { isMissing } from '../reconcile/topic/topic-admin.ts'
import { renderRoles } from '../permissions.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { kstatusOfChannel, soon, untilEvent, untilReady, untilSeen } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

/**
 * Classes between a real API server and a real Kafka: their defaults, their bounds, their errors, and the effects on channels.
 */

const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }
const ingressClassType: ResourceType = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingressclasses',
  kind: 'IngressClass',
  isNamespaced: false,
}
const withoutRights = 'operator-without-rights-of-the-cluster'

let cluster: TestCluster
let operator: OperatorProcess
beforeAll(async () => {
  cluster = await startTestCluster({ classes: [], users: [withoutRights] })
  await cluster.apply(ingressClassType, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'public', annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
    spec: { controller: 'example.com/any' },
  })
  operator = await cluster.startOperator({ env: { RESYNC_MS: '2000' } })
})
afterAll(() => cluster?.stop())

const classNames = new Set<string>()

async function makeClass(name: string, spec: RealtimeChannelClassSpec, isDefault = false): Promise<void> {
  classNames.add(name)
  const { uid: _uid, ...metadata } = aClass({ name, isDefault }).metadata
  await cluster.apply(classType, { ...aClass({ name, ...spec }), metadata } as unknown as KubernetesObject) // a class is an object, too
}

async function deleteClass(name: string): Promise<void> {
  classNames.delete(name)
  valueOf(await cluster.api.delete(classType, { namespace: '', name }, {}))
}

afterEach(async () => {
  for (const name of classNames) await deleteClass(name)
})

const newChannel = async (name?: string): Promise<TestChannel> => testChannel(cluster, await cluster.makeNamespace(), name)

/** A channel that sets only the given fields. */
async function applyOnly({ namespace, name }: TestChannel, spec: RealtimeChannelSpec): Promise<void> {
  await cluster.apply(channelType, { apiVersion, kind: channelKind, metadata: { name, namespace }, spec })
}

const auth = smallestSpec.auth ?? {}

describe('a channel and its class', () => {
  it('of five lines is Ready under a good class, and its status has the effective values', async () => {
    await makeClass('default', smallClassExample.spec, true)
    const channel = await newChannel()
    await applyOnly(channel, {})
    await untilReady(channel)
    expect(await channel.status()).toMatchObject({
      className: 'default',
      host: `${channel.namespace}.apps.example.com`,
      brokers: cluster.kafka.brokers,
      topic: { name: `${channel.namespace}.news` },
      url: `wss://${channel.namespace}.apps.example.com/wss/news/v1/ws`,
    })
    expect((await channel.get())['spec']).not.toHaveProperty('route')
  })

  it('has closed bounds without a class, and the brokers of the operator', async () => {
    const channel = await newChannel()
    await channel.apply({ route: { host: 'console.example.com' }, gateway: { image: 'evil.example/carillon:1' } })
    const message = await channel.until('Ready', 'False', 'NotAllowedByClass')
    expect(message).toContain('spec.route.host is console.example.com, and a channel without a class may have none (spec.allowed.hosts).')
    expect(message).toContain('spec.gateway.image is evil.example/carillon:1')
    expect(await kstatusOfChannel(channel)).toBe('Failed')
    expect([await channel.child('Deployment'), await channel.child('Service'), await channel.topic()]).toEqual([null, null, null])
    await untilEvent(cluster, channel, 'NotAllowedByClass')
    await channel.apply({})
    await untilReady(channel)
    expect(await channel.status()).not.toHaveProperty('className')
  })

  it('reports a value that neither sets, and both places where it can be set', async () => {
    await makeClass('default', { defaults: { auth: { issuer: 'https://sso.example.com' } } }, true)
    const channel = await newChannel()
    await applyOnly(channel, {})
    const message = await channel.until('Ready', 'False', 'SpecIncomplete')
    expect(message).toContain('spec.auth.jwks is missing')
    expect(message).toMatch(/Set it in the channel, or in spec\.defaults of its class\.$/)
    await applyOnly(channel, { auth })
    await untilReady(channel)
  })

  it('is applied again when its class changes, and keeps running when a bound becomes tighter', async () => {
    await makeClass(
      'default',
      { defaults: { auth, gateway: { resources: { requests: { cpu: '150m' } } } }, allowed: { hosts: ['*.example.com'] } },
      true,
    )
    const channel = await newChannel()
    await applyOnly(channel, { route: { host: 'console.example.com' }, topic: { deletionPolicy: 'Delete' } })
    await untilReady(channel)
    await makeClass(
      'default',
      { defaults: { auth, gateway: { resources: { requests: { cpu: '250m' } } } }, allowed: { hosts: ['*.example.com'] } },
      true,
    )
    await soon(async () => expect(JSON.stringify(await channel.child('Deployment'))).toContain('"cpu":"250m"'))
    await untilReady(channel)
    const before = await childrenOf(channel)
    await makeClass(
      'default',
      { defaults: { auth, gateway: { resources: { requests: { cpu: '350m' } } } }, allowed: { topics: ['NAMESPACE.NAME'] } },
      true,
    )
    const message = await channel.until('Ready', 'False', 'NotAllowedByClass')
    expect(message).toContain('the class default allows none (spec.allowed.hosts)')
    expect(message).toContain('spec.topic.deadLetters.name is')
    expect(await childrenOf(channel)).toEqual(before)
    expect(await channel.topic()).not.toBeNull()
    expect((await channel.status()).conditions?.find(({ type }) => type === 'GatewayAvailable')).toMatchObject({ status: 'True' })
    await makeClass(
      'default',
      { defaults: { auth, gateway: { resources: { requests: { cpu: '350m' } } } }, allowed: { hosts: ['console.example.com'] } },
      true,
    )
    await untilReady(channel)
    expect(JSON.stringify(await channel.child('Deployment'))).toContain('"cpu":"350m"')
  })

  it('causes no write in resyncs while nothing changes', async () => {
    await makeClass(
      'default',
      { defaults: { auth }, allowed: { namespaces: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'Exists' }] } } },
      true,
    )
    const [good, bad] = [await newChannel(), await newChannel()]
    await applyOnly(good, {})
    await applyOnly(bad, { topic: { partitions: 100 } })
    await untilReady(good)
    await bad.until('Ready', 'False', 'NotAllowedByClass')
    const before = [await good.versions(), await bad.versions()]
    const reads = await reconciles()
    // Each of the two was reconciled twice more.
    await soon(async () => expect(await reconciles()).toBeGreaterThanOrEqual(reads + 2 * (await channels())))
    expect([await good.versions(), await bad.versions()]).toEqual(before)
  })
})

async function reconciles(): Promise<number> {
  const samples = await operator.metrics()
  return [...samples].filter(([text]) => text.startsWith('controller_runtime_reconcile_total{')).reduce((sum, [, value]) => sum + value, 0)
}

async function channels(): Promise<number> {
  return valueOf(await cluster.api.list(channelType, {})).items.length
}

/** Returns the version of every child: an unchanged version means no write. */
async function childrenOf(channel: TestChannel): Promise<Readonly<Record<string, string>>> {
  const { RealtimeChannel: _channel, ...children } = await channel.versions()
  return children
}

describe('a class that cannot be used', () => {
  it('because it was deleted leaves its channels running, and is reported in them', async () => {
    await makeClass('edge', { defaults: { auth }, allowed: { hosts: ['*.example.com'] } })
    const channel = await newChannel()
    await applyOnly(channel, { className: 'edge', route: { host: 'edge.example.com' } })
    await untilReady(channel)
    const before = await childrenOf(channel)
    await deleteClass('edge')
    expect(await channel.until('Ready', 'False', 'ClassNotFound')).toContain(
      'The RealtimeChannelClass edge does not exist. Create it, or set another spec.className.',
    )
    expect(await childrenOf(channel)).toEqual(before)
    expect(await channel.topic()).not.toBeNull()
    await makeClass('edge', { defaults: { auth }, allowed: { hosts: ['*.example.com'] } })
    await untilReady(channel)
    expect(await childrenOf(channel)).toEqual(before)
  })

  it('because there are two default classes is used by no channel, until one default is left', async () => {
    await makeClass('one', { defaults: { auth } }, true)
    await makeClass('two', { defaults: { auth } }, true)
    const channel = await newChannel()
    await applyOnly(channel, {})
    expect(await channel.until('Ready', 'False', 'DefaultClassAmbiguous')).toContain('2 classes are the default one: one, two.')
    expect(await channel.child('Deployment')).toBeNull()
    await makeClass('two', { defaults: { auth } })
    await untilReady(channel)
    expect(await channel.status()).toMatchObject({ className: 'one' })
  })

  it('because of its pattern is refused by the API server', async () => {
    const { uid: _uid, ...metadata } = aClass({ name: 'wrong' }).metadata
    const refused = await cluster.api.create(classType, {
      ...aClass(),
      metadata,
      spec: { allowed: { hosts: ['NAMESPACE-*.example.com'] } },
    } as unknown as KubernetesObject)
    expect(refused).toMatchObject({
      ok: false,
      error: { kind: 'invalid', message: expect.stringContaining('may give one thing to two namespaces') },
    })
  })

  it('because its default breaks a rule together with the channel is reported with the rule', async () => {
    await makeClass('default', { defaults: { auth, replay: { window: '2h' } } }, true)
    const channel = await newChannel()
    await applyOnly(channel, { topic: { retention: '1h' } })
    const message = await channel.until('Ready', 'False', 'SpecInvalid')
    expect(message).toContain('topic.retention must be at least replay.window')
    expect(message).toContain('in spec.defaults of its class')
    expect(await channel.topic()).toBeNull()
  })

  it('because its defaults exceed its own bounds is reported with the bound', async () => {
    await makeClass('default', { defaults: { auth, topic: { partitions: 12 } }, allowed: { maxPartitions: 6 } }, true)
    const channel = await newChannel()
    await applyOnly(channel, {})
    expect(await channel.until('Ready', 'False', 'NotAllowedByClass')).toContain(
      'spec.topic.partitions is 12, and the class default allows 6 at most (spec.allowed.maxPartitions).',
    )
    await applyOnly(channel, { topic: { partitions: 6 } })
    await untilReady(channel)
  })
})

describe('a channel that its class does not allow', () => {
  it('because of its namespace is refused, and accepted when the namespace is labelled', async () => {
    await makeClass('edge', { defaults: { auth }, allowed: { namespaces: { matchLabels: { 'example.com/edge': 'true' } } } })
    const channel = await newChannel()
    await applyOnly(channel, { className: 'edge' })
    expect(await channel.until('Ready', 'False', 'NotAllowedByClass')).toContain(
      `The class edge is not for the namespace ${channel.namespace}`,
    )
    expect(await channel.child('Deployment')).toBeNull()
    valueOf(
      await cluster.api.mergePatch(
        namespaceType,
        { namespace: '', name: channel.namespace },
        { metadata: { labels: { 'example.com/edge': 'true' } } },
      ),
    )
    await untilReady(channel)
  })

  it('because the name of its namespace extends another one with a dash gets no topic of the other', async () => {
    await makeClass(
      'default',
      { defaults: { auth }, allowed: { hosts: ['NAMESPACE.apps.example.com'], topics: ['NAMESPACE.*'], pathPrefixes: ['/NAMESPACE'] } },
      true,
    )
    const [short, long] = ['dash', 'dash-ed']
    for (const name of [short, long])
      valueOf(await cluster.api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
    const specOf = (of: string): RealtimeChannelSpec => ({
      topic: { name: `${of}.news` },
      route: { host: `${of}.apps.example.com`, paths: { socket: `/${of}/live`, api: `/${of}` } },
    })
    const [own, theirs, reverse] = [
      testChannel(cluster, long, 'own'),
      testChannel(cluster, long, 'theirs'),
      testChannel(cluster, short, 'reverse'),
    ]
    await applyOnly(own, specOf(long))
    await applyOnly(theirs, specOf(short))
    await applyOnly(reverse, specOf(long))
    await untilReady(own)
    for (const channel of [theirs, reverse]) {
      const message = await channel.until('Ready', 'False', 'NotAllowedByClass')
      for (const field of ['spec.topic.name', 'spec.route.host', 'spec.route.paths.socket', 'spec.route.paths.api'])
        expect(message).toContain(field)
    }
  })

  it('and lost its status in a restore gets its topic back', async () => {
    await makeClass('default', { defaults: { auth }, allowed: { hosts: ['*.example.com'] } }, true)
    const channel = await newChannel()
    await applyOnly(channel, { route: { host: 'restored.example.com' } })
    await untilReady(channel)
    const before = await childrenOf(channel)
    const { namespace, name } = channel
    const path = `/apis/carillon.dev/v1alpha1/namespaces/${namespace}/realtimechannels/${name}/status`
    expect(
      await askCluster(cluster.plane, { method: 'PATCH', path, body: { status: null }, contentType: 'application/merge-patch+json' }),
    ).toMatchObject({ code: 200 })
    await soon(async () =>
      expect(await channel.status()).toMatchObject({
        className: 'default',
        host: 'restored.example.com',
        topic: { name: `${namespace}.news` },
      }),
    )
    await untilReady(channel)
    expect(await childrenOf(channel)).toEqual(before)
  })

  it('and is refused may still be paused and deleted', async () => {
    const channel = await newChannel()
    await channel.apply({ topic: { partitions: 100, deletionPolicy: 'Delete' } })
    await channel.until('Ready', 'False', 'NotAllowedByClass')
    await channel.apply({ topic: { partitions: 100, deletionPolicy: 'Delete' } }, { 'carillon.dev/paused': 'true' })
    await channel.until('Ready', 'Unknown', 'Paused')
    valueOf(await cluster.api.delete(channelType, channel, {}))
    await soon(async () => expect(await cluster.api.get(channelType, channel)).toMatchObject({ ok: false, error: { kind: 'not-found' } }))
  })
})

describe('an operator that was off', () => {
  it('lets a namespace go that was deleted in the meantime, with the topic that the class lets it delete', async () => {
    await makeClass('default', { defaults: { auth, topic: { deletionPolicy: 'Delete' } } }, true)
    const channel = await newChannel()
    await applyOnly(channel, {})
    await untilReady(channel)
    await soon(async () => expect((await channel.get()).metadata.finalizers).toEqual(['carillon.dev/topic']))
    await operator.kill()
    valueOf(await cluster.api.delete(namespaceType, { namespace: '', name: channel.namespace }, {}))
    operator = await cluster.startOperator({ env: { RESYNC_MS: '2000' } })
    await soon(async () =>
      expect(await cluster.api.get(namespaceType, { namespace: '', name: channel.namespace })).toMatchObject({
        ok: false,
        error: { kind: 'not-found' },
      }),
    )
    await soon(async () => expect(await isThereTopicOf(channel)).toBe(false))
  })

  it('keeps the topic of a channel whose class was deleted as well, and lets the channel go', async () => {
    await makeClass('edge', { defaults: { auth, topic: { deletionPolicy: 'Delete' } } })
    const channel = await newChannel()
    await applyOnly(channel, { className: 'edge', topic: { deletionPolicy: 'Delete' } })
    await untilReady(channel)
    await operator.kill()
    await deleteClass('edge')
    valueOf(await cluster.api.delete(channelType, channel, {}))
    operator = await cluster.startOperator({ env: { RESYNC_MS: '2000' } })
    await soon(async () => expect(await cluster.api.get(channelType, channel)).toMatchObject({ ok: false, error: { kind: 'not-found' } }))
    expect(await isThereTopicOf(channel)).toBe(true)
  })
})

describe('a tenant that may write channels, and their finalizers', () => {
  it('deletes no topic by naming a class that is not for its namespace when the channel goes', async () => {
    await makeClass('default', { defaults: { auth }, allowed: { deletion: 'Never' } }, true)
    await makeClass('edge', { defaults: { auth }, allowed: { namespaces: { matchLabels: { 'example.com/edge': 'true' } } } })
    const channel = await newChannel()
    await applyOnly(channel, {})
    await untilReady(channel)
    valueOf(
      await cluster.api.mergePatch(channelType, channel, {
        metadata: { finalizers: ['carillon.dev/topic'] },
        spec: { className: 'edge', topic: { deletionPolicy: 'Delete' } },
      }),
    )
    valueOf(await cluster.api.delete(channelType, channel, {}))
    await soon(async () => expect(await cluster.api.get(channelType, channel)).toMatchObject({ ok: false, error: { kind: 'not-found' } }))
    expect(await isThereTopicOf(channel)).toBe(true)
  })
})

describe('channels of an earlier release, which had no classes', () => {
  it('keep their routes when their class is created after the start of the operator', async () => {
    const namespace = await cluster.makeNamespace()
    const [has, wants] = [testChannel(cluster, namespace, 'b'), testChannel(cluster, namespace, 'a')] // The younger one is first in the list.
    const route = { host: 'upgrade.example.com', paths: { socket: '/live', api: '/events' } }
    await operator.kill()
    await applyOnly(has, { route })
    const path = `/apis/carillon.dev/v1alpha1/namespaces/${namespace}/realtimechannels/${has.name}/status`
    const said = { url: 'ws://upgrade.example.com/live/v1/ws', apiUrl: 'http://upgrade.example.com/events/v1' }
    expect(
      await askCluster(cluster.plane, { method: 'PATCH', path, body: { status: said }, contentType: 'application/merge-patch+json' }),
    ).toMatchObject({ code: 200 })
    await soon(async () => expect(Date.now()).toBeGreaterThan(Date.parse((await has.get()).metadata.creationTimestamp ?? '') + 1_000))
    await applyOnly(wants, { route })
    // A change of a class is applied to its channels 50 ms apart. The younger one is planned 2 s before the older one is reconciled.
    for (let index = 10; index < 50; index += 1)
      await applyOnly(testChannel(cluster, namespace, `a-${index}`), { topic: { partitions: 100 } })
    operator = await cluster.startOperator({ env: { RESYNC_MS: '600000' } })
    for (const channel of [has, wants]) await channel.until('Ready', 'False', 'SpecIncomplete')
    await makeClass('default', { defaults: { auth }, allowed: { hosts: ['*.example.com'], pathPrefixes: ['/live', '/events'] } }, true)
    expect(await wants.until('RouteReady', 'False', 'RouteClaimed')).toContain(`which the channel ${namespace}/b has`)
    await untilReady(has)
    expect(await has.status()).toMatchObject({ ...said, route: { host: route.host, ...route.paths } })
  })
})

/** Returns true if the topic exists, also when the channel is gone. */
async function isThereTopicOf({ namespace, name }: TestChannel): Promise<boolean> {
  const described = await cluster.topics.describe(`${namespace}.${name}`)
  if (!described.ok) throw new Error(described.error.detail)
  return !isMissing(described.value)
}

describe('an operator without cluster-wide rights', () => {
  it('uses the one class of a file', async () => {
    await operator.kill()
    const namespace = await cluster.makeNamespace()
    for (const object of renderRoles({
      name: withoutRights,
      namespace: 'default',
      watchNamespaces: [namespace],
    }) as readonly KubernetesObject[]) {
      if (object.kind.startsWith('Cluster')) continue
      await cluster.apply(rbacType(object.kind), asUser(object))
    }
    const file = join(cluster.plane.directory, 'class.json')
    await writeFile(file, JSON.stringify(aClass({ name: 'only', defaults: { auth }, allowed: { hosts: ['*.example.com'] } })))
    await makeClass('default', { allowed: { maxReplicas: 1 } }, true)
    operator = await cluster.startOperator({
      kubeconfig: cluster.plane.userKubeconfig(withoutRights),
      env: { CLASS_FILE: file, NAMESPACES: namespace },
    })
    const [channel, other] = [testChannel(cluster, namespace), testChannel(cluster, namespace, 'other')]
    await applyOnly(channel, { route: { host: 'only.example.com', className: 'public' } })
    await untilSeen(channel)
    await soon(async () => expect(await channel.status()).toMatchObject({ className: 'only', host: 'only.example.com' }))
    expect(await channel.child('Deployment')).not.toBeNull()
    await applyOnly(other, { className: 'default' })
    expect(await other.until('Ready', 'False', 'ClassNotFound')).toContain(
      'this operator has one class, only, from its options (CLASS_FILE)',
    )
  })
})

const rbacType = (kind: string): ResourceType => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: `${kind.toLowerCase()}s`,
  kind,
  isNamespaced: true,
})

/** Binds roles for a service account to a user: operators of tests are users. */
function asUser(object: KubernetesObject): KubernetesObject {
  const { subjects } = object as { readonly subjects?: unknown }
  return subjects === undefined
    ? object
    : { ...object, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: withoutRights }] }
}
