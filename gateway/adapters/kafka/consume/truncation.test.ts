import { describe, expect, it } from 'vitest'
import { apiKeys, writeLeaderEpochs } from '../testing/fake-protocol.ts'
import type { FakeCluster } from '../testing/fake-cluster.ts'
import { aCluster, aReader, aStartedReader, endRigsAfterEach, eventually } from '../testing/reader-rig.ts'

endRigsAfterEach()

describe('a cut log', () => {
  const epochs = (rig: { readonly sink: { readonly starts: readonly { readonly epoch: string }[] } }): readonly string[] =>
    rig.sink.starts.map(({ epoch }) => epoch)

  it('is opened again in an epoch that all readers name alike, at any position', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    cluster.append(0, 'a')
    cluster.append(0, 'b')
    const [reads, waits] = [await aStartedReader(cluster), aReader(cluster)]
    await waits.start()
    waits.sink.hold(0)
    // One reader has read the record that will be lost. The other has only heard of it.
    await waits.sink.untilReceived(1)
    await reads.untilRead(0, ['a', 'b'])
    cluster.append(0, 'lost')
    await reads.untilRead(0, ['a', 'b', 'lost'])
    waits.sink.release()
    await waits.untilRead(0, ['a', 'b', 'lost'])
    cluster.electUnclean(0, 1, 2)
    cluster.append(0, 'new')
    await reads.untilRead(0, ['a', 'b', 'lost', 'new'])
    await waits.untilRead(0, ['a', 'b', 'lost', 'new'])
    expect(epochs(reads)).toEqual([cluster.topicId, `${cluster.topicId}~0.0.2`])
    expect(epochs(waits)).toEqual(epochs(reads))
    expect(reads.sink.starts[1]?.startOffsets).toEqual([2, 0])
  })

  it('is noticed by a reader that has only heard of the lost end', async () => {
    const cluster = await aCluster({ brokers: 2 })
    cluster.append(0, 'a')
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a'])
    // An open transaction holds the records back: only the high watermark shows them.
    cluster.partition(0).lies = { lastStableOffset: 1 }
    cluster.append(0, 'lost')
    await eventually(() => expect(rig.sink.healths.at(-1)?.uncommittedRecords).toBe(1))
    cluster.partition(0).lies = {}
    cluster.electUnclean(0, 1, 1)
    cluster.append(0, 'new')
    await rig.untilRead(0, ['a', 'new'])
    expect(epochs(rig)).toEqual([cluster.topicId, `${cluster.topicId}~0.0.1`])
  })

  it('has one name for two partitions that were cut, in either order', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    for (const partition of [0, 1]) for (const value of ['a', 'lost']) cluster.append(partition, value)
    const one = await aStartedReader(cluster)
    await one.sink.untilReceived(4)
    cluster.electUnclean(1, 0, 1)
    await eventually(() => expect(epochs(one)).toHaveLength(2))
    cluster.electUnclean(0, 1, 1)
    await eventually(() => expect(epochs(one)).toHaveLength(3))
    expect(epochs(one).at(-1)).toBe(`${cluster.topicId}~0.0.1~1.0.1`)
    for (const partition of [0, 1]) {
      cluster.append(partition, 'new')
      await one.untilRead(partition, ['a', 'lost', 'new'])
    }
  })

  it('stays in its epoch after a clean election, also when the reader was behind', async () => {
    const cluster = await aCluster({ brokers: 2 })
    const rig = await aStartedReader(cluster)
    rig.sink.hold(0)
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    cluster.append(0, 'b')
    cluster.elect(0, 1)
    cluster.append(0, 'c')
    rig.sink.release()
    await rig.untilRead(0, ['a', 'b', 'c'])
    expect(epochs(rig)).toEqual([cluster.topicId])
  })

  it('is noticed by the end of the log when the new leader knows no epochs', async () => {
    const cluster = await aCluster({ brokers: 2 })
    for (const value of ['a', 'b', 'lost']) cluster.append(0, value)
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a', 'b', 'lost'])
    cluster.intercept = ({ apiKey }) => (apiKey === apiKeys.leaderEpoch ? unknownEpochs() : undefined)
    cluster.electUnclean(0, 1, 2)
    await eventually(() => expect(epochs(rig)).toEqual([cluster.topicId, `${cluster.topicId}~0.-1.2`]))
    cluster.append(0, 'new')
    await rig.untilRead(0, ['a', 'b', 'lost', 'new'])
  })

  it('keeps the other partitions at their positions, and hands over a step in progress once', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    for (const value of ['a', 'lost']) cluster.append(0, value)
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a', 'lost'])
    rig.sink.hold(1)
    for (const value of ['x', 'y']) cluster.append(1, value)
    await eventually(() => expect(rig.sink.values(1)).toContain('x'))
    cluster.electUnclean(0, 1, 1)
    await eventually(() => expect(epochs(rig)).toHaveLength(2))
    rig.sink.release()
    await rig.untilRead(1, ['x', 'y'])
    cluster.append(1, 'z')
    await rig.untilRead(1, ['x', 'y', 'z'])
    expect(rig.sink.starts[1]?.startOffsets[0]).toBe(1)
  })
})

