import { describe, expect, it } from 'vitest'
import { systemTimers, type Timers } from '../../../../program/clock.ts'
import type { PartitionBehind } from '../../../replay/record-source.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import type { RecordStep } from '../records/read-records.ts'
import { encodeBatch } from '../records/encode-batch.ts'
import type { FakeCluster } from '../testing/fake-cluster.ts'
import { apiKeys, readFetch } from '../testing/fake-protocol.ts'
import { aCluster, endRigsAfterEach, endWith, eventually } from '../testing/reader-rig.ts'
import { kafkaOptions } from '../testing/test-topic.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery } from '../wire/discovery.ts'
import type { FetchSettings, PartitionReaderParts } from './partition-handler.ts'
import { createPartitionReader } from './partition-reader.ts'
import { createTopology } from './topology.ts'

endRigsAfterEach()

/** A reader of partitions alone, with a handler whose positions the test sets. */
async function aPartitionReader(
  cluster: FakeCluster,
  {
    positionsAre = 'asked',
    metadataEveryMs = 50,
    gapMs = 0,
    waitMs = 50,
    timers = systemTimers,
  }: Partial<
    Pick<PartitionReaderParts, 'positionsAre' | 'timers'> & Pick<FetchSettings, 'gapMs' | 'waitMs'> & { readonly metadataEveryMs: number }
  > = {},
) {
  const options = kafkaOptions({ kafkaBrokers: [...cluster.addresses] })
  const connect = createBrokerConnector(options, createRecordingLogger().logger)
  const discovery = createDiscovery({ brokers: options.kafkaBrokers.map(parseBroker), connect })
  const topology = createTopology({ discovery, topic: cluster.topic, everyMs: metadataEveryMs })
  const positions = [0, 0, 0]
  const steps: { readonly partition: number; readonly step: RecordStep }[] = []
  const states: (PartitionBehind | null)[] = []
  const cuts: number[] = []
  const world = { aheadMs: 0, failNext: false, calls: 0, held: null as Promise<void> | null }
  const reader = createPartitionReader({
    topic: cluster.topic,
    connect,
    topology,
    positionsAre,
    fetch: { waitMs, stallMs: 300, minBytes: 1, gapMs, partitionBytes: 262_144, rack: '' },
    now: () => Date.now() + world.aheadMs,
    timers,
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
        if (world.held !== null) await world.held
      },
      fetched: () => void world.calls++,
      outOfRange: async () => void world.calls++,
      truncated: (_partition, { endOffset }) => void (world.calls++, cuts.push(endOffset)),
      state: (_partition, problem) => void (world.calls++, states.push(problem)),
      replaced: () => void world.calls++,
    },
  })
  endWith(async () => {
    topology.stop()
    discovery.close()
    await reader.stop()
  })
  const offsets = (partition: number): readonly number[] =>
    steps.flatMap(({ partition: of, step }) =>
      of === partition && step.kind === 'records' ? step.records.map(({ offset }) => offset) : [],
    )
  return { reader, topology, positions, steps, states, cuts, world, offsets }
}

/** Requested offsets, one after the other. A fetch that follows a wait asks for the same again. */
const asked = (cluster: FakeCluster, partition: number): readonly number[] =>
  cluster.requests
    .filter(({ apiKey }) => apiKey === apiKeys.fetch)
    .flatMap((request) =>
      readFetch(request)
        .partitions.filter((one) => one.partition === partition)
        .map(({ offset }) => offset),
    )
    .filter((offset, index, all) => offset !== all[index - 1])

/** Timers that the test ends. */
function heldTimers() {
  const held = new Set<() => void>()
  const timers: Timers = {
    after: (_ms, run) => {
      held.add(run)
      return () => void held.delete(run)
    },
  }
  return { timers, held, end: () => held.forEach((run) => run()) }
}

