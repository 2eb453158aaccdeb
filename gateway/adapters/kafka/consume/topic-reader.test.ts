import { describe, expect, it } from 'vitest'
import { aCluster, aReader, aStartedReader, endRigsAfterEach, eventually } from '../testing/reader-rig.ts'

endRigsAfterEach()

describe('the topic reader', () => {
  it('reads every partition from where it begins', async () => {
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

  it('begins at the end where nothing is as recent as asked', async () => {
    const cluster = await aCluster({ partitions: 2 })
    cluster.append(0, 'old')
    const rig = aReader(cluster)
    await rig.start(Date.now() + 60_000)
    expect(rig.sink.starts[0]).toMatchObject({ startOffsets: [1, 0], endOffsets: [1, 0] })
    cluster.append(0, 'new')
    await rig.untilRead(0, ['new'])
    await eventually(() => expect(rig.sink.endsTold.at(-1)).toEqual([2, 0]))
  })
})
