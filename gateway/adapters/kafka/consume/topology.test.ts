import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ClusterView } from '../wire/metadata.ts'
import { createTopology, type Topology, type TopologyParts } from './topology.ts'

const aView = (leaderEpoch: number, topicId: string | null = 'a'): ClusterView => ({
  clusterId: null,
  brokers: new Map(),
  topic: { topicId, partitions: [{ leader: 0, leaderEpoch, errorCode: 0 }] },
})

describe('the topology', () => {
  let topology: Topology | null = null

  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    topology?.stop()
    vi.useRealTimers()
  })

  function aTopology(answers: (() => ClusterView)[], given: Partial<TopologyParts> = {}) {
    const asked: number[] = []
    const turns: number[] = []
    const views: number[] = []
    const last = answers.at(-1)
    topology = createTopology({
      discovery: {
        describe: async () => {
          asked.push(Date.now())
          const answer = answers.shift() ?? last
          if (answer === undefined) throw new Error('a test without answers')
          return answer()
        },
        turn: () => void turns.push(Date.now()),
      },
      topic: 't',
      everyMs: 2_000,
      ...given,
    })
    topology.subscribe((view) => void views.push(view.topic?.partitions[0]?.leaderEpoch ?? -2))
    return { topology, asked, turns, views }
  }

  it('asks at once without a first answer, and then at intervals', async () => {
    const { asked, views } = aTopology([() => aView(1)])
    await vi.advanceTimersByTimeAsync(7_000)
    expect(asked).toHaveLength(4)
    expect(views).toEqual([1, 1, 1, 1])
  })

  it('asks soon when a caller wants it, and at most five times a second', async () => {
    const { topology: asking, asked } = aTopology([() => aView(1)], { first: aView(1) })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(asked).toHaveLength(0)
    for (let left = 100; left > 0; left--) {
      asking.refresh()
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(asked.length).toBeGreaterThan(2)
    expect(asked.length).toBeLessThanOrEqual(6)
  })

  it('reports a failure, and asks again', async () => {
    const onFailure = vi.fn()
    const { views } = aTopology(
      [
        () => {
          throw new Error('nobody answers')
        },
        () => aView(1),
      ],
      { onFailure },
    )
    await vi.advanceTimersByTimeAsync(2_500)
    expect(onFailure).toHaveBeenCalledOnce()
    expect(views).toEqual([1])
  })

  it('does not believe an answer of the past, asks another broker soon, and reports it once', async () => {
    const onStale = vi.fn()
    const { topology: asking, views, turns } = aTopology([() => aView(4), () => aView(4), () => aView(5)], { first: aView(5), onStale })
    await vi.advanceTimersByTimeAsync(2_600)
    expect(views).toEqual([5])
    expect(turns).toHaveLength(2)
    expect(onStale).toHaveBeenCalledOnce()
    expect(asking.view?.topic?.partitions[0]?.leaderEpoch).toBe(5)
  })

  it.each([
    [null, 5],
    ['a', 30],
  ])('believes an answer that every broker repeats (id %s, after %i answers)', async (topicId, answers) => {
    const { views, turns } = aTopology([() => aView(4, topicId)], { first: aView(5, topicId) })
    await vi.advanceTimersByTimeAsync(120_000)
    expect(turns).toHaveLength(answers)
    expect(views[0]).toBe(4)
  })

  it('reports nothing after it was stopped', async () => {
    const { topology: asking, views } = aTopology([() => aView(1)])
    asking.stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(views).toEqual([])
  })
})
