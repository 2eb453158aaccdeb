import { describe, expect, it } from 'vitest'
import type { PartitionBehind } from '../../../replay/record-source.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import type { RecordStep } from '../records/read-records.ts'
import { encodeBatch } from '../records/encode-batch.ts'
import type { FakeCluster } from '../testing/fake-cluster.ts'
import { aCluster, endRigsAfterEach, endWith, eventually } from '../testing/reader-rig.ts'
import { kafkaOptions } from '../testing/test-topic.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery } from '../wire/discovery.ts'
import { createPartitionReader } from './partition-reader.ts'
import { createTopology } from './topology.ts'

endRigsAfterEach()

/** A reader of partitions alone, with a handler that keeps positions as the test says. */
async function aPartitionReader(cluster: FakeCluster) {
  const options = kafkaOptions({ kafkaBrokers: [...cluster.addresses] })
  const connect = createBrokerConnector(options, createRecordingLogger().logger)
  const discovery = createDiscovery({ brokers: options.kafkaBrokers.map(parseBroker), connect })
  const topology = createTopology({ discovery, topic: cluster.topic, everyMs: 50 })
  const positions = [0, 0, 0]
  const steps: { readonly partition: number; readonly step: RecordStep }[] = []
  const states: (PartitionBehind | null)[] = []
  const world = { aheadMs: 0, failNext: false, calls: 0 }
  const reader = createPartitionReader({
    topic: cluster.topic,
    connect,
    topology,
    fetch: { waitMs: 50, stallMs: 300, minBytes: 1, partitionBytes: 262_144, rack: '' },
    now: () => Date.now() + world.aheadMs,
    handler: {
      position: (partition) => (world.calls++, positions[partition] ?? 0),
      async deliver(partition, step) {
        world.calls++
        if (world.failNext) {
          world.failNext = false
          throw new Error('a handler that fails')
        }
        steps.push({ partition, step })
        positions[partition] = step.nextOffset
      },
      fetched: () => void world.calls++,
      outOfRange: async () => void world.calls++,
      truncated: () => void world.calls++,
      state: (_partition, problem) => void (world.calls++, states.push(problem)),
      replaced: () => void world.calls++,
    },
  })
  endWith(async () => {
    topology.stop()
    discovery.close()
    await reader.stop()
  })
  const offsets = (partition: number): readonly number[] => steps.flatMap(({ partition: of, step }) => (of === partition && step.kind === 'records' ? step.records.map(({ offset }) => offset) : []))
  return { reader, positions, steps, states, world, offsets }
}

describe('the partition reader', () => {
  it('brings a step again that the handler did not take', async () => {
    const cluster = await aCluster()
    cluster.append(0, 'a')
    const { reader, world, offsets } = await aPartitionReader(cluster)
    world.failNext = true
    reader.assign([0])
    await eventually(() => expect(world.failNext).toBe(false))
    expect(offsets(0)).toEqual([])
    world.aheadMs += 1_000
    await eventually(() => expect(offsets(0)).toEqual([0]))
  })

  it('fetches from where the handler says, each time', async () => {
    const cluster = await aCluster()
    for (const value of ['a', 'b', 'c', 'd']) cluster.append(0, value)
    const { reader, positions, offsets } = await aPartitionReader(cluster)
    positions[0] = 3
    reader.assign([0])
    await eventually(() => expect(offsets(0)).toEqual([3]))
    positions[0] = 1
    await eventually(() => expect(offsets(0)).toEqual([3, 1, 2, 3]))
  })

  it('reads the partitions that it was assigned, and no others', async () => {
    const cluster = await aCluster({ partitions: 3 })
    for (const partition of [0, 1, 2]) cluster.append(partition, 'a')
    const { reader, offsets } = await aPartitionReader(cluster)
    reader.assign([1])
    await eventually(() => expect(offsets(1)).toEqual([0]))
    expect([offsets(0), offsets(2)]).toEqual([[], []])
    reader.assign([2])
    await eventually(() => expect(offsets(2)).toEqual([0]))
    cluster.append(1, 'b')
    cluster.append(2, 'b')
    await eventually(() => expect(offsets(2)).toEqual([0, 1]))
    expect(offsets(1)).toEqual([0])
  })

  it('tells of a batch that cannot be read, and reads on behind it', async () => {
    const cluster = await aCluster()
    const broken = encodeBatch([{ key: null, value: Buffer.from('a'), headers: [], timestampMs: 1 }])
    broken.writeUInt8(broken.readUInt8(60) ^ 1, 60)
    cluster.partition(0).appendBatch(broken, 1)
    cluster.append(0, 'b')
    const { reader, steps, offsets } = await aPartitionReader(cluster)
    reader.assign([0])
    await eventually(() => expect(offsets(0)).toEqual([1]))
    expect(steps[0]?.step).toMatchObject({ kind: 'unreadable', nextOffset: 1 })
  })

  it('calls nothing after it was stopped, and closes its connections', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const { reader, world, offsets } = await aPartitionReader(cluster)
    reader.assign([0, 1])
    cluster.append(0, 'a')
    await eventually(() => expect(offsets(0)).toEqual([0]))
    await Promise.all([reader.stop(), reader.stop()])
    const { calls } = world
    cluster.append(0, 'b')
    reader.assign([0, 1])
    // Of the broker that the metadata are asked from, one connection stays.
    await eventually(() => expect(cluster.openSockets(0) + cluster.openSockets(1)).toBeLessThanOrEqual(1))
    expect(world.calls).toBe(calls)
  })
})