describe('metadata of a broker that is cut off', () => {
  async function withStaleBroker(
    stale: (cluster: FakeCluster) => {
      readonly topicId: string | null
      readonly partitions: readonly { readonly leader: number; readonly leaderEpoch: number }[]
    },
  ) {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const past = stale(cluster)
    const rig = await aStartedReader(cluster, { kafkaBrokers: [...cluster.addresses].toReversed() })
    await eventually(() => expect(rig.problem()).toBeNull())
    return { cluster, rig, past }
  }

  it('moves no partition back, and another broker is asked', async () => {
    const { cluster, rig, past } = await withStaleBroker(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ leader, epoch }) => ({ leader, leaderEpoch: epoch })),
    }))
    cluster.elect(0, 1)
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    cluster.staleViews.set(1, past)
    const [asked, fetched] = [cluster.count(apiKeys.metadata, 0), cluster.count(apiKeys.fetch, 0)]
    await eventually(() => expect(cluster.count(apiKeys.metadata, 0)).toBeGreaterThan(asked + 1))
    cluster.append(0, 'b')
    await rig.untilRead(0, ['a', 'b'])
    expect(rig.sink.starts).toHaveLength(1)
    const toPartition0 = cluster.requests.filter(({ apiKey, broker }) => apiKey === apiKeys.fetch && broker === 0).length - fetched
    expect(toPartition0).toBeGreaterThanOrEqual(0)
    expect(rig.sink.healths.flatMap(({ behind }) => behind)).toEqual([])
  })

  it('does not make a topic that grew a recreated one', async () => {
    const { cluster, rig, past } = await withStaleBroker(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ leader, epoch }) => ({ leader, leaderEpoch: epoch })),
    }))
    cluster.grow(3)
    cluster.append(2, 'a')
    await rig.untilRead(2, ['a'])
    cluster.staleViews.set(1, past)
    const asked = cluster.count(apiKeys.metadata, 0)
    await eventually(() => expect(cluster.count(apiKeys.metadata, 0)).toBeGreaterThan(asked + 1))
    expect(rig.sink.starts).toHaveLength(1)
  })

  it('does not bring back a topic that was deleted', async () => {
    const { cluster, rig, past } = await withStaleBroker(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ leader, epoch }) => ({ leader, leaderEpoch: epoch })),
    }))
    cluster.remake()
    cluster.append(0, 'p')
    await rig.untilRead(0, ['p'])
    cluster.staleViews.set(1, past)
    const asked = cluster.count(apiKeys.metadata, 0)
    await eventually(() => expect(cluster.count(apiKeys.metadata, 0)).toBeGreaterThan(asked + 1))
    expect(rig.sink.starts).toHaveLength(2)
    expect(rig.sink.starts[1]?.epoch).toBe(cluster.topicId)
  })
})

/** An answer of OffsetForLeaderEpoch for partition 0: the broker does not know such an epoch. */
function unknownEpochs(): Buffer {
  return writeLeaderEpochs('t', [{ partition: 0, errorCode: 0, leaderEpoch: -1, endOffset: -1 }])
}
