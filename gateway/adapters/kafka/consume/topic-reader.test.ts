import { describe, expect, it } from 'vitest'
import { aCluster, aReader, aStartedReader, endRigsAfterEach, eventually } from '../testing/reader-rig.ts'

endRigsAfterEach()

describe('the topic reader', () => {
  it('reads every partition from its first position', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 3 })
    for (const partition of [0, 1, 2]) cluster.append(partition, `a${partition}`, `b${partition}`)
    const rig = await aStartedReader(cluster)
    expect(rig.sink.starts).toEqual([{ epoch: cluster.topicId, startOffsets: [0, 0, 0], endOffsets: [2, 2, 2] }])
    cluster.append(1, 'c1')
    await rig.untilRead(1, ['a1', 'b1', 'c1'])
    await rig.untilRead(0, ['a0', 'b0'])
    await rig.untilRead(2, ['a2', 'b2'])
    expect(rig.problem()).toBeNull()
  })

  it('begins at the end where no record is as recent as asked', async () => {
    const cluster = await aCluster({ partitions: 2 })
    cluster.append(0, 'old')
    const rig = aReader(cluster)
    await rig.start(Date.now() + 60_000)
    expect(rig.sink.starts[0]).toMatchObject({ startOffsets: [1, 0], endOffsets: [1, 0] })
    cluster.append(0, 'new')
    await rig.untilRead(0, ['new'])
    await eventually(() => expect(rig.sink.reportedEnds.at(-1)).toEqual([2, 0]))
  })

  it('asks for each position before each fetch, so that it goes on behind the records that the sink got', async () => {
    const cluster = await aCluster()
    const rig = await aStartedReader(cluster)
    for (const value of ['a', 'b', 'c']) {
      cluster.append(0, value)
      await eventually(() => expect(rig.sink.values(0)).toContain(value))
    }
    expect(rig.sink.offsets(0)).toEqual([0, 1, 2])
  })

  it('reads the other partitions while the sink holds one', async () => {
    const cluster = await aCluster({ partitions: 3 })
    const rig = await aStartedReader(cluster)
    rig.sink.hold(0)
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    cluster.append(0, 'b')
    for (const value of ['x', 'y', 'z']) {
      cluster.append(1, value)
      await eventually(() => expect(rig.sink.values(1)).toContain(value))
    }
    expect(rig.sink.values(0)).toEqual(['a'])
    expect(rig.behind()).toEqual({})
    rig.sink.release()
    await rig.untilRead(0, ['a', 'b'])
  })

  it('reports the ends of all partitions with an answer', async () => {
    const cluster = await aCluster({ partitions: 2 })
    const rig = await aStartedReader(cluster)
    cluster.append(1, 'a', 'b')
    await eventually(() => expect(rig.sink.reportedEnds.at(-1)).toEqual([0, 2]))
  })

  it('reports the number of records that an open transaction holds back', async () => {
    const cluster = await aCluster({ partitions: 2 })
    cluster.append(0, 'a', 'b')
    cluster.partition(0).lies = { lastStableOffset: 0 }
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.sink.healths.at(-1)).toMatchObject({ problem: null, uncommittedRecords: 2 }))
    cluster.partition(0).lies = {}
    cluster.changed()
    await rig.untilRead(0, ['a', 'b'])
    await eventually(() => expect(rig.sink.healths.at(-1)).toMatchObject({ problem: null, uncommittedRecords: 0 }))
  })

  it('reads new partitions from their beginning, and does not open the log again', async () => {
    const cluster = await aCluster()
    const rig = await aStartedReader(cluster)
    cluster.grow(3)
    cluster.append(2, 'a')
    await rig.untilRead(2, ['a'])
    await eventually(() => expect(rig.sink.reportedEnds.at(-1)).toEqual([0, 0, 1]))
    expect(rig.sink.starts).toHaveLength(1)
  })
})

