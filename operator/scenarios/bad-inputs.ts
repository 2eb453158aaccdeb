import { expect } from 'vitest'
import type { SecureBroker } from '../../gateway/adapters/kafka/testing/secure-broker.ts'
import { findFreePortPair } from '../../testing/free-ports.ts'
import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { ConditionReason } from '../reconcile/condition-reasons.ts'
import type { KubernetesObject, ResourceType } from '../../api/kubernetes.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { Kstatus } from '../testing/kstatus.ts'
import { grantSecret, makeSecret, soon, untilYounger } from '../testing/scenario.ts'
import { testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

/** The cluster and the names that a scenario uses. */
export interface Scene {
  readonly cluster: TestCluster
  readonly secure: SecureBroker
  readonly namespace: string
}

export interface BadInput {
  readonly title: string
  /** Creates everything that exists before the channel. */
  readonly prepare?: (scene: Scene) => Promise<unknown>
  readonly spec?: (scene: Scene) => Partial<RealtimeChannelSpec> | Promise<Partial<RealtimeChannelSpec>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Condition that reports the problem, besides Ready. */
  readonly about: 'Ready' | 'TopicReady' | 'GatewayAvailable' | 'RouteReady'
  readonly reason: ConditionReason
  /** Parts of the message: the request, the state, the remedy. */
  readonly says: readonly (string | RegExp)[]
  readonly kstatus: Kstatus
  /** Checks that the existing objects have not changed. */
  readonly afterwards?: (channel: TestChannel, scene: Scene) => Promise<void>
}

const typeOf = (group: string, plural: string, kind: string, isNamespaced = true): ResourceType => ({
  group,
  version: 'v1',
  plural,
  kind,
  isNamespaced,
})
const serviceType = typeOf('', 'services', 'Service')
const quotaType = typeOf('', 'resourcequotas', 'ResourceQuota')
export const classType = typeOf('networking.k8s.io', 'ingressclasses', 'IngressClass', false)
const policyType = typeOf('admissionregistration.k8s.io', 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy', false)
const bindingType = typeOf('admissionregistration.k8s.io', 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', false)
export const webhookType = typeOf(
  'admissionregistration.k8s.io',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  false,
)
export const podType = typeOf('', 'pods', 'Pod')
const deploymentType = typeOf('apps', 'deployments', 'Deployment')

export const saslOf = (broker: SecureBroker): NonNullable<RealtimeChannelSpec['kafka']> => ({
  bootstrapServers: [broker.sasl],
  sasl: { mechanism: 'plain', secretRef: { name: 'kafka-user' } },
})
export const onlyIn = (namespace: string): object => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } })
export const deployments = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] }