describe('the partition reader', () => {
  it('repeats a step that the handler did not take', async () => {
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

  it("fetches from the handler's position, each time", async () => {
    const cluster = await aCluster()
    for (const value of ['a', 'b', 'c', 'd']) cluster.append(0, value)
    const { reader, positions, offsets } = await aPartitionReader(cluster)
    positions[0] = 3
    reader.assign([0])
    await eventually(() => expect(offsets(0)).toEqual([3]))
    positions[0] = 1
    await eventually(() => expect(offsets(0)).toEqual([3, 1, 2, 3]))
  })

  it('reads its assigned partitions, and no others', async () => {
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

  describe('reading from a remembered position', () => {
    const remembered = { positionsAre: 'remembered', metadataEveryMs: 60_000 } as const

    // Two workers of dead letters took turns while leaders changed. The second took records of the new epoch for lost, and copied them
    // again.
    it('goes on, though the metadata is from before the epoch in which it was remembered', async () => {
      const cluster = await aCluster()
      for (const value of ['a', 'b']) cluster.append(0, value)
      const { reader, topology, positions, cuts, offsets } = await aPartitionReader(cluster, remembered)
      await eventually(() => expect(topology.view).not.toBeNull())
      cluster.elect(0, 0)
      for (const value of ['c', 'd']) cluster.append(0, value)
      positions[0] = 3
      reader.assign([0])
      await eventually(() => expect(offsets(0)).toEqual([3]))
      expect(cuts).toEqual([])
    })

    it('notices a log that is cut after its first answer', async () => {
      const cluster = await aCluster()
      for (const value of ['a', 'b', 'c']) cluster.append(0, value)
      const { reader, positions, cuts, offsets } = await aPartitionReader(cluster, { ...remembered, metadataEveryMs: 50 })
      positions[0] = 2
      reader.assign([0])
      await eventually(() => expect(offsets(0)).toEqual([2]))
      cluster.electUnclean(0, 0, 1)
      await eventually(() => expect(cuts).toEqual([1]))
    })
  })

  it('reports an unreadable batch, and reads on behind it', async () => {
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

  it('calls no handler after the stop, and closes its connections', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const { reader, world, offsets } = await aPartitionReader(cluster)
    reader.assign([0, 1])
    cluster.append(0, 'a')
    await eventually(() => expect(offsets(0)).toEqual([0]))
    await Promise.all([reader.stop(), reader.stop()])
    const { calls } = world
    cluster.append(0, 'b')
    reader.assign([0, 1])
    // One connection stays: that to the broker of the metadata.
    await eventually(() => expect(cluster.openSockets(0) + cluster.openSockets(1)).toBeLessThanOrEqual(1))
    expect(world.calls).toBe(calls)
  })
})

describe('a fetch ahead', () => {
  const large = 'x'.repeat(200_000)
  async function aHeldReader(partitions: number, batches: number) {
    const cluster = await aCluster({ partitions })
    for (let batch = 0; batch < batches; batch++)
      for (let partition = 0; partition < partitions; partition++) cluster.append(partition, large)
    const rig = await aPartitionReader(cluster)
    const { promise, resolve: release } = Promise.withResolvers<void>()
    rig.world.held = promise
    rig.reader.assign(Array.from({ length: partitions }, (_, partition) => partition))
    return { cluster, ...rig, release }
  }

  it('is in progress while the records before it are handled, alone', async () => {
    const { cluster, offsets, release } = await aHeldReader(1, 4)
    await eventually(() => expect(asked(cluster, 0)).toEqual([0, 1]))
    expect(offsets(0)).toEqual([0])
    release()
    await eventually(() => expect(offsets(0)).toEqual([0, 1, 2, 3]))
    await eventually(() => expect(asked(cluster, 0)).toEqual([0, 1, 2, 3, 4]))
  })

  it('asks for partitions that were not asked for before, while another one has more', async () => {
    const { cluster, reader, steps, offsets, release } = await aHeldReader(1, 12)
    cluster.grow(2)
    cluster.append(1, 'b')
    await eventually(() => expect(asked(cluster, 0)).toEqual([0, 1]))
    reader.assign([0, 1])
    const seen = cluster.count(apiKeys.metadata)
    await eventually(() => expect(cluster.count(apiKeys.metadata)).toBeGreaterThan(seen + 2))
    release()
    await eventually(() => expect([offsets(0).length, offsets(1).length]).toEqual([12, 1]))
    expect(steps.findIndex(({ partition }) => partition === 1)).toBeLessThan(6)
  })

  it('is not sent when the broker has no more', async () => {
    const { cluster, offsets, release } = await aHeldReader(1, 1)
    await eventually(() => expect(offsets(0)).toEqual([0]))
    cluster.append(0, 'later')
    expect(asked(cluster, 0)).toEqual([0])
    release()
    await eventually(() => expect(offsets(0)).toEqual([0, 1]))
  })

  it('is dropped when the position moved elsewhere', async () => {
    const { cluster, positions, offsets, release } = await aHeldReader(1, 4)
    await eventually(() => expect(asked(cluster, 0)).toEqual([0, 1]))
    positions[0] = 3
    release()
    await eventually(() => expect(offsets(0)).toEqual([0, 3]))
    await eventually(() => expect(asked(cluster, 0)).toEqual([0, 1, 3, 4]))
  })

  it('is dropped when another leader was elected, whose log has other records there', async () => {
    const { cluster, steps, offsets, release } = await aHeldReader(1, 3)
    await eventually(() => expect(asked(cluster, 0)).toEqual([0, 1]))
    cluster.electUnclean(0, 0, 1)
    cluster.append(0, 'other')
    const seen = cluster.count(apiKeys.metadata)
    await eventually(() => expect(cluster.count(apiKeys.metadata)).toBeGreaterThan(seen + 2))
    release()
    await eventually(() => expect(offsets(0)).toEqual([0, 1]))
    expect(steps.flatMap(({ step }) => (step.kind === 'records' ? step.records.map(({ value }) => String(value).length) : []))).toEqual([
      large.length,
      5,
    ])
  })

  it('does not keep records of other partitions in memory for a handler that waits', async () => {
    const { steps, release } = await aHeldReader(3, 1)
    await eventually(() => expect(steps).toHaveLength(3))
    const held = steps.flatMap(({ step }) =>
      step.kind === 'records' ? step.records.map(({ value }) => value?.buffer.byteLength ?? 0) : [],
    )
    for (const bytes of held) expect(bytes).toBeLessThan(2 * large.length)
    release()
  })
})

describe('the time between two fetches', () => {
  const longMs = 60_000

  it('brings the records that are written meanwhile in one answer', async () => {
    const { timers, held, end } = heldTimers()
    const cluster = await aCluster()
    cluster.append(0, 'a')
    const { reader, offsets } = await aPartitionReader(cluster, { gapMs: longMs, timers })
    reader.assign([0])
    await eventually(() => expect(held.size).toBe(1))
    for (const value of ['b', 'c', 'd']) cluster.append(0, value)
    expect([offsets(0), asked(cluster, 0)]).toEqual([[0], [0]])
    end()
    await eventually(() => expect(offsets(0)).toEqual([0, 1, 2, 3]))
    expect(asked(cluster, 0)).toEqual([0, 1])
  })

  it('is none while the leader has more records', async () => {
    const { timers, held } = heldTimers()
    const cluster = await aCluster()
    for (const _ of [0, 1, 2, 3]) cluster.append(0, 'x'.repeat(200_000))
    const { reader, offsets } = await aPartitionReader(cluster, { gapMs: longMs, timers })
    reader.assign([0])
    await eventually(() => expect([offsets(0), held.size]).toEqual([[0, 1, 2, 3], 1]))
  })

  it('is over when the leader held the fetch for longer', async () => {
    const waits: number[] = []
    const timers: Timers = { after: (ms, run) => (waits.push(ms), systemTimers.after(ms, run)) }
    const cluster = await aCluster()
    const { reader, offsets } = await aPartitionReader(cluster, { gapMs: 20, waitMs: 5_000, timers })
    reader.assign([0])
    // The first fetch is not held, and the second one is.
    await eventually(() => expect(cluster.count(apiKeys.fetch)).toBe(2))
    const seen = cluster.count(apiKeys.metadata)
    await eventually(() => expect(cluster.count(apiKeys.metadata)).toBeGreaterThan(seen + 1))
    const before = waits.length
    cluster.append(0, 'a')
    await eventually(() => expect(cluster.count(apiKeys.fetch)).toBe(3))
    expect([offsets(0), waits.length]).toEqual([[0], before])
  })

  it('does not delay the stop', async () => {
    const { timers, held } = heldTimers()
    const cluster = await aCluster()
    cluster.append(0, 'a')
    const { reader } = await aPartitionReader(cluster, { gapMs: longMs, timers })
    reader.assign([0])
    await eventually(() => expect(held.size).toBe(1))
    await reader.stop()
    expect(held.size).toBe(0)
  })
})
