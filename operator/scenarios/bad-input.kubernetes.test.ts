import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSecureBroker, type SecureBroker } from '../../gateway/adapters/kafka/testing/secure-broker.ts'
import { findFreePortPair } from '../../testing/free-ports.ts'
import { channelType } from '../../api/v1alpha1/realtime-channel.ts'
import type { ConditionReason } from '../reconcile/condition-reasons.ts'
import { aClass, openAllowed } from '../testing/class-builders.ts'
import { askCluster } from '../testing/ask-cluster.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { grantSecret, kstatusOfChannel, makeSecret, soon, timed, untilEvent, untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestChannel, type TestCluster } from '../testing/test-cluster.ts'
import { badInputs, classType, deployments, onlyIn, podType, saslOf, untilRefused, webhookType, type Scene } from './bad-inputs.ts'

/** A port that accepts connections and stays silent, as a firewall or a stopped process does. */
async function listenInSilence(): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // the address of a TCP server
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    })
  return { port, close }
}

describe('a channel that cannot work', () => {
  let cluster: TestCluster
  let secure: SecureBroker
  const times: string[] = []

  beforeAll(async () => {
    ;[cluster, secure] = await Promise.all([
      startTestCluster({ classes: [aClass({ name: 'open', isDefault: true, allowed: { ...openAllowed, topics: ['NAMESPACE.*'] } })] }),
      startSecureBroker(),
    ])
    await cluster.apply(classType, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'public' },
      spec: { controller: 'example.com/any' },
    })
    await cluster.startOperator()
  })
  afterAll(async () => {
    process.stdout.write(`${['', 'from apply to condition (ms):', ...times, ''].join('\n')}\n`)
    await Promise.all([cluster?.stop(), secure?.stop()])
  })

  const makeScene = async (): Promise<Scene> => ({ cluster, secure, namespace: await cluster.makeNamespace() })

  const saysReady = async (channel: TestChannel, reason: ConditionReason): Promise<string> => {
    const { value, ms } = await timed(() => channel.until('Ready', 'False', reason))
    times.push(`${String(ms).padStart(6)}  ${reason}`)
    return value
  }

  it.each(badInputs)(
    'reports the problem and the remedy for $title',
    async ({ prepare, spec, annotations, about, reason, says, kstatus, afterwards }) => {
      const scene = await makeScene()
      await prepare?.(scene)
      const channel = testChannel(cluster, scene.namespace)
      await channel.apply(await spec?.(scene), annotations)
      const message = await saysReady(channel, reason)
      for (const part of says) expect(message).toMatch(part)
      expect(await channel.until(about, 'False', reason)).toContain(message)
      expect(await kstatusOfChannel(channel)).toBe(kstatus)
      expect(await untilEvent(cluster, channel, reason)).toEqual({
        type: kstatus === 'Failed' ? 'Warning' : 'Normal',
        reason,
        note: message.slice(0, 1_000),
      })
      await afterwards?.(channel, scene)
    },
  )

  it('delays no other channel, for any number of broken ones', async () => {
    const closed = await findFreePortPair()
    const { namespace } = await makeScene()
    const bad = Array.from({ length: 20 }, (_, index) => testChannel(cluster, namespace, `bad-${index}`))
    const good = testChannel(cluster, namespace, 'good')
    await Promise.all(bad.map((channel) => channel.apply({ kafka: { bootstrapServers: [`127.0.0.1:${closed}`] } })))
    await good.apply()
    const { ms } = await timed(() => untilReady(good))
    times.push(`${String(ms).padStart(6)}  Ready, beside 20 channels without a Kafka`)
    expect(await Promise.all(bad.map((channel) => channel.until('Ready', 'False', 'KafkaUnreachable')))).toHaveLength(20)
  })

  it('delays no other channel with brokers that accept connections and stay silent', async () => {
    const silent = await Promise.all(Array.from({ length: 20 }, listenInSilence))
    const { namespace } = await makeScene()
    const bad = silent.map(({ port }, index) => ({
      channel: testChannel(cluster, namespace, `bad-${index}`),
      spec: { kafka: { bootstrapServers: [`127.0.0.1:${port}`] } },
    }))
    const good = testChannel(cluster, namespace, 'good')
    await Promise.all(bad.map(({ channel, spec }) => channel.apply(spec)))
    await good.apply()
    const { ms } = await timed(() => untilReady(good))
    times.push(`${String(ms).padStart(6)}  Ready, beside 20 channels whose brokers are silent`)
    const messages = await Promise.all(bad.map(({ channel }) => channel.until('Ready', 'False', 'KafkaUnreachable')))
    await Promise.all(silent.map(({ close }) => close()))
    for (const message of messages) expect(message).toMatch(/^Kafka does not answer.*: Kafka at 127\.0\.0\.1:\d+: no connection \(/)
  })

  it('reports silent brokers in the same words as a closed port', async () => {
    const { port, close } = await listenInSilence()
    const { namespace } = await makeScene()
    const channel = testChannel(cluster, namespace)
    await channel.apply({ kafka: { bootstrapServers: [`127.0.0.1:${port}`] } })
    expect(await saysReady(channel, 'KafkaUnreachable')).toContain(
      `Kafka at 127.0.0.1:${port}: no connection (the reason is only in the operator's log, because the channel names these brokers)`,
    )
    await close()
  })

  it('reports an image that cannot be pulled when the roll-out is past its deadline', async () => {
    const { namespace } = await makeScene()
    const channel = testChannel(cluster, namespace)
    await channel.apply({ gateway: { replicas: 2, image: 'registry.example.com/carillon:nonsense' } })
    await channel.until('GatewayAvailable', 'False', 'GatewayProgressing')
    await podThatPullsInVain(channel)
    await pastDeadline(channel)
    expect(await saysReady(channel, 'ImagePullFailed')).toContain('check spec.gateway.image and imagePullSecrets')
    expect(await kstatusOfChannel(channel)).toBe('Failed')
    await channel.apply({ gateway: { replicas: 2 } })
    await untilReady(channel)
  })

  it('names the quota that refuses its pods, also past the deadline of the roll-out', async () => {
    const { namespace } = await makeScene()
    const channel = testChannel(cluster, namespace)
    await channel.apply()
    await channel.until('GatewayAvailable', 'False', 'GatewayProgressing')
    const message = 'pods "news-gateway-6c9f-x7k2p" is forbidden: exceeded quota: small, requested: pods=1, used: pods=10, limited: pods=10'
    await patchDeployment(channel, {
      replicas: 0,
      conditions: [
        { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' },
        { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message },
      ],
    })
    expect(await saysReady(channel, 'QuotaExceeded')).toBe(
      'Pods cannot be created: exceeded quota: small, requested: pods=1, used: pods=10, limited: pods=10',
    )
    expect(await kstatusOfChannel(channel)).toBe('Failed')
    await untilReady(channel)
  })

  async function podThatPullsInVain({ namespace, child }: TestChannel): Promise<void> {
    const deployment = (await child('Deployment'))?.['spec'] as
      | { readonly template: { readonly metadata: object; readonly spec: { readonly serviceAccountName: string } } }
      | undefined // a Deployment
    if (deployment === undefined) throw new Error('the channel has no Deployment')
    const { metadata, spec } = deployment.template
    // The channel's service account, as its pods have it. The default account of the namespace appears only when a controller has made it.
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'news-gateway-1', namespace, ...metadata },
      spec: { serviceAccountName: spec.serviceAccountName, containers: [{ name: 'gateway', image: 'x' }] },
    }
    valueOf(await cluster.api.create(podType, pod))
    const status = {
      phase: 'Pending',
      containerStatuses: [
        {
          name: 'gateway',
          image: 'x',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } },
        },
      ],
    }
    await patchStatus(`/api/v1/namespaces/${namespace}/pods/news-gateway-1`, status)
  }

  /** Reports, as the Deployment's controller does, that the roll-out takes too long. */
  function pastDeadline(channel: TestChannel): Promise<void> {
    const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out progressing' }]
    return patchDeployment(channel, { replicas: 2, updatedReplicas: 2, unavailableReplicas: 2, conditions })
  }

  async function patchDeployment({ namespace, child }: TestChannel, status: object): Promise<void> {
    const observedGeneration = (await child('Deployment'))?.metadata.generation
    await patchStatus(`/apis/apps/v1/namespaces/${namespace}/deployments/news-gateway`, { observedGeneration, ...status })
  }

  async function patchStatus(path: string, status: object): Promise<void> {
    const patched = await askCluster(cluster.plane, {
      method: 'PATCH',
      path: `${path}/status`,
      body: { status },
      contentType: 'application/merge-patch+json',
    })
    expect(patched, String(patched.body.message)).toMatchObject({ code: 200 })
  }

  it('waits for a webhook that does not respond, and recovers by itself with the webhook', async () => {
    const scene = await makeScene()
    const { namespace } = scene
    const webhook = {
      name: 'nobody.example.com',
      clientConfig: { url: `https://127.0.0.1:${await findFreePortPair()}/` },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [deployments],
      namespaceSelector: onlyIn(namespace),
      timeoutSeconds: 1,
    }
    valueOf(
      await cluster.api.create(webhookType, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: webhookType.kind,
        metadata: { name: namespace, namespace: '' },
        webhooks: [webhook],
      }),
    )
    await untilRefused(scene)
    const channel = testChannel(cluster, namespace)
    await channel.apply()
    const message = await saysReady(channel, 'ApiUnavailable')
    expect(message).toMatch(/The Deployment could not be applied: .*nobody\.example\.com/)
    expect(await kstatusOfChannel(channel)).toBe('InProgress')
    valueOf(await cluster.api.delete(webhookType, { namespace: '', name: namespace }, {}))
    await untilReady(channel)
  })

  it('recovers as soon as the channel is corrected', async () => {
    const { namespace } = await makeScene()
    const channel = testChannel(cluster, namespace)
    await channel.apply({ gateway: { replicas: 2, env: [{ name: 'HEARTBEAT_INTERVAL_MS', value: '1' }] } })
    await channel.until('Ready', 'False', 'InvalidGatewayOptions')
    await channel.apply()
    await untilReady(channel)
    expect((await channel.status()).conditions?.map((condition) => `${condition.type} ${condition.status}`)).toEqual([
      'Ready True',
      'TopicReady True',
      'GatewayAvailable True',
      'RouteReady True',
      'RevocationReady True',
    ])
  })

  it('uses its own Kafka once the Secret is right and the operator may read it', async () => {
    const { namespace } = await makeScene()
    await makeSecret(cluster, namespace, 'kafka-user', { username: secure.user.name, password: secure.user.password })
    const channel = testChannel(cluster, namespace)
    await channel.apply({ kafka: saslOf(secure) })
    await channel.until('Ready', 'False', 'SecretForbidden')
    await grantSecret(cluster, namespace, 'kafka-user')
    await channel.apply({ kafka: saslOf(secure) }, { 'example.com/look': 'again' })
    await untilReady(channel)
    // This Kafka is not the cluster of the operator's options.
    expect(await channel.topic()).toBeNull()
    expect((await channel.status()).topic).toMatchObject({ name: `${namespace}.news`, origin: 'Created' })
  })

  it('reports its topic as missing when its Kafka is changed, and neither creates nor deletes a topic there without consent', async () => {
    const { namespace } = await makeScene()
    const channel = testChannel(cluster, namespace)
    const topic = { deletionPolicy: 'Delete' } as const
    const moved = { topic, kafka: { bootstrapServers: [secure.plaintext] } }
    await channel.apply({ topic })
    await untilReady(channel)
    const { Deployment: before } = await channel.versions()
    await channel.apply(moved)
    expect(await channel.until('Ready', 'False', 'TopicMissing')).toMatch(
      /is not in the Kafka cluster \S+; it was in \S+\. Restore it, or let the operator create it again, empty, with the annotation carillon\.dev\/recreate-topic: "true"/,
    )
    // Running pods have their topic in the old Kafka.
    expect((await channel.versions())['Deployment']).toBe(before)
    valueOf(await cluster.api.delete(channelType, channel, {}))
    expect((await untilEvent(cluster, channel, 'TopicKept')).note).toContain('not certain')
    await soon(async () => expect((await cluster.api.get(channelType, channel)).ok).toBe(false))
    expect(await cluster.topics.describe(`${namespace}.news`)).toMatchObject({ value: { partitions: 3 } })
  })

  it.each(['n'.repeat(56), 'news.v1', '1st'])(
    'is refused by the API server with a name that its Service could not have: %s',
    async (name) => {
      const { namespace } = await makeScene()
      await expect(testChannel(cluster, namespace, name).apply()).rejects.toThrow(
        'the name of a channel has at most 55 characters (a-z, 0-9 and -) and begins with a letter',
      )
    },
  )

  it('ignores annotations that the operator does not know', async () => {
    const { namespace } = await makeScene()
    const channel = testChannel(cluster, namespace)
    await channel.apply()
    await untilReady(channel)
    const { RealtimeChannel: _before, ...before } = await channel.versions()
    await channel.apply({}, { 'carillon.dev/adpot': 'true', 'example.com/owner': 'edge' })
    const marker = testChannel(cluster, namespace, 'marker')
    await marker.apply()
    await marker.until('TopicReady', 'True', 'TopicAsAsked')
    const { RealtimeChannel: _after, ...after } = await channel.versions()
    expect(after).toEqual(before)
    expect(await kstatusOfChannel(channel)).toBe('Current')
  })
})