/** Sets the usage of a quota. Without its controller a quota counts nothing. */
async function limitTo(none: string, { cluster, namespace }: Scene): Promise<void> {
  valueOf(
    await cluster.api.create(quotaType, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'small', namespace },
      spec: { hard: { [none]: '0' } },
    }),
  )
  const body = { status: { hard: { [none]: '0' }, used: { [none]: '0' } } }
  const patched = await askCluster(cluster.plane, {
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/resourcequotas/small/status`,
    body,
    contentType: 'application/merge-patch+json',
  })
  expect(patched.code).toBe(200)
}

/** A Deployment that only an admission policy can refuse. */
function anyDeployment(namespace: string): KubernetesObject {
  const labels = { app: 'any' }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'any', namespace },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'any', image: 'any' }] } } },
  }
}

/** Resolves when the namespace refuses Deployments: the API server applies policies and webhooks with a delay. */
export async function untilRefused({ cluster, namespace }: Scene): Promise<void> {
  await soon(async () => {
    const tried = await cluster.api.apply(deploymentType, anyDeployment(namespace), { fieldManager: 'tester', force: true, isDryRun: true })
    if (tried.ok) throw new Error('Deployments are not refused yet')
  })
}

async function refuseByPolicy(scene: Scene): Promise<void> {
  const { cluster, namespace } = scene
  const name = `no-gateways-${namespace}`
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules: [deployments] },
    validations: [{ expression: 'false', message: 'Deployments need a budget code' }],
  }
  valueOf(
    await cluster.api.create(policyType, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: policyType.kind,
      metadata: { name, namespace: '' },
      spec,
    }),
  )
  const binding = { policyName: name, validationActions: ['Deny'], matchResources: { namespaceSelector: onlyIn(namespace) } }
  valueOf(
    await cluster.api.create(bindingType, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: bindingType.kind,
      metadata: { name, namespace: '' },
      spec: binding,
    }),
  )
  await untilRefused(scene)
}

async function serviceOfOthers({ cluster, namespace }: Scene): Promise<void> {
  const spec = { selector: { app: 'theirs' }, ports: [{ port: 80 }] }
  valueOf(
    await cluster.api.create(serviceType, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'news-gateway', namespace, labels: { team: 'theirs' } },
      spec,
    }),
  )
}

/** Problems of a channel or of its surroundings, with the condition that the channel then has. */
export const badInputs: readonly BadInput[] = [
  // ---- Kafka
  {
    title: 'brokers that do not respond',
    spec: async () => ({ kafka: { bootstrapServers: [`127.0.0.1:${await findFreePortPair()}`] } }),
    about: 'TopicReady',
    reason: 'KafkaUnreachable',
    says: ['Kafka does not answer', /127\.0\.0\.1:\d+: no connection \(/],
    kstatus: 'InProgress',
  },
  {
    title: 'credentials that the brokers refuse',
    prepare: async ({ cluster, namespace }) => {
      await makeSecret(cluster, namespace, 'kafka-user', { username: 'gateway', password: 'not-this-one' })
      await grantSecret(cluster, namespace, 'kafka-user')
    },
    spec: ({ secure }) => ({ kafka: saslOf(secure) }),
    about: 'TopicReady',
    reason: 'KafkaUnauthenticated',
    says: ['Kafka refuses the credentials: ', /localhost:\d+/],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(JSON.stringify(await channel.get())).not.toContain('not-this-one'),
  },
  {
    title: 'a Secret with an empty password',
    prepare: async ({ cluster, namespace }) => {
      await makeSecret(cluster, namespace, 'kafka-user', { username: 'gateway', password: '' })
      await grantSecret(cluster, namespace, 'kafka-user')
    },
    spec: ({ secure }) => ({ kafka: saslOf(secure) }),
    about: 'TopicReady',
    reason: 'SecretKeyMissing',
    says: ['The key password of the Secret kafka-user is empty', 'Write its value'],
    kstatus: 'Failed',
  },
  {
    title: 'a missing Secret',
    prepare: ({ cluster, namespace }) => grantSecret(cluster, namespace, 'kafka-user'),
    spec: ({ secure }) => ({ kafka: saslOf(secure) }),
    about: 'TopicReady',
    reason: 'SecretNotFound',
    says: ['Secret kafka-user', 'does not exist in its namespace', 'Create it'],
    kstatus: 'Failed',
  },
  {
    title: 'a Secret that the operator may not read',
    prepare: ({ cluster, namespace, secure }) =>
      makeSecret(cluster, namespace, 'kafka-user', { username: secure.user.name, password: secure.user.password }),
    spec: ({ secure }) => ({ kafka: saslOf(secure) }),
    about: 'TopicReady',
    reason: 'SecretForbidden',
    says: ['not allowed to read the Secret kafka-user', 'Grant it with a Role', 'docs/rbac.md'],
    kstatus: 'Failed',
  },
  {
    title: 'a Secret without the key',
    prepare: async ({ cluster, namespace }) => {
      await makeSecret(cluster, namespace, 'kafka-user', { username: 'gateway', secret: 'word' })
      await grantSecret(cluster, namespace, 'kafka-user')
    },
    spec: ({ secure }) => ({ kafka: saslOf(secure) }),
    about: 'TopicReady',
    reason: 'SecretKeyMissing',
    says: ['Secret kafka-user has no key password', 'Add the key'],
    kstatus: 'Failed',
  },
  // ---- the topic
  {
    title: 'fewer partitions than the topic has',
    prepare: ({ cluster, namespace }) => cluster.topics.create({ name: `${namespace}.news`, partitions: 6, replicas: 1, config: {} }),
    annotations: { 'carillon.dev/adopt': 'true' },
    about: 'TopicReady',
    reason: 'PartitionsCannotShrink',
    says: ['has 6 partitions', 'the channel asks for 3', 'Set spec.topic.partitions to 6 or more'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toMatchObject({ partitions: 6 }),
  },
  {
    title: 'more replicas than brokers',
    spec: () => ({ topic: { replicas: 3 } }),
    about: 'TopicReady',
    reason: 'TopicRefused',
    says: ['could not be created', 'INVALID_REPLICATION_FACTOR', 'as many replicas as there are brokers'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toBeNull(),
  },
  {
    title: 'a setting that Kafka does not know',
    spec: () => ({ topic: { config: { 'retention.mss': '1' } } }),
    about: 'TopicReady',
    reason: 'TopicRefused',
    says: ['could not be created', 'INVALID_CONFIG', 'retention.mss'],
    kstatus: 'Failed',
  },
  {
    title: 'an existing topic of another owner',
    prepare: ({ cluster, namespace }) =>
      cluster.topics.create({ name: `${namespace}.news`, partitions: 2, replicas: 1, config: { 'retention.ms': '7200000' } }),
    spec: () => ({ topic: { retention: '1h' } }),
    about: 'TopicReady',
    reason: 'TopicNotOurs',
    says: [
      'existed before this channel',
      'it has 2 partitions, and 3 are asked for',
      'its retention.ms is "7200000", and "3600000" is asked for',
      'carillon.dev/adopt: "true"',
    ],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toMatchObject({ partitions: 2, config: { 'retention.ms': '7200000' } }),
  },
  {
    title: 'the topic of an older channel',
    prepare: async ({ cluster, namespace }) => {
      const older = testChannel(cluster, namespace, 'older')
      await older.apply({ topic: { name: `${namespace}.shared` } })
      await older.until('TopicReady', 'True', 'TopicAsAsked')
      await untilYounger(older)
    },
    spec: ({ namespace }) => ({ topic: { name: `${namespace}.shared` } }),
    about: 'TopicReady',
    reason: 'TopicClaimed',
    says: [/The topic \S+\.shared belongs to the channel \S+\/older, which had it first/, 'Set another name', 'delete one of the two'],
    kstatus: 'Failed',
  },
  {
    title: 'a topic that its class does not allow',
    spec: () => ({ topic: { name: 'billing.invoices' } }),
    about: 'Ready',
    reason: 'NotAllowedByClass',
    says: ['spec.topic.name is billing.invoices', 'the class open allows NAMESPACE.* (spec.allowed.topics)', 'ask an administrator'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toBeNull(),
  },
  {
    title: 'a dead letter topic that its class does not allow',
    spec: () => ({ topic: { deadLetters: { name: 'billing.invoices' } } }),
    about: 'Ready',
    reason: 'NotAllowedByClass',
    says: [
      'spec.topic.deadLetters.name is billing.invoices',
      'the class open allows NAMESPACE.* (spec.allowed.topics)',
      'spec.topic.deadLetters.enabled: false',
      'ask an administrator',
    ],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toBeNull(),
  },
  {
    title: 'the topic of another channel as a dead letter topic',
    prepare: async ({ cluster, namespace }) => {
      const older = testChannel(cluster, namespace, 'older')
      await older.apply()
      await older.until('TopicReady', 'True', 'TopicAsAsked')
    },
    spec: ({ namespace }) => ({ topic: { deadLetters: { name: `${namespace}.older` } } }),
    about: 'TopicReady',
    reason: 'TopicClaimed',
    says: [/The dead letter topic \S+\.older belongs to the channel \S+\/older/, 'Set another name in spec.topic.deadLetters.name'],
    kstatus: 'Failed',
  },
  {
    title: 'more replicas in sync than the topic has',
    spec: () => ({ topic: { replicas: 1, config: { 'min.insync.replicas': '2' } } }),
    about: 'TopicReady',
    reason: 'TopicUnusable',
    says: ['min.insync.replicas is 2, and the topic has 1 replica', 'Set it to 1 or less'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toBeNull(),
  },
  {
    title: 'messages that are smaller than events',
    spec: () => ({ topic: { config: { 'max.message.bytes': '1000' } } }),
    about: 'TopicReady',
    reason: 'TopicUnusable',
    says: ['max.message.bytes is 1000, and spec.limits.eventBytes is 262144', 'Raise max.message.bytes or lower spec.limits.eventBytes'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toBeNull(),
  },
  {
    title: 'compaction of the topic',
    spec: () => ({ topic: { config: { 'cleanup.policy': 'compact' } } }),
    about: 'TopicReady',
    reason: 'TopicUnusable',
    says: ['cleanup.policy is compact', 'Set it to delete'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toBeNull(),
  },
  {
    title: 'a retention that was set below the replay window',
    prepare: ({ cluster, namespace }) =>
      cluster.topics.create({ name: `${namespace}.news`, partitions: 3, replicas: 1, config: { 'retention.ms': '1000' } }),
    about: 'TopicReady',
    reason: 'TopicUnusable',
    says: ['retention.ms is 1000, less than spec.replay.window (300000 ms)', 'Raise retention.ms or lower spec.replay.window'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.topic()).toMatchObject({ config: { 'retention.ms': '1000' } }),
  },
  // ---- the route
  {
    title: 'an ingress class that does not exist',
    spec: ({ namespace }) => ({ route: { host: `${namespace}.example.com`, className: 'traefick' } }),
    about: 'RouteReady',
    reason: 'IngressClassNotFound',
    says: ['The ingress class traefick does not exist', 'Create it, or set another spec.route.className'],
    kstatus: 'Failed',
  },
  {
    title: 'no ingress class in a cluster without a default one',
    spec: ({ namespace }) => ({ route: { host: `${namespace}.example.com` } }),
    about: 'RouteReady',
    reason: 'IngressClassNotFound',
    says: ['names no ingress class', 'has no default one', 'Set spec.route.className'],
    kstatus: 'Failed',
  },
  {
    title: 'an HTTPRoute without the Gateway API',
    spec: ({ namespace }) => ({ route: { type: 'HTTPRoute', host: `${namespace}.example.com`, parentRefs: [{ name: 'public' }] } }),
    about: 'RouteReady',
    reason: 'GatewayApiNotInstalled',
    says: ['asks for an HTTPRoute', 'does not have the Gateway API', 'Install it, or set spec.route.type: Ingress'],
    kstatus: 'Failed',
  },
  {
    title: 'the host and path of an older channel',
    prepare: async ({ cluster, namespace }) => {
      const older = testChannel(cluster, namespace, 'older')
      await older.apply({
        route: { host: `${namespace}.example.com`, className: 'public', paths: { socket: '/wss/one', api: '/api/one' } },
      })
      await older.until('RouteReady', 'True', 'RouteAccepted')
      await untilYounger(older)
    },
    spec: ({ namespace }) => ({ route: { host: `${namespace}.example.com`, className: 'public', paths: { socket: '/wss/one' } } }),
    about: 'RouteReady',
    reason: 'RouteClaimed',
    says: [
      /\S+\.example\.com\/wss\/one collides with \S+\.example\.com\/wss\/one, which the channel \S+\/older has/,
      'Set another spec.route.host or spec.route.paths',
      'delete one of the two',
    ],
    kstatus: 'Failed',
    afterwards: async (channel, { cluster, namespace }) => {
      expect(await channel.child('Ingress')).toBeNull()
      await askCluster(cluster.plane, {
        method: 'DELETE',
        path: `/apis/carillon.dev/v1alpha1/namespaces/${namespace}/realtimechannels/older`,
      })
      await channel.until('RouteReady', 'True', 'RouteAccepted')
      expect(await channel.child('Ingress')).not.toBeNull()
    },
  },
  // ---- the gateway, and the API server
  {
    title: 'an option that the gateway would refuse',
    spec: () => ({ gateway: { replicas: 2, env: [{ name: 'HEARTBEAT_INTERVAL_MS', value: '1' }] } }),
    about: 'GatewayAvailable',
    reason: 'InvalidGatewayOptions',
    says: ['The gateway would refuse to start', 'spec.gateway.env[HEARTBEAT_INTERVAL_MS]', 'expected'],
    kstatus: 'Failed',
    afterwards: async (channel) => expect(await channel.child('Deployment')).toBeNull(),
  },
  {
    title: 'an affinity that Kubernetes does not know',
    spec: () => ({ gateway: { replicas: 2, affinity: { nodeAfinity: {} } } }),
    about: 'GatewayAvailable',
    reason: 'InvalidObject',
    says: ['The Deployment could not be applied', 'spec.gateway.affinity.nodeAfinity'],
    kstatus: 'Failed',
  },
  {
    title: 'a toleration that Kubernetes refuses',
    spec: () => ({ gateway: { replicas: 2, tolerations: [{ key: 'a', operator: 'Maybe' }] } }),
    about: 'GatewayAvailable',
    reason: 'InvalidObject',
    says: ['The Deployment could not be applied: spec.gateway.tolerations[0].operator: '],
    kstatus: 'Failed',
  },
  {
    title: 'a peer that Kubernetes refuses',
    spec: () => ({ network: { ingressFrom: [{ podSelector: {} }], metricsFrom: [{ ipBlock: { cidr: 'everywhere' } }] } }),
    about: 'GatewayAvailable',
    reason: 'InvalidObject',
    says: ['The NetworkPolicy could not be applied: spec.network.metricsFrom[0].ipBlock.cidr: '],
    kstatus: 'Failed',
  },
  {
    title: 'a resource that Kubernetes does not know',
    spec: () => ({ gateway: { replicas: 2, resources: { limits: { 'no/such/resource': 1 } } } }),
    about: 'GatewayAvailable',
    reason: 'InvalidObject',
    says: ['The Deployment could not be applied: ', 'spec.gateway.resources.limits[no/such/resource]'],
    kstatus: 'Failed',
  },
  {
    title: 'two IP families in a cluster with one',
    spec: () => ({ service: { ipFamilyPolicy: 'RequireDualStack' } }),
    about: 'GatewayAvailable',
    reason: 'InvalidObject',
    says: ['The Service could not be applied', 'ipFamilyPolicy', 'dual-stack'],
    kstatus: 'Failed',
  },
  {
    title: 'an object of others with the name of a child',
    prepare: serviceOfOthers,
    about: 'GatewayAvailable',
    reason: 'ObjectNotOurs',
    says: ['Service news-gateway does not belong to this channel', 'Delete it, or create a channel with another name'],
    kstatus: 'Failed',
    afterwards: async (channel) => {
      const service = await channel.child('Service')
      expect(service?.metadata).toMatchObject({ labels: { team: 'theirs' }, managedFields: [{ operation: 'Update' }] })
      expect(service?.metadata.ownerReferences).toBeUndefined()
    },
  },
  {
    title: 'a quota that leaves no room for the Deployment',
    prepare: (scene) => limitTo('count/deployments.apps', scene),
    about: 'GatewayAvailable',
    reason: 'QuotaExceeded',
    says: ['The Deployment could not be applied', 'exceeded quota: small', 'count/deployments.apps'],
    kstatus: 'Failed',
  },
  {
    title: 'a quota that leaves no room for the Service',
    prepare: (scene) => limitTo('services', scene),
    about: 'GatewayAvailable',
    reason: 'QuotaExceeded',
    says: ['The Service could not be applied', 'exceeded quota: small'],
    kstatus: 'Failed',
  },
  {
    title: 'an admission policy that refuses the Deployment',
    prepare: refuseByPolicy,
    about: 'GatewayAvailable',
    reason: 'AdmissionDenied',
    says: ['The Deployment could not be applied', 'Deployments need a budget code'],
    kstatus: 'Failed',
  },
]
