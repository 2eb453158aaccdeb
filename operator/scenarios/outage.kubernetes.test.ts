import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startKafka, type KafkaBroker } from '../../testing/kafka/kafka-broker.ts'
import { renderCustomResourceDefinition } from '../../api/v1alpha1/crd.ts'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { installChannelType } from '../testing/install-channel-type.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { soon, untilReady, untilSeen } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const serviceType: ResourceType = { group: '', version: 'v1', plural: 'services', kind: 'Service', isNamespaced: true }
const deploymentType: ResourceType = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', isNamespaced: true }

/** A lease that outlives the outages, because other tests cover the hand-over. Topics are read every second. */
const env = { LEASE_DURATION_MS: '180000', RENEW_DEADLINE_MS: '150000', RESYNC_MS: '1000', API_TIMEOUT_MS: '2000' }

/** Waits with a longer deadline: the operator contacts a server that was away with a back-off. */
const inTime = <T>(look: () => Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 60_000, interval: 100 })

let cluster: TestCluster
let operator: OperatorProcess
let namespace: string

beforeAll(async () => {
  cluster = await startTestCluster()
  namespace = await cluster.makeNamespace()
  operator = await cluster.startOperator({ env })
})
afterAll(() => cluster?.stop())

/** Stops the operator in order, so that it releases the Lease. */
async function restartOperator(whileAway: () => Promise<void> = async () => {}): Promise<void> {
  operator.signal('SIGTERM')
  expect(await operator.exited).toEqual({ code: 0, signal: null })
  await whileAway()
  operator = await cluster.startOperator({ env })
}

async function aChannel(name: string, ...given: Parameters<TestChannel['apply']>): Promise<TestChannel> {
  const channel = testChannel(cluster, namespace, name)
  await channel.apply(...given)
  await untilReady(channel)
  return channel
}

const remove = async (channel: TestChannel): Promise<void> => valueOf(await cluster.api.delete(channelType, channel, {}))
const isGone = async (channel: TestChannel): Promise<boolean> => !(await cluster.api.get(channelType, channel)).ok
async function hasTopic({ name }: TestChannel): Promise<boolean> {
  const found = await cluster.topics.describe(`${namespace}.${name}`)
  return found.ok && 'partitions' in found.value
}
const messages = (): readonly unknown[] => operator.lines.map(({ msg }) => msg)
const timesSaid = (message: string): number => messages().filter((said) => said === message).length

describe('an API server', () => {
  it('that dies and comes back without its history leaves the operator alive, which catches up with all changes', async () => {
    const [edited, deleted] = [await aChannel('edited'), await aChannel('deleted')]
    await cluster.plane.kill()
    await inTime(async () => expect(messages()).toContain('watch failed'))
    expect(await operator.probe('/livez')).toBe(200)
    await cluster.plane.restart()
    // This change happens during the back-off of the operator, so no watch reports it.
    await Promise.all([edited.apply({ topic: { partitions: 5 } }), remove(deleted), testChannel(cluster, namespace, 'new').apply()])
    await cluster.plane.compact()
    await inTime(async () =>
      expect([await edited.topic(), await isGone(deleted), await testChannel(cluster, namespace, 'new').child('Deployment')]).toMatchObject(
        [{ partitions: 5 }, true, {}],
      ),
    )
    expect(messages()).toContain('watch recovered')
    expect(await operator.probe('/livez')).toBe(200)
  })

  it('that is silent for a while with open connections is retried until it responds', async () => {
    const channel = await aChannel('waiting')
    const failed = timesSaid('reconcile failed')
    cluster.plane.pause()
    const applied = channel.apply({ topic: { partitions: 4 } })
    // Longer than the time limit of a call: resyncs fail, and the next ones wait in their back-off.
    await soon(() => expect(timesSaid('reconcile failed')).toBeGreaterThan(failed))
    expect(await operator.probe('/livez')).toBe(200)
    cluster.plane.resume()
    await applied
    await inTime(async () => expect(await channel.topic()).toMatchObject({ partitions: 4 }))
    await channel.until('Ready', 'True', 'Reconciled')
  })
})

describe('Kafka', () => {
  let other: KafkaBroker
  beforeAll(async () => {
    other = await startKafka()
  })
  afterAll(() => other?.stop())

  it('that dies affects no pod and no channel of another cluster, and channels recover when it is back', async () => {
    const hit = await aChannel('hit')
    const spared = await aChannel('spared', { kafka: { bootstrapServers: [...other.brokers] } })
    const { Deployment: before } = await hit.versions()
    await cluster.kafka.kill()
    expect(await hit.until('TopicReady', 'False', 'KafkaUnreachable')).toContain(cluster.kafka.brokers[0])
    const start = performance.now()
    await spared.apply({ kafka: { bootstrapServers: [...other.brokers] }, gateway: { replicas: 3 } })
    await soon(async () => expect(await spared.child('Deployment')).toMatchObject({ spec: { replicas: 3 } }))
    expect(performance.now() - start).toBeLessThan(2_000)
    await untilReady(spared)
    expect((await hit.versions())['Deployment']).toBe(before)
    await cluster.kafka.restart()
    await inTime(() => hit.until('Ready', 'True', 'Reconciled'))
    expect((await hit.versions())['Deployment']).toBe(before)
  })
})

