import { describe, expect, it } from 'vitest'
import { aCluster, aStartedReader, endRigsAfterEach, eventually, type ReaderRig } from '../testing/reader-rig.ts'

endRigsAfterEach()

/** Returns the values of the partition that came after the last `opened`. */
function valuesSinceOpened({ sink }: ReaderRig, partition: number, before: number): readonly string[] {
  return sink.values(partition).slice(before)
}

describe('a recreated topic', () => {
  it('is opened with its new id, and no record of it comes under the old one', async () => {
    const cluster = await aCluster({ partitions: 2 })
    cluster.append(0, 'a', 'b')
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a', 'b'])
    // More records than before: by the old position, the reader would go on in the middle of the new topic.
    cluster.remake()
    cluster.append(0, 'p', 'q', 'r', 's')
    await rig.untilRead(0, ['a', 'b', 'p', 'q', 'r', 's'])
    expect(rig.sink.starts.map(({ epoch }) => epoch)[1]).toBe(cluster.topicId)
    expect(rig.sink.starts[1]).toMatchObject({ startOffsets: [0, 0], endOffsets: [4, 0] })
    expect(rig.sink.calls.indexOf('records')).toBeLessThan(rig.sink.calls.lastIndexOf('opened'))
    expect(valuesSinceOpened(rig, 0, 2)).toEqual(['p', 'q', 'r', 's'])
    expect(rig.metrics.value('sourceRebuilds', { cause: 'start' })).toBe(1)
  })

  it('is not read under the old epoch while one leader does not report its offsets yet', async () => {
    const cluster = await aCluster({ brokers: 2, partitions: 2 })
    const rig = await aStartedReader(cluster)
    cluster.append(0, 'a')
    await rig.untilRead(0, ['a'])
    cluster.intercept = ({ apiKey }, broker) => (apiKey === 2 && broker === 1 ? (socket) => void socket.destroy() : undefined)
    cluster.remake()
    cluster.append(0, 'p', 'q', 'r')
    const asked = cluster.count(2, 1)
    await eventually(() => expect(cluster.count(2, 1)).toBeGreaterThan(asked + 1))
    expect(rig.sink.values(0)).toEqual(['a'])
    expect(rig.sink.starts).toHaveLength(1)
    cluster.intercept = () => undefined
    await rig.untilRead(0, ['a', 'p', 'q', 'r'])
    expect(rig.sink.starts).toHaveLength(2)
  })

  it('is opened with a name of its own where brokers report no ids, when it has fewer partitions', async () => {
    const cluster = await aCluster({ partitions: 2, hasIds: false })
    const rig = await aStartedReader(cluster)
    expect(rig.sink.starts[0]?.epoch).toBe('topic:t')
    cluster.remake(1)
    await eventually(() => expect(rig.sink.starts).toHaveLength(2))
    cluster.append(0, 'p')
    await rig.untilRead(0, ['p'])
    expect(rig.sink.starts[1]?.epoch).toMatch(/^topic:t~/)
    expect(rig.sink.starts[1]?.startOffsets).toEqual([0])
  })

  it('keeps the configured epoch in front of its new id', async () => {
    const cluster = await aCluster()
    const rig = await aStartedReader(cluster, { kafkaTopicEpoch: 'given' })
    expect(rig.sink.starts[0]?.epoch).toBe('given')
    cluster.remake()
    await eventually(() => expect(rig.sink.starts[1]?.epoch).toBe(`given~${cluster.topicId}`))
  })

  it('is reported as missing while it is deleted, and read when it is back', async () => {
    const cluster = await aCluster({ partitions: 2 })
    const rig = await aStartedReader(cluster)
    cluster.doesExist = false
    cluster.changed()
    await eventually(() =>
      expect(rig.problem()).toMatchObject({ kind: 'missing', detail: expect.stringContaining('The topic t does not exist') }),
    )
    cluster.remake(1)
    cluster.append(0, 'p')
    await rig.untilRead(0, ['p'])
    await eventually(() => expect(rig.sink.healths.at(-1)).toEqual({ problem: null, behind: [], uncommittedRecords: 0 }))
    expect(rig.sink.starts.map(({ epoch }) => epoch)[1]).toBe(cluster.topicId)
  })

  it('goes on as before when it was only unknown to a broker for a while', async () => {
    const cluster = await aCluster()
    cluster.append(0, 'a')
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a'])
    cluster.doesExist = false
    cluster.changed()
    await eventually(() => expect(rig.problem()?.kind).toBe('missing'))
    cluster.doesExist = true
    cluster.append(0, 'b')
    await rig.untilRead(0, ['a', 'b'])
    await eventually(() => expect(rig.problem()).toBeNull())
    expect(rig.sink.starts).toHaveLength(1)
  })

  it('goes on as before when it is the old one after all', async () => {
    // Found by damaged answers: the reader had set its partitions aside for a topic that it could not open, and never took them up again.
    const cluster = await aCluster()
    cluster.append(0, 'a')
    const rig = await aStartedReader(cluster)
    await rig.untilRead(0, ['a'])
    const { topicId } = cluster
    cluster.topicId = '00000000-0000-4000-8000-000000000001'
    cluster.elect(0, -1)
    await eventually(() => expect(rig.problem()?.detail).toContain('the topic was recreated, and its leaders do not answer yet'))
    cluster.topicId = topicId
    cluster.elect(0, 0)
    cluster.append(0, 'b')
    await rig.untilRead(0, ['a', 'b'])
    await eventually(() => expect(rig.problem()).toBeNull())
    expect(rig.sink.starts).toHaveLength(1)
  })
})
