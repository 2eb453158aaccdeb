import { describe, expect, it } from 'vitest'
import { apiKeys } from '../testing/fake-protocol.ts'
import { aCluster, aStartedReader, endRigsAfterEach, eventually } from '../testing/reader-rig.ts'

endRigsAfterEach()

describe('a failing leader', () => {
  it('that is silent does not hold up other partitions, and its own are reported after a second', async () => {
    const cluster = await aCluster({ brokers: 3, partitions: 3 })
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    cluster.silence(1)
    cluster.append(1, 'held')
    for (const value of ['a', 'b', 'c']) {
      cluster.append(0, value)
      await eventually(() => expect(rig.sink.values(0)).toContain(value))
    }
    await eventually(() => expect(rig.log.lines.some(({ message }) => message.startsWith('connection to a leader'))).toBe(true))
    expect(rig.behind()).toEqual({})
    rig.clock.aheadMs += 1_000
    await eventually(() => expect(rig.behind()).toEqual({ 1: 'unreachable' }))
    expect(rig.problem()).toBeNull()
    cluster.unsilence(1)
    await rig.untilRead(1, ['held'])
    await eventually(() => expect(rig.behind()).toEqual({}))
    expect(rig.metrics.value('sourceRebuilds', { cause: 'crash' })).toBeGreaterThan(0)
  })

  it('is reported once for one kind of trouble, and once when it recovers', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    await cluster.stopBroker(1)
    await eventually(() => expect(rig.log.lines.some(({ message }) => message.startsWith('connection to a leader'))).toBe(true))
    rig.clock.aheadMs += 1_000
    await eventually(() => expect(rig.behind()).toEqual({ 1: 'unreachable' }))
    const asked = cluster.count(apiKeys.fetch, 0)
    await eventually(() => expect(cluster.count(apiKeys.fetch, 0)).toBeGreaterThan(asked + 5))
    await cluster.startBroker(1)
    await eventually(() => expect(rig.behind()).toEqual({}))
    const kinds = rig.sink.healths.map(({ behind }) => behind.map(({ kind }) => kind).join())
    expect(kinds.filter((kind) => kind !== '')).toEqual(['unreachable'])
  })

  it('is reported when no leader answers, and recovers by itself', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    for (const id of [0, 1]) await cluster.stopBroker(id)
    await eventually(() =>
      expect(rig.log.lines.filter(({ message }) => message.startsWith('connection to a leader')).length).toBeGreaterThan(1),
    )
    rig.clock.aheadMs += 1_000
    await eventually(() => expect(rig.problem()).toMatchObject({ kind: 'connecting' }))
    for (const id of [0, 1]) await cluster.startBroker(id)
    cluster.append(0, 'a')
    cluster.append(1, 'b')
    await rig.untilRead(0, ['a'])
    await rig.untilRead(1, ['b'])
    await eventually(() => expect(rig.sink.healths.at(-1)).toMatchObject({ problem: null, behind: [] }))
    expect(rig.sink.starts).toHaveLength(1)
  })

  it('is replaced by another, which is read from the next record, once', async () => {
    const cluster = await aCluster({ brokers: 2 })
    cluster.append(0, 'a', 'b')
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a', 'b'])
    cluster.elect(0, 1)
    cluster.append(0, 'c')
    await rig.untilRead(0, ['a', 'b', 'c'])
    cluster.elect(0, 0)
    cluster.append(0, 'd')
    await rig.untilRead(0, ['a', 'b', 'c', 'd'])
    expect(rig.sink.starts).toHaveLength(1)
    expect(rig.sink.losses).toEqual([])
    expect(rig.sink.healths.flatMap(({ behind }) => behind)).toEqual([])
  })

  it('that hangs is replaced by another, and reading goes on', async () => {
    const cluster = await aCluster({ brokers: 2 })
    const rig = await aStartedReader(cluster, { kafkaStallTimeoutMs: 60_000 })
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    cluster.silence(0)
    cluster.partition(0).elect(1)
    cluster.append(0, 'b')
    await rig.untilRead(0, ['a', 'b'])
    expect(rig.sink.starts).toHaveLength(1)
  })

  it('leaves a partition without a leader, which is reported and read when it has one', async () => {
    const cluster = await aCluster({ partitions: 2 })
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    cluster.elect(1, -1)
    const seen = cluster.count(apiKeys.metadata)
    await eventually(() => expect(cluster.count(apiKeys.metadata)).toBeGreaterThan(seen + 2))
    rig.clock.aheadMs += 1_000
    await eventually(() => expect(rig.behind()).toEqual({ 1: 'no-leader' }))
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    cluster.elect(1, 0)
    cluster.append(1, 'b')
    await rig.untilRead(1, ['b'])
    await eventually(() => expect(rig.behind()).toEqual({}))
  })

  it('that moved to another host is reached at its new address at once', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const rig = await aStartedReader(cluster, { kafkaStallTimeoutMs: 60_000 })
    cluster.append(1, 'a')
    await rig.untilRead(1, ['a'])
    // The old process hangs, so that its connections do not end. Another one has its id.
    await cluster.replaceBroker(1)
    cluster.append(1, 'b')
    await rig.untilRead(1, ['a', 'b'])
    expect(rig.sink.healths.flatMap(({ behind }) => behind)).toEqual([])
  })

  it('that refuses a partition is reported, and read again when it allows it', async () => {
    const cluster = await aCluster({ partitions: 2 })
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    cluster.partition(1).errorCode = 29
    cluster.changed()
    const seen = cluster.count(apiKeys.fetch)
    await eventually(() => expect(cluster.count(apiKeys.fetch)).toBeGreaterThan(seen + 2))
    rig.clock.aheadMs += 1_000
    await eventually(() => expect(rig.behind()).toEqual({ 1: 'refused' }))
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    cluster.partition(1).errorCode = 0
    rig.clock.aheadMs += 60_000
    await eventually(() => expect(rig.behind()).toEqual({}))
  })

  it('that has records and sends none is reported, and its connection replaced', async () => {
    const cluster = await aCluster({ partitions: 2 })
    const rig = await aStartedReader(cluster)
    await eventually(() => expect(rig.problem()).toBeNull())
    cluster.partition(1).isStuck = true
    cluster.append(1, 'a')
    await eventually(() => expect(rig.metrics.value('sourceRebuilds', { cause: 'stall' })).toBe(1))
    rig.clock.aheadMs += 1_000
    await eventually(() => expect(rig.behind()).toEqual({ 1: 'stalled' }))
    cluster.append(0, 'b')
    await rig.untilRead(0, ['b'])
    cluster.partition(1).isStuck = false
    cluster.changed()
    await rig.untilRead(1, ['a'])
    await eventually(() => expect(rig.behind()).toEqual({}))
  })

  it('that is ahead by retention is reported in that partition alone', async () => {
    const cluster = await aCluster({ partitions: 2 })
    cluster.append(0, 'a')
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a'])
    rig.sink.hold(0)
    cluster.append(0, 'held')
    await eventually(() => expect(rig.sink.values(0)).toContain('held'))
    for (const value of ['gone', 'gone', 'kept']) cluster.append(0, value)
    cluster.partition(0).trim(4)
    rig.sink.release()
    await rig.untilRead(0, ['a', 'held', 'kept'])
    expect(rig.sink.losses).toEqual([{ partition: 0, nextOffset: 4 }])
    expect(rig.sink.starts).toHaveLength(1)
  })
})

