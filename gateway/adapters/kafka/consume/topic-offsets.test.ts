import { describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import type { FakeCluster } from '../testing/fake-cluster.ts'
import { aCluster, endRigsAfterEach, eventually } from '../testing/reader-rig.ts'
import { kafkaOptions } from '../testing/test-topic.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery } from '../wire/discovery.ts'
import { endOfLog, startOfLog } from '../wire/requests/list-offsets.ts'
import { askOffsets, askToRead, type OffsetsQuestion } from './topic-offsets.ts'

endRigsAfterEach()

async function aQuestion(cluster: FakeCluster) {
  const connect = createBrokerConnector(kafkaOptions({ kafkaBrokers: [...cluster.addresses] }), createRecordingLogger().logger)
  const discovery = createDiscovery({ brokers: cluster.addresses.map(parseBroker), connect })
  const view = await discovery.describe(cluster.topic)
  discovery.close()
  const aborting = new AbortController()
  const question: OffsetsQuestion = { connect, signal: aborting.signal, topic: cluster.topic }
  return { view, aborting, question }
}

describe('the question for offsets', () => {
  it('is answered by every leader, and leaves no connection behind', async () => {
    const cluster = await aCluster({ brokers: 3, partitions: 4 })
    for (const [partition, values] of [['a'], ['a', 'b'], [], ['a', 'b', 'c']].entries())
      for (const value of values) cluster.append(partition, value)
    cluster.partition(3).trim(1)
    const { view, question } = await aQuestion(cluster)
    expect(await askOffsets(view, [startOfLog, endOfLog, Date.now() + 60_000], question)).toEqual([
      [0, 0, 0, 1],
      [1, 2, 0, 3],
      [-1, -1, -1, -1],
    ])
    await eventually(() => expect([0, 1, 2].map((id) => cluster.openSockets(id))).toEqual([0, 0, 0]))
  })

  it('leaves out partitions that are not asked for', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    await cluster.stopBroker(0)
    cluster.append(1, 'a')
    await cluster.startBroker(0)
    const { view, question } = await aQuestion(cluster)
    await cluster.stopBroker(0)
    expect(await askOffsets(view, [endOfLog], { ...question, partitions: [1] })).toEqual([[-1, 1]])
  })

  it('fails with the name of a partition without a leader', async () => {
    const cluster = await aCluster({ partitions: 2 })
    cluster.partition(1).leader = -1
    const { view, question } = await aQuestion(cluster)
    await expect(askOffsets(view, [endOfLog], question)).rejects.toThrow('partition 1 has no leader')
  })

  it('ends at once when it is aborted, with its connections', async () => {
    const cluster = await aCluster()
    const { view, question, aborting } = await aQuestion(cluster)
    cluster.intercept = ({ apiKey }) => (apiKey === 2 ? null : undefined)
    const asking = askOffsets(view, [endOfLog], question)
    await eventually(() => expect(cluster.count(2)).toBe(1))
    aborting.abort()
    await expect(asking).rejects.toThrow('was closed')
    await eventually(() => expect(cluster.openSockets(0)).toBe(0))
  })

  it('finds a topic that may be described and not read', async () => {
    const cluster = await aCluster()
    const { view, question } = await aQuestion(cluster)
    await askToRead(view, question)
    cluster.partition(0).errorCode = 29
    await expect(askToRead(view, question)).rejects.toMatchObject({ kind: 'unauthorized' })
  })
})