describe('an operator that was away', () => {
  it('applies all changes from its absence, heals edited objects, and completes pending deletions', async () => {
    const retained = await aChannel('retained')
    const pending = await aChannel('pending', { topic: { deletionPolicy: 'Delete' } })
    const changed = await aChannel('changed')
    const broken = await aChannel('broken')
    const edited = await aChannel('by-hand')
    await restartOperator(async () => {
      await Promise.all([
        remove(retained),
        remove(pending),
        changed.apply({ gateway: { replicas: 4 }, topic: { config: { 'max.message.bytes': '2000000' } } }),
        testChannel(cluster, namespace, 'made').apply(),
      ])
      valueOf(await cluster.api.delete(serviceType, { namespace, name: 'broken-gateway' }, {}))
      valueOf(await cluster.api.mergePatch(deploymentType, { namespace, name: 'by-hand-gateway' }, { spec: { replicas: 9 } }))
      // No operator deletes its topic yet.
      await inTime(async () => expect([await isGone(retained), await isGone(pending)]).toEqual([true, false]))
    })
    await inTime(async () =>
      expect([await isGone(pending), await hasTopic(pending), await hasTopic(retained)]).toEqual([true, false, true]),
    )
    await inTime(async () => expect(await changed.child('Deployment')).toMatchObject({ spec: { replicas: 4 } }))
    await inTime(async () => expect(await changed.topic()).toMatchObject({ config: { 'max.message.bytes': '2000000' } }))
    await inTime(async () =>
      expect([await broken.child('Service'), await testChannel(cluster, namespace, 'made').child('Deployment')]).toMatchObject([{}, {}]),
    )
    await inTime(async () => expect(await edited.child('Deployment')).toMatchObject({ spec: { replicas: 2 } }))
  })
})

/** The fields of a definition that the tests change. */
interface EditedSchema {
  readonly properties: {
    readonly spec: { readonly properties: Record<string, unknown> & { readonly gateway: { readonly properties: Record<string, unknown> } } }
    readonly status: { readonly properties: Record<string, unknown> }
  }
}

type Definition = ReturnType<typeof renderCustomResourceDefinition>

describe('a CustomResourceDefinition', () => {
  /** Replaces the definition by another one. */
  async function change(edit: (schema: EditedSchema) => void): Promise<void> {
    const { body } = await askCluster(cluster.plane, { path: `${definitions}/${channelType.plural}.carillon.dev` })
    const definition = structuredClone(body) as unknown as KubernetesObject & Definition // it was installed from this type
    const [version] = definition.spec.versions
    edit(version?.schema.openAPIV3Schema as unknown as EditedSchema) // our schema has these properties
    const changed = { ...definition, metadata: { ...definition.metadata, annotations: { 'carillon.dev/schema-hash': '0000000000000000' } } }
    const put = await askCluster(cluster.plane, { method: 'PUT', path: `${definitions}/${channelType.plural}.carillon.dev`, body: changed })
    if (put.code >= 300) throw new Error(put.body.message)
  }

  afterEach(async () => {
    const { body } = await askCluster(cluster.plane, { path: `${definitions}/${channelType.plural}.carillon.dev` })
    const version = (body as unknown as KubernetesObject).metadata.resourceVersion
    const own = renderCustomResourceDefinition()
    await askCluster(cluster.plane, {
      method: 'PUT',
      path: `${definitions}/${channelType.plural}.carillon.dev`,
      body: { ...own, metadata: { ...own.metadata, resourceVersion: version } },
    })
  })

  it('that is older than the operator, and lacks a field with a default and a field of the status, works and is reported', async () => {
    await restartOperator(() =>
      change((schema) => {
        delete schema.properties.spec.properties.gateway.properties['drainSeconds']
        delete schema.properties.status.properties['apiUrl']
      }),
    )
    const channel = testChannel(cluster, namespace, 'old-schema')
    await inTime(async () => {
      await channel.apply()
      expect(((await channel.get())['spec'] as { readonly gateway: object }).gateway).not.toHaveProperty('drainSeconds')
    })
    await untilReady(channel)
    expect(await channel.status()).not.toHaveProperty('apiUrl')
    expect(await channel.child('Deployment')).toMatchObject({
      spec: { template: { spec: { terminationGracePeriodSeconds: expect.any(Number) } } },
    })
    expect((await operator.line('CustomResourceDefinition of another version'))['reason']).toContain('0000000000000000')
  })

  it('that is newer, with a field that the operator does not know, works, and the status names the ignored field', async () => {
    await change((schema) => (schema.properties.spec.properties['mesh'] = { type: 'string' }))
    const channel = testChannel(cluster, namespace, 'new-schema')
    await inTime(() => channel.apply({ mesh: 'on' } as object))
    await untilReady(channel)
    expect(await channel.until('Ready', 'True', 'Reconciled')).toContain('Fields that this operator does not know are ignored: spec.mesh.')
  })

  it('that is deleted deletes the channels and leaves the operator alive, which continues when it is back', async () => {
    const before = await aChannel('before', { topic: { deletionPolicy: 'Delete' } })
    expect((await askCluster(cluster.plane, { method: 'DELETE', path: `${definitions}/${channelType.plural}.carillon.dev` })).code).toBe(
      200,
    )
    await inTime(async () =>
      expect((await askCluster(cluster.plane, { path: `${definitions}/${channelType.plural}.carillon.dev` })).code).toBe(404),
    )
    // The status of the channel reported it: the channel was deleted like any other.
    await inTime(async () => expect(await hasTopic(before)).toBe(false))
    await inTime(async () =>
      expect(operator.lines).toContainEqual(
        expect.objectContaining({
          msg: 'resource type not installed',
          resource: 'realtimechannels.carillon.dev',
        }),
      ),
    )
    expect([await operator.probe('/livez'), await operator.probe('/readyz')]).toEqual([200, 200])
    await installChannelType(cluster.plane)
    const after = testChannel(cluster, namespace, 'after')
    await inTime(() => after.apply())
    await inTime(() => untilSeen(after))
    await untilReady(after)
  })
})