describe('the start of the topic reader', () => {
  it("fails with the broker's message when it may describe the topic and not read it", async () => {
    const cluster = await aCluster()
    cluster.partition(0).errorCode = 29
    const rig = aReader(cluster)
    const started = performance.now()
    await expect(rig.start()).rejects.toThrow(/unauthorized.*TOPIC_AUTHORIZATION_FAILED.*READ and DESCRIBE/)
    expect(performance.now() - started).toBeLessThan(1_000)
    await eventually(() => expect(cluster.openSockets(0)).toBe(0))
  })

  it('fails when the topic is missing and the reader may not create it', async () => {
    const cluster = await aCluster()
    cluster.doesExist = false
    await expect(aReader(cluster).start()).rejects.toThrow('The topic t does not exist. Create it')
  })

  it('creates a missing topic when it may', async () => {
    const cluster = await aCluster()
    cluster.doesExist = false
    const rig = aReader(cluster, { createTopic: async () => cluster.remake(2) })
    await rig.start()
    expect(rig.sink.starts[0]?.startOffsets).toEqual([0, 0])
  })

  it('waits for a partition without a leader, and names it', async () => {
    const cluster = await aCluster({ partitions: 2 })
    cluster.partition(1).leader = -1
    const rig = aReader(cluster)
    const starting = rig.start()
    await eventually(() =>
      expect(rig.problem()).toMatchObject({ kind: 'connecting', detail: expect.stringContaining('partition 1 has no leader') }),
    )
    cluster.elect(1, 0)
    await starting
    expect(rig.sink.starts).toHaveLength(1)
  })

  it('waits for brokers that do not answer yet, and logs it once', async () => {
    const cluster = await aCluster()
    await cluster.stopBroker(0)
    const rig = aReader(cluster)
    const starting = rig.start()
    await eventually(() => expect(rig.log.lines.filter(({ message }) => message === 'waiting for Kafka')).toHaveLength(1))
    expect(rig.problem()).toMatchObject({ kind: 'connecting', detail: expect.stringContaining('ECONNREFUSED') })
    await cluster.startBroker(0)
    await starting
    await eventually(() => expect(rig.problem()).toBeNull())
  })

  it('finds a broker that answers behind one that is silent', async () => {
    const cluster = await aCluster({ brokers: 2 })
    cluster.silence(1)
    const rig = aReader(cluster, { kafkaBrokers: [...cluster.addresses].toReversed() })
    await rig.start()
    expect(rig.sink.starts).toHaveLength(1)
  })
})

describe('the stop of the topic reader', () => {
  it.each(['connecting', 'fetching', 'asking for offsets'] as const)(
    'closes its connections and calls no method of the sink, also while %s',
    async (phase) => {
      const cluster = await aCluster()
      const rig = aReader(cluster)
      if (phase === 'connecting') cluster.silence(0)
      if (phase === 'asking for offsets') cluster.intercept = ({ apiKey }) => (apiKey === 2 ? null : undefined)
      const starting = rig.start()
      if (phase === 'fetching') await starting
      const waited = { connecting: 18, fetching: 1, 'asking for offsets': 2 }[phase]
      await eventually(() => expect(cluster.count(waited)).toBeGreaterThan(0))
      const stopped = performance.now()
      await rig.reader.stop()
      await rig.reader.stop()
      await starting
      expect(performance.now() - stopped).toBeLessThan(500)
      const calls = rig.sink.calls.length
      await eventually(() => expect(cluster.openSockets(0)).toBe(0))
      cluster.append(0, 'a')
      expect(rig.sink.calls).toHaveLength(calls)
    },
  )

  it('does not wait for a busy sink', async () => {
    const cluster = await aCluster()
    const rig = await aStartedReader(cluster)
    rig.sink.hold(0)
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    await rig.reader.stop()
    const calls = rig.sink.calls.length
    rig.sink.release()
    await eventually(() => expect(cluster.openSockets(0)).toBe(0))
    expect(rig.sink.calls).toHaveLength(calls)
  })
})