describe('a replica nearby', () => {
  it('is read when the leader names it', async () => {
    const cluster = await aCluster({ brokers: 2 })
    cluster.partition(0).preferredReplica = 1
    cluster.partition(0).followers.set(1, Number.POSITIVE_INFINITY)
    const rig = await aStartedReader(cluster, { kafkaClientRack: 'near' })
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    const [before, asked] = [cluster.count(apiKeys.fetch, 1), cluster.count(apiKeys.fetch, 0)]
    cluster.append(0, 'b')
    await rig.untilRead(0, ['a', 'b'])
    await eventually(() => expect(cluster.count(apiKeys.fetch, 1)).toBeGreaterThan(before))
    expect(cluster.count(apiKeys.fetch, 0)).toBe(asked)
  })

  it('is left for the leader when the position is out of its range', async () => {
    const cluster = await aCluster({ brokers: 2 })
    cluster.append(0, 'a', 'b')
    cluster.partition(0).preferredReplica = 1
    cluster.partition(0).followers.set(1, 1)
    const rig = await aStartedReader(cluster, { kafkaClientRack: 'near' })
    await rig.untilRead(0, ['a', 'b'])
    cluster.append(0, 'c')
    await rig.untilRead(0, ['a', 'b', 'c'])
    expect(rig.sink.losses).toEqual([])
    expect(rig.sink.starts).toHaveLength(1)
  })

  it.each(['silent', 'stopped'] as const)('is left for the leader when it is %s', async (how) => {
    const cluster = await aCluster({ brokers: 2 })
    cluster.partition(0).preferredReplica = 1
    cluster.partition(0).followers.set(1, Number.POSITIVE_INFINITY)
    const rig = await aStartedReader(cluster, { kafkaClientRack: 'near' })
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    if (how === 'silent') cluster.silence(1)
    else await cluster.stopBroker(1)
    cluster.append(0, 'b')
    await rig.untilRead(0, ['a', 'b'])
    cluster.append(0, 'c')
    await rig.untilRead(0, ['a', 'b', 'c'])
    expect(rig.sink.losses).toEqual([])
  })
})
