import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { channelLabel } from '../../api/labels.ts'
import { startIpv6Kafka } from '../../testing/kafka/ipv6-kafka.ts'
import { hasIpv6 } from '../../testing/loopback-urls.ts'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { refuseAsOpenShift, serveOpenShift } from '../testing/openshift-rules.ts'
import { soon, untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

/** Clusters with special rules: the rules of OpenShift, and two IP families. */

const bindingType: ResourceType = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  plural: 'clusterrolebindings',
  kind: 'ClusterRoleBinding',
  isNamespaced: false,
}
const podType: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', isNamespaced: true }

interface Security {
  readonly runAsUser?: number
  readonly fsGroup?: number
}

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({
    controllers: ['deployment-controller', 'replicaset-controller'],
    apiServerFlags: ['--service-cluster-ip-range=10.96.0.0/16,fd00:10:96::/112'],
  })
})
afterAll(() => cluster?.stop())

describe('a namespace that assigns users to pods, as on OpenShift', () => {
  /** A CA for the keys is a file, so that pods have a volume with files that they must be able to read. */
  const jwks = { uri: 'https://sso.example.com/keys', caConfigMapRef: { name: 'company-ca' } }
  const auth = { jwks, issuer: 'https://sso.example.com', audience: ['carillon'], allowedOrigins: ['https://app.example.com'] }

  const podsOf = async ({ namespace, name }: TestChannel): Promise<readonly KubernetesObject[]> =>
    valueOf(await cluster.api.list(podType, { namespace, labelSelector: `${channelLabel}=${name}` })).items

  const securityOf = (pod: KubernetesObject | undefined): Security | undefined =>
    (pod?.['spec'] as { readonly securityContext?: Security } | undefined)?.securityContext // a Pod

  const refusalOf = async (channel: TestChannel): Promise<string> => {
    const { conditions = [] } = ((await channel.child('Deployment'))?.['status'] ?? {}) as {
      readonly conditions?: readonly { readonly type: string; readonly message: string }[]
    } // a Deployment
    return conditions.find(({ type }) => type === 'ReplicaFailure')?.message ?? ''
  }

  let namespace: string
  beforeAll(async () => {
    namespace = await cluster.makeNamespace()
    await refuseAsOpenShift(cluster, namespace)
  })

  it("accepts the pods of every channel when the operator's options say that users are assigned", async () => {
    const operator = await cluster.startOperator({ env: { GATEWAY_POD_USER: 'assigned' } })
    const channel = testChannel(cluster, namespace, 'assigned')
    await channel.apply({ auth })
    await soon(async () => expect(await podsOf(channel)).toHaveLength(2))
    valueOf(await cluster.api.delete(channelType, channel, {}))
    operator.signal('SIGTERM')
    await operator.exited
  })

  it('refuses pods with their own user, accepts pods of a channel without one, and all pods when its API is served', async () => {
    const [refused, assigned] = [testChannel(cluster, namespace, 'refused'), testChannel(cluster, namespace, 'assigned')]
    const before = await cluster.startOperator()
    await refused.apply({ auth })
    await assigned.apply({ auth, gateway: { podUser: 'Assigned' } })
    await soon(async () => expect(await refusalOf(refused)).toMatch(/runAsUser: must be in the ranges/))
    await soon(async () => expect(await podsOf(assigned)).toHaveLength(2))
    expect(await podsOf(refused)).toEqual([])
    before.signal('SIGTERM')
    await before.exited

    await serveOpenShift(cluster)
    const after = await cluster.startOperator()
    // One pod more than before, as in every roll-out: an old pod goes when the new one is ready.
    await soon(async () => expect(await podsOf(refused)).not.toEqual([]))
    const [pod] = await podsOf(refused)
    expect(securityOf(pod)).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    expect([securityOf(pod)?.runAsUser, securityOf(pod)?.fsGroup]).toEqual([undefined, undefined])
    // On other clusters an fsGroup lets the pod read the files. Here the group is unknown when the pod is rendered.
    expect(JSON.stringify(pod?.['spec'])).toContain(`"defaultMode":${String(0o444)}`)
    after.signal('SIGTERM')
    await after.exited
  })
})

