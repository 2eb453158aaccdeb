import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

/** The statements of docs/backup.md about channels that are restored. */

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
  await cluster.startOperator()
})
afterAll(() => cluster?.stop())

interface Kept {
  readonly channel: TestChannel
  /** The channel as `kubectl get --output yaml` shows it. */
  readonly object: KubernetesObject
}

/** Makes a channel that was Ready, was saved, and is gone. Its topic exists. */
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

/** Restores as a backup tool does: without the fields that only the API server sets. */
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

/** Restores paused, so that the status exists when the operator starts. */
async function putBackWithStatus(kept: Kept, status: object): Promise<void> {
  const { name, namespace = '' } = kept.object.metadata
  const path = `/apis/carillon.dev/v1alpha1/namespaces/${namespace}/realtimechannels/${name}`
  await putBack(kept, { 'carillon.dev/paused': 'true' })
  await kept.channel.until('Ready', 'Unknown', 'Paused')
  expect((await patch(`${path}/status`, { status })).code).toBe(200)
  expect((await patch(path, { metadata: { annotations: { 'carillon.dev/paused': null } } })).code).toBe(200)
}

const topicOf = async ({ channel }: Kept): Promise<unknown> => (await channel.status()).topic

describe('a channel that is restored without its status', () => {
  it('adopts its topic with all its records, and keeps its epoch, so that browsers notice nothing', async () => {
    const kept = await keptChannel()
    const before = kept.object['status'] as { readonly topic: { readonly id: string } } // written by the operator
    await putBack(kept)
    await untilReady(kept.channel)
    expect(await topicOf(kept)).toMatchObject({ id: before.topic.id, origin: 'Adopted' })
    expect(JSON.stringify(await kept.channel.child('Deployment'))).toContain(before.topic.id)
  })

  it('reports the differences of a topic that was changed in the meantime, and does not change it', async () => {
    const kept = await keptChannel()
    expect((await cluster.topics.growPartitions(`${kept.channel.namespace}.news`, 7)).ok).toBe(true)
    await putBack(kept)
    expect(await kept.channel.until('TopicReady', 'False', 'TopicNotOurs')).toContain('7')
    expect(await kept.channel.topic()).toMatchObject({ partitions: 7 })
  })

  it('creates its topic again when Kafka has lost it', async () => {
    const kept = await keptChannel()
    expect((await cluster.topics.delete(`${kept.channel.namespace}.news`)).ok).toBe(true)
    await putBack(kept)
    await untilReady(kept.channel)
    expect(await topicOf(kept)).toMatchObject({ origin: 'Created' })
  })
})

describe('a channel that is restored with its status', () => {
  it('knows that it created its topic, when the status is restored before the operator reconciles', async () => {
    const kept = await keptChannel()
    await putBackWithStatus(kept, kept.object['status'] as object)
    await untilReady(kept.channel)
    expect(await topicOf(kept)).toMatchObject({ origin: 'Created' })
  })

  it('waits for consent when its Kafka is another one, and creates nothing there', async () => {
    const kept = await keptChannel()
    const { topic } = kept.object['status'] as { readonly topic: object } // written by the operator
    expect((await cluster.topics.delete(`${kept.channel.namespace}.news`)).ok).toBe(true)
    await putBackWithStatus(kept, { topic: { ...topic, clusterId: 'another' } })
    expect(await kept.channel.until('TopicReady', 'False', 'TopicMissing')).toContain('carillon.dev/recreate-topic')
    expect(await kept.channel.topic()).toBe(null)
  })
})
