import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operandTypes } from '../../api/child-types.ts'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import { marks } from '../reconcile/settings.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { eventsOf, soon, untilEvent, untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
let operator: OperatorProcess
beforeAll(async () => {
  cluster = await startTestCluster()
  operator = await cluster.startOperator()
})
afterAll(() => cluster?.stop())

async function readyChannel(): Promise<TestChannel> {
  const channel = testChannel(cluster, await cluster.makeNamespace())
  await channel.apply()
  await untilReady(channel)
  return channel
}

const replicasOf = (deployment: KubernetesObject | null): unknown =>
  (deployment?.['spec'] as { readonly replicas?: number } | undefined)?.replicas // a Deployment
const replicas = async (channel: TestChannel): Promise<unknown> => replicasOf(await channel.child('Deployment'))

/** Scales as the autoscaler does: by the subresource, under its own name. */
async function scale({ namespace }: TestChannel, count: number): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/news-gateway/scale?fieldManager=kube-controller-manager`
  const { code, body } = await askCluster(cluster.plane, {
    method: 'PATCH',
    path,
    body: { spec: { replicas: count } },
    contentType: 'application/merge-patch+json',
  })
  expect([code, body.message]).toEqual([200, undefined])
}

describe('a HorizontalPodAutoscaler on the Deployment itself', () => {
  // Its number and the channel's took turns every few seconds. Pods and their connections came and went with them.
  it('is reported in a condition and an Event after three heals, and its number is left alone for a while', async () => {
    const channel = await readyChannel()
    for (const _ of [1, 2, 3]) {
      await scale(channel, 5)
      await soon(async () => expect(await replicas(channel)).toBe(2))
    }
    await scale(channel, 5)
    const message = await channel.until('Ready', 'False', 'FieldContested')
    expect(message).toBe(
      'kube-controller-manager by the subresource scale changes spec.replicas of the Deployment news-gateway as often as the operator sets it back, so the operator sets it back less and less often. Let an autoscaler act on the channel (scaleTargetRef: kind RealtimeChannel, name news), or use spec.gateway.autoscaling.',
    )
    expect(await untilEvent(cluster, channel, 'FieldContested')).toMatchObject({ type: 'Warning', note: message })
    expect(await replicas(channel)).toBe(5)

    // A change of the channel is applied at once and completely.
    await channel.apply({ gateway: { replicas: 3 } })
    await soon(async () => expect(await replicas(channel)).toBe(3))
    await untilReady(channel)
  }, 300_000)
})

describe('kubectl rollout pause', () => {
  it('is reported in a condition while it holds a change back, until the roll-out is resumed', async () => {
    const channel = await readyChannel()
    const pause = async (paused: boolean | null): Promise<void> =>
      void valueOf(
        await cluster.api.mergePatch(operandTypes.Deployment, { namespace: channel.namespace, name: 'news-gateway' }, { spec: { paused } }),
      )
    await pause(true)
    await channel.apply({ gateway: { logLevel: 'warn' } })
    await soon(async () => expect(JSON.stringify(await channel.child('Deployment'))).toContain('"value":"warn"'))
    const { metadata } = (await channel.child('Deployment')) ?? { metadata: { generation: 0 } }
    // The status of the Deployment's controller: no pod of the new template is created.
    const path = `/apis/apps/v1/namespaces/${channel.namespace}/deployments/news-gateway/status`
    const body = {
      status: {
        observedGeneration: metadata.generation,
        replicas: 2,
        updatedReplicas: 0,
        readyReplicas: 2,
        availableReplicas: 2,
        conditions: [{ type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused' }],
      },
    }
    expect((await askCluster(cluster.plane, { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })).code).toBe(200)
    expect(await channel.until('GatewayAvailable', 'False', 'RolloutPaused')).toContain('kubectl rollout resume deployment/news-gateway')
    await pause(null)
    await untilReady(channel)
  }, 300_000)
})

describe('a second operator over the same namespace', () => {
  // The Deployment's generation went from 50 to 122 in 15 s, and both operators reported Ready.
  it('leaves its channels alone and reports it, and takes them over when the first is gone', async () => {
    const channel = await readyChannel()
    const markIn = async (): Promise<unknown> => (await channel.child('Deployment'))?.metadata.annotations?.[marks.appliedBy]
    const imageIn = async (): Promise<boolean> =>
      JSON.stringify(await channel.child('Deployment')).includes('registry.example.com/carillon:staging')
    expect(await markIn()).toBe('default/carillon-operator')
    const { RealtimeChannel: _channel, ...objects } = await channel.versions()

    const second = await cluster.startOperator({
      env: { NAMESPACES: channel.namespace, LEASE_NAME: 'staging', GATEWAY_IMAGE: 'registry.example.com/carillon:staging' },
    })
    await second.line('another operator is in charge of channels')
    expect(await untilEvent(cluster, channel, 'LeftToOtherOperator')).toMatchObject({
      type: 'Warning',
      note: expect.stringContaining('The operator of the Lease default/carillon-operator manages this channel'),
    })
    await soon(async () =>
      expect((await channel.status()).conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
        status: 'True',
        message: expect.stringContaining('The operator of the Lease default/staging is also configured for this namespace'),
      }),
    )
    const { RealtimeChannel: version, ...after } = await channel.versions()
    expect(after).toEqual(objects)

    // Only the first operator applies a change.
    await channel.apply({ gateway: { replicas: 3 } })
    await untilReady(channel)
    expect([await imageIn(), await markIn(), (await channel.versions())['RealtimeChannel'] === version]).toEqual([
      false,
      'default/carillon-operator',
      false,
    ])

    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    await second.line('other operator gone, taking over its channels')
    await soon(async () => expect([await imageIn(), await markIn()]).toEqual([true, 'default/staging']))
    await soon(async () =>
      expect(valueOf(await cluster.api.get(channelType, channel)).metadata.annotations?.['carillon.dev/left-by']).toBeUndefined(),
    )
    await untilReady(channel)
    expect((await eventsOf(cluster, channel)).filter(({ reason }) => reason === 'LeftToOtherOperator')).toHaveLength(1)
  }, 600_000)
})
