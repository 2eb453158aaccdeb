import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

/** What docs/backup.md says of channels that are put back. */

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
  await cluster.startOperator()
})
afterAll(() => cluster?.stop())

interface Kept {
  readonly channel: TestChannel
  /** As `kubectl get --output yaml` shows it. */
  readonly object: KubernetesObject
}

/** A channel that was Ready, is kept, and is gone; its topic is there. */
async function keptChannel(): Promise<Kept> {
  const channel = testChannel(cluster, await cluster.makeNamespace())
  await channel.apply({ topic: { retention: '1h' } })
  await untilReady(channel)
  const object = await channel.get()
  valueOf(await cluster.api.delete(channelType, channel, { propagation: 'Background' }))
  await expect.poll(async () => (await cluster.api.get(channelType, channel)).ok, { timeout: 60_000 }).toBe(false)
  await expect.poll(() => channel.child('Deployment'), { timeout: 60_000 }).toBe(null)
  return { channel, object }
}

const patch = (path: string, body: object): Promise<{ readonly code: number }> =>
  askCluster(cluster.plane, { method: 'PATCH', path, contentType: 'application/merge-patch+json', body })

/** As a backup tool does: without what only the API server may say. */
async function putBack({ object }: Kept, annotations: Readonly<Record<string, string>> = {}): Promise<void> {
  const { name, namespace = '' } = object.metadata
  valueOf(
    await cluster.api.create(channelType, {
      apiVersion: object.apiVersion,
      kind: object.kind,
      metadata: { name, namespace, annotations },
      spec: object['spec'],
    }),
  )
}

/** Paused, so that the status is there when the operator begins. */
async function putBackWithStatus(kept: Kept, status: object): Promise<void> {
  const { name, namespace = '' } = kept.object.metadata
  const path = `/apis/carillon.dev/v1alpha1/namespaces/${namespace}/realtimechannels/${name}`
  await putBack(kept, { 'carillon.dev/paused': 'true' })
  await kept.channel.until('Ready', 'Unknown', 'Paused')
  expect((await patch(`${path}/status`, { status })).code).toBe(200)
  expect((await patch(path, { metadata: { annotations: { 'carillon.dev/paused': null } } })).code).toBe(200)
}

const topicOf = async ({ channel }: Kept): Promise<unknown> => (await channel.status()).topic

describe('a channel that is put back without its status', () => {
  it('adopts its topic with all its records, and is the same to browsers: its pods are told the same epoch', async () => {
    const kept = await keptChannel()
    const before = kept.object['status'] as { readonly topic: { readonly id: string } } // the operator wrote it
    await putBack(kept)
    await untilReady(kept.channel)
    expect(await topicOf(kept)).toMatchObject({ id: before.topic.id, origin: 'Adopted' })
    expect(JSON.stringify(await kept.channel.child('Deployment'))).toContain(before.topic.id)
  })

  it('says what differs of a topic that was changed meanwhile, and changes nothing of it', async () => {
    const kept = await keptChannel()
    expect((await cluster.topics.growPartitions(`${kept.channel.namespace}.news`, 7)).ok).toBe(true)
    await putBack(kept)
    expect(await kept.channel.until('TopicReady', 'False', 'TopicNotOurs')).toContain('7')
    expect(await kept.channel.topic()).toMatchObject({ partitions: 7 })
  })

  it('makes its topic anew where Kafka has lost it', async () => {
    const kept = await keptChannel()
    expect((await cluster.topics.delete(`${kept.channel.namespace}.news`)).ok).toBe(true)
    await putBack(kept)
    await untilReady(kept.channel)
    expect(await topicOf(kept)).toMatchObject({ origin: 'Created' })
  })
})

describe('a channel that is put back with its status', () => {
  it('knows again that it created its topic, when the status comes before the operator looks', async () => {
    const kept = await keptChannel()
    await putBackWithStatus(kept, kept.object['status'] as object)
    await untilReady(kept.channel)
    expect(await topicOf(kept)).toMatchObject({ origin: 'Created' })
  })

  it('waits for consent where Kafka is another, and makes nothing there', async () => {
    const kept = await keptChannel()
    const { topic } = kept.object['status'] as { readonly topic: object } // the operator wrote it
    expect((await cluster.topics.delete(`${kept.channel.namespace}.news`)).ok).toBe(true)
    await putBackWithStatus(kept, { topic: { ...topic, clusterId: 'another' } })
    expect(await kept.channel.until('TopicReady', 'False', 'TopicMissing')).toContain('carillon.dev/recreate-topic')
    expect(await kept.channel.topic()).toBe(null)
  })
})
