import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderCustomResourceDefinition } from '../../api/v1alpha1/crd.ts'
import { apiVersion, channelKind, channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { smallestSpec } from '../testing/channel-builders.ts'
import { installGatewayApi } from '../testing/install-gateway-api.ts'
import { untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

const definitionType: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
}

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
  await cluster.startOperator()
})
afterAll(() => cluster?.stop())

const messageOf = async (channel: TestChannel): Promise<string> =>
  (await channel.status()).conditions?.find(({ type }) => type === 'Ready')?.message ?? ''

/** The operator's own definition, with an additional field. */
function newerDefinition(): KubernetesObject {
  const definition = JSON.parse(JSON.stringify(renderCustomResourceDefinition())) as {
    spec: { versions: [{ schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, unknown> } } } } }] }
  } // rendered with one version
  definition.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties['futureField'] = {
    type: 'string',
    description: 'Of a later release.',
  }
  return definition as unknown as KubernetesObject // a definition is an object, too
}

describe('a definition of another release', () => {
  it('is reported while it is installed', async () => {
    const channel = testChannel(cluster, await cluster.makeNamespace())
    await cluster.apply(definitionType, newerDefinition())
    const object: KubernetesObject = {
      apiVersion,
      kind: channelKind,
      metadata: { name: channel.name, namespace: channel.namespace },
      spec: { ...smallestSpec, futureField: 'x' },
    }
    await expect
      .poll(async () => (await cluster.api.apply(channelType, object, { fieldManager: 'kubectl', force: true })).ok, { timeout: 60_000 })
      .toBe(true)
    await untilReady(channel)
    await expect.poll(() => messageOf(channel), { timeout: 60_000 }).toContain('spec.futureField')
    await cluster.apply(definitionType, renderCustomResourceDefinition() as unknown as KubernetesObject)
    await expect.poll(async () => JSON.stringify((await channel.get())['spec']), { timeout: 60_000 }).not.toContain('futureField')
    await expect.poll(() => messageOf(channel), { timeout: 120_000 }).toBe('All is as the channel asks.')
  }, 240_000)
})

describe('the Gateway API of another version', () => {
  it('is distinguished from a missing one', async () => {
    const channel = testChannel(cluster, await cluster.makeNamespace())
    await installGatewayApi(cluster.plane, 'v1beta1')
    await channel.apply({ route: { type: 'HTTPRoute', host: 'app.example.com', parentRefs: [{ name: 'edge' }] } })
    expect(await channel.until('RouteReady', 'False', 'GatewayApiNotInstalled')).toContain(
      'this cluster serves v1beta1 of the Gateway API, not v1. Install Gateway API 1.0 or later',
    )
  })
})
