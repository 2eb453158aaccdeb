import { describe, expect, it } from 'vitest'
import type { ClusterView } from '../wire/metadata.ts'
import { createCurrentTopic } from './current-topic.ts'

function rig() {
  const calls: string[] = []
  const listeners = new Set<(view: ClusterView) => void>()
  const formerIds = new Set<string>()
  let made = 0
  const makeReader = () => {
    const name = `reader ${++made}`
    calls.push(`make ${name}`)
    return {
      assign: (partitions: readonly number[]) => void calls.push(`${name} reads ${partitions.join()}`),
      stop: async () => void calls.push(`stop ${name}`),
    }
  }
  const subscribe = (listener: (view: ClusterView) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const madeAgain = () => {
    calls.push('made again')
    return [0, 1]
  }
  const current = createCurrentTopic({ topology: { subscribe }, formerIds, makeReader, madeAgain })
  return {
    current,
    formerIds,
    listeners,
    calls: () => calls.splice(0),
    show(topicId: string | null, partitions = 2) {
      const topic = { topicId, partitions: Array.from({ length: partitions }, () => ({ leader: 1, leaderEpoch: 0, errorCode: 0 })) }
      for (const listener of listeners) listener({ clusterId: 'c', brokers: new Map(), topic })
    },
    showMissing() {
      for (const listener of listeners) listener({ clusterId: 'c', brokers: new Map(), topic: null })
    },
  }
}

describe('the topic that a dead letter worker reads', () => {
  // The reader keeps to one id. Before readers were replaced, a recreated topic was never read.
  it('is read by another reader when it was recreated, after the old one has stopped and the workers have gone back', () => {
    const { current, show, showMissing, calls, formerIds } = rig()
    show('first')
    current.assign([0, 1])
    showMissing()
    expect(calls()).toEqual(['make reader 1', 'reader 1 reads 0,1'])
    show('second')
    expect(calls()).toEqual(['stop reader 1', 'made again', 'make reader 2', 'reader 2 reads 0,1'])
    expect([current.generation, [...formerIds]]).toEqual([1, ['first']])
    current.assign([1])
    expect(calls()).toEqual(['reader 2 reads 1'])
  })

  it('stays the same while it has one id, under any other changes and when a broker reports no id', () => {
    const { current, show, calls } = rig()
    for (const [id, partitions] of [
      ['first', 2],
      ['first', 3],
      [null, 3],
      ['first', 3],
    ] as const)
      show(id, partitions)
    expect([calls(), current.generation]).toEqual([['make reader 1'], 0])
  })

  it('is another one where brokers report no ids, when it has fewer partitions', () => {
    const { current, show } = rig()
    show(null, 3)
    show(null, 2)
    expect(current.generation).toBe(1)
  })

  it('forgets an id that came back, and remembers a bounded number of ids', () => {
    const { show, formerIds } = rig()
    show('first')
    show('second')
    show('first')
    expect([...formerIds]).toEqual(['second'])
    for (let n = 0; n < 300; n++) show(`topic ${n}`)
    expect(formerIds.size).toBeLessThanOrEqual(100)
  })

  it('is not read any more after the stop', async () => {
    const { current, listeners, calls } = rig()
    await current.stop()
    expect([calls(), listeners.size]).toEqual([['make reader 1', 'stop reader 1'], 0])
  })
})
