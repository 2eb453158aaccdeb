import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCluster, testChannel, type TestCluster } from './testing/test-cluster.ts'

describe('an operator between a real API server and a real Kafka', () => {
  let cluster: TestCluster

  beforeAll(async () => {
    cluster = await startTestCluster()
    await cluster.startOperator()
  })
  afterAll(() => cluster?.stop())

  it('creates the topic and every object of a channel, and reports Ready when its pods are available', async () => {
    const channel = testChannel(cluster, await cluster.makeNamespace())
    await channel.apply()
    await channel.until('Ready', 'False', 'GatewayProgressing')
    expect(await channel.topic()).toMatchObject({ partitions: 3, replicas: 1 })
    expect(Object.keys(await channel.versions())).toEqual([
      'ServiceAccount',
      'NetworkPolicy',
      'Service',
      'PodDisruptionBudget',
      'Deployment',
      'RealtimeChannel',
    ])
    await channel.pretendAvailable()
    await channel.until('Ready', 'True', 'Reconciled')
    expect(await channel.status()).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      topic: { origin: 'Created', name: `${channel.namespace}.news` },
      apiUrl: `http://news-gateway.${channel.namespace}.svc:8000/api/news/v1`,
    })
  })
})