describe('a cluster that hides its APIs from users', () => {
  it('is reported in new channels, whose topics are created and whose deletion is not delayed', async () => {
    const discovery = { namespace: '', name: 'system:discovery' }
    const { metadata, ...binding } = valueOf(await cluster.api.get(bindingType, discovery))
    valueOf(await cluster.api.delete(bindingType, discovery, {}))
    onTestFinished(async () => void valueOf(await cluster.api.create(bindingType, { ...binding, metadata: { name: metadata.name } })))
    const operator = await cluster.startOperator()
    const channel = testChannel(cluster, await cluster.makeNamespace())
    await channel.apply({ topic: { deletionPolicy: 'Delete' } })
    expect(await channel.until('GatewayAvailable', 'False', 'Forbidden')).toContain('GATEWAY_POD_USER')
    await channel.until('TopicReady', 'True', 'TopicAsAsked')
    expect(await channel.child('Deployment')).toBeNull()
    valueOf(await cluster.api.delete(channelType, channel, {}))
    await soon(async () => expect(await cluster.api.get(channelType, channel)).toMatchObject({ error: { kind: 'not-found' } }))
    operator.signal('SIGTERM')
    await operator.exited
  })
})

describe.skipIf(!hasIpv6())('brokers with IPv6 addresses only', () => {
  it('are reached by the operator, which creates the topic there, and are given to the pods as in the channel', async () => {
    const kafka = await startIpv6Kafka()
    onTestFinished(() => kafka.stop())
    const operator = await cluster.startOperator()
    const channel = testChannel(cluster, await cluster.makeNamespace())
    await channel.apply({ kafka: { bootstrapServers: [kafka.broker] }, gateway: { replicas: 0 } })
    await channel.until('TopicReady', 'True', 'TopicAsAsked')
    await soon(async () =>
      expect(JSON.stringify(await channel.child('Deployment'))).toContain(`{"name":"KAFKA_BROKERS","value":"${kafka.broker}"}`),
    )
    operator.signal('SIGTERM')
    await operator.exited
  })
})

describe('a cluster with two IP families', () => {
  const familiesOf = async (channel: TestChannel): Promise<unknown> => {
    const spec = (await channel.child('Service'))?.['spec'] as
      | { readonly ipFamilyPolicy: string; readonly ipFamilies: readonly string[]; readonly clusterIPs: readonly string[] }
      | undefined // a Service
    return [spec?.ipFamilyPolicy, spec?.ipFamilies, spec?.clusterIPs.length]
  }

  it('gives the Service of a channel one address, two when the channel asks, and one again when it does not ask any more', async () => {
    await cluster.startOperator()
    const channel = testChannel(cluster, await cluster.makeNamespace())
    await channel.apply({ gateway: { replicas: 0 } })
    await untilReady(channel)
    expect(await familiesOf(channel)).toEqual(['SingleStack', ['IPv4'], 1])
    await channel.apply({ gateway: { replicas: 0 }, service: { ipFamilyPolicy: 'RequireDualStack' } })
    await soon(async () => expect(await familiesOf(channel)).toEqual(['RequireDualStack', ['IPv4', 'IPv6'], 2]))
    await channel.apply({ gateway: { replicas: 0 }, service: { ipFamilyPolicy: 'SingleStack' } })
    await soon(async () => expect(await familiesOf(channel)).toEqual(['SingleStack', ['IPv4'], 1]))
    await channel.apply({ gateway: { replicas: 0 }, service: { ipFamilyPolicy: 'PreferDualStack' } })
    await soon(async () => expect(await familiesOf(channel)).toEqual(['PreferDualStack', ['IPv4', 'IPv6'], 2]))
    await channel.apply({ gateway: { replicas: 0 } })
    await untilReady(channel)
    await soon(async () => expect(await familiesOf(channel)).toEqual(['SingleStack', ['IPv4'], 1]))
  })
})
