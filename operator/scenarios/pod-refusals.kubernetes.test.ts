import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePortPair } from '../../testing/free-ports.ts'
import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { ConditionReason } from '../reconcile/condition-reasons.ts'
import type { ResourceType } from '../../api/kubernetes.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { Kstatus } from '../testing/kstatus.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { kstatusOfChannel } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestCluster } from '../testing/test-cluster.ts'
import { onlyIn, webhookType } from './bad-inputs.ts'

const coreType = (plural: string, kind: string): ResourceType => ({ group: '', version: 'v1', plural, kind, isNamespaced: true })

/** Sets up the object that refuses pods, before the channel. */
type Refuse = (cluster: TestCluster, namespace: string) => Promise<unknown>

const makeQuota =
  (hard: Readonly<Record<string, string>>): Refuse =>
  async ({ api }, namespace) =>
    valueOf(
      await api.create(coreType('resourcequotas', 'ResourceQuota'), {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'q', namespace },
        spec: { hard },
      }),
    )

const makeLimitRange: Refuse = async ({ api }, namespace) =>
  valueOf(
    await api.create(coreType('limitranges', 'LimitRange'), {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { name: 'l', namespace },
      spec: { limits: [{ type: 'Container', max: { memory: '128Mi' } }] },
    }),
  )

const restrictPods: Refuse = async ({ api }, namespace) =>
  valueOf(
    await api.mergePatch(
      { ...coreType('namespaces', 'Namespace'), isNamespaced: false },
      { namespace: '', name: namespace },
      { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    ),
  )

const breakWebhook: Refuse = async ({ api }, namespace) => {
  const pods = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
  const clientConfig = { url: `https://127.0.0.1:${await findFreePortPair()}/` }
  const webhook = {
    name: 'inject.example.com',
    clientConfig,
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    rules: [pods],
    namespaceSelector: onlyIn(namespace),
    timeoutSeconds: 1,
  }
  return valueOf(
    await api.create(webhookType, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: webhookType.kind,
      metadata: { name: namespace, namespace: '' },
      webhooks: [webhook],
    }),
  )
}

const nothing: Refuse = async () => {}

interface Case {
  readonly title: string
  readonly refuse: Refuse
  readonly gateway?: RealtimeChannelSpec['gateway']
  readonly reason: ConditionReason
  readonly says: string | RegExp
  readonly kstatus: Kstatus
}

const cases: readonly Case[] = [
  {
    title: 'a quota that requires limits',
    refuse: makeQuota({ 'limits.cpu': '2' }),
    reason: 'QuotaExceeded',
    says: 'failed quota: q: must specify limits.cpu for: gateway',
    kstatus: 'Failed',
  },
  {
    title: 'a quota on ReplicaSets',
    refuse: makeQuota({ 'count/replicasets.apps': '0' }),
    reason: 'QuotaExceeded',
    says: 'exceeded quota: q, requested: count/replicasets.apps=1',
    kstatus: 'Failed',
  },
  {
    title: 'a LimitRange',
    refuse: makeLimitRange,
    reason: 'AdmissionDenied',
    says: 'maximum memory usage per Container is 128Mi',
    kstatus: 'Failed',
  },
  {
    title: 'a missing priority class',
    refuse: nothing,
    gateway: { priorityClassName: 'nope' } as RealtimeChannelSpec['gateway'],
    reason: 'AdmissionDenied',
    says: 'no PriorityClass with name nope was found',
    kstatus: 'Failed',
  }, // other fields have defaults
  {
    title: 'a webhook that does not respond',
    refuse: breakWebhook,
    reason: 'ApiUnavailable',
    says: 'failed calling webhook "inject.example.com"',
    kstatus: 'InProgress',
  },
]

describe('pods that Kubernetes does not create', () => {
  let cluster: TestCluster
  let operator: OperatorProcess

  beforeAll(async () => {
    cluster = await startTestCluster({ controllers: ['deployment-controller', 'replicaset-controller', 'resourcequota-controller'] })
    operator = await cluster.startOperator()
  })
  afterAll(() => cluster?.stop())

  it.each(cases)('are reported with the reason of the refusal: $title', async ({ refuse, gateway, reason, says, kstatus }) => {
    const namespace = await cluster.makeNamespace()
    await refuse(cluster, namespace)
    const channel = testChannel(cluster, namespace)
    await channel.apply(gateway === undefined ? {} : { gateway })
    await expect
      .poll(async () => (await channel.status()).conditions?.find(({ type }) => type === 'GatewayAvailable'), { timeout: 60_000 })
      .toMatchObject({ status: 'False', reason, message: expect.stringMatching(/^Pods cannot be created: /) })
    expect(await channel.until('GatewayAvailable', 'False', reason)).toContain(says)
    expect(await kstatusOfChannel(channel)).toBe(kstatus)
    await expect
      .poll(
        async () =>
          (await operator.metrics()).get(`carillon_operator_channel_ready{namespace="${namespace}",channel="news",reason="${reason}"}`),
        { timeout: 60_000 },
      )
      .toBe(0)
  })

  it('are accepted in a namespace that enforces the restricted pod security standard', async () => {
    const namespace = await cluster.makeNamespace()
    await restrictPods(cluster, namespace)
    const channel = testChannel(cluster, namespace)
    await channel.apply()
    await expect.poll(async () => (await channel.status()).replicas, { timeout: 60_000 }).toBe(2)
  })
})
