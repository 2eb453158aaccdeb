import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResourceType } from '../../api/kubernetes.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { changesIn, startRecordingProxy, type RecordingProxy } from '../testing/recording-proxy.ts'
import { operatorUser, startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'
import { classType } from './bad-inputs.ts'

/** The costs of a channel for the API server in docs/cost.md, counted on a real one. */

const type = (group: string, plural: string, kind: string): ResourceType => ({ group, version: 'v1', plural, kind, isNamespaced: true })

/** Kinds of objects of a channel with an Ingress in its namespace, by their creator. */
const counted: Readonly<Record<string, ResourceType>> = {
  ServiceAccount: type('', 'serviceaccounts', 'ServiceAccount'),
  NetworkPolicy: type('networking.k8s.io', 'networkpolicies', 'NetworkPolicy'),
  Service: type('', 'services', 'Service'),
  PodDisruptionBudget: type('policy', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  Deployment: type('apps', 'deployments', 'Deployment'),
  Ingress: type('networking.k8s.io', 'ingresses', 'Ingress'),
  ReplicaSet: type('apps', 'replicasets', 'ReplicaSet'),
  Pod: type('', 'pods', 'Pod'),
  EndpointSlice: type('discovery.k8s.io', 'endpointslices', 'EndpointSlice'),
}

let cluster: TestCluster
let proxy: RecordingProxy
let channel: TestChannel
let page: string

beforeAll(async () => {
  page = await readFile(fileURLToPath(new URL('../../docs/cost.md', import.meta.url)), 'utf8')
  cluster = await startTestCluster({ controllers: ['deployment-controller', 'replicaset-controller', 'endpointslice-controller'] })
  await cluster.apply(classType, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'public' },
    spec: { controller: 'example.com/any' },
  })
  proxy = await startRecordingProxy(cluster.plane)
  await cluster.startOperator({ kubeconfig: proxy.kubeconfig(cluster.plane.userToken(operatorUser)), env: { RESYNC_MS: '5000' } })
  channel = testChannel(cluster, await cluster.makeNamespace())
  await channel.apply({ route: { host: 'app.example.com', className: 'public' } })
})
afterAll(async () => {
  await Promise.all([cluster?.stop(), proxy?.stop()])
})

/** Returns the figure in the page's row of that name, as it is written there. */
function figureOf(row: string): string {
  const line = page.split('\n').find((each) => each.startsWith(`| ${row} |`))
  return line?.split('|')[2]?.trim() ?? `docs/cost.md has no row ${row}`
}

describe('docs/cost.md', () => {
  it('has the number of objects of a channel with an Ingress', async () => {
    const countAll = async (): Promise<Readonly<Record<string, number>>> => {
      const counts = await Promise.all(
        Object.entries(counted).map(
          async ([kind, each]) =>
            [
              kind,
              valueOf(await cluster.api.list(each, { namespace: channel.namespace })).items.filter(
                ({ metadata }) => metadata.name !== 'default',
              ).length,
            ] as const,
        ),
      )
      return Object.fromEntries(counts)
    }
    await expect.poll(async () => (await channel.status()).replicas, { timeout: 60_000 }).toBe(2)
    await expect.poll(countAll, { timeout: 60_000 }).toEqual({
      ServiceAccount: 1,
      NetworkPolicy: 1,
      Service: 1,
      PodDisruptionBudget: 1,
      Deployment: 1,
      Ingress: 1,
      ReplicaSet: 1,
      Pod: 2,
      EndpointSlice: 1,
    })
    expect(figureOf('objects of the API server')).toMatch(/^11: the channel, 6 that .*, and a ReplicaSet, 2 pods and an EndpointSlice/)
  })

  it('has the requests of a reconcile without changes', async () => {
    const namespaced = (): readonly string[] =>
      proxy.requests
        .filter(({ path, verb }) => verb === 'get' && path.includes(`/namespaces/${channel.namespace}/`))
        .map(({ path }) => path)
    await expect.poll(async () => (await channel.status()).replicas, { timeout: 60_000 }).toBe(2)
    // The pods of this cluster never run, so each reconcile reads them, too. A reconcile starts with the read of the channel.
    const looks = (): number => namespaced().filter((path) => path.includes('/realtimechannels/')).length
    const before = { looks: looks(), reads: namespaced().length, changes: changesIn(proxy.requests).length }
    await expect.poll(looks, { timeout: 60_000 }).toBeGreaterThanOrEqual(before.looks + 4)
    const after = namespaced().slice(before.reads)
    const kinds = new Set(after.map((path) => path.replace(/\?.*/, '')))
    expect(kinds.size).toBe(7)
    expect(figureOf('requests of a reconcile without a change')).toMatch(/^7 reads of objects and one .* Kafka; no write$/)
    expect(changesIn(proxy.requests).length).toBe(before.changes)
  })
})
