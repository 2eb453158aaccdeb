import { describe, expect, it } from 'vitest'
import { createAssignment } from './assignment.ts'
import type { DeadLetterHealth } from './health.ts'
import { LostPartitionError } from './letter-copier.ts'
import { createPartitionSet } from './partition-set.ts'
import type { PartitionWorker } from './partition-worker.ts'

const marks = (lastStableOffset: number) => ({ lastStableOffset, highWatermark: lastStableOffset, logStartOffset: 0 })
const step = (nextOffset: number) => ({ kind: 'skipped', nextOffset }) as const

function aWorker(over: Partial<PartitionWorker> = {}): PartitionWorker & { readonly stops: () => number } {
  let position = 0
  let stops = 0
  return {
    position: () => position,
    moveOn: () => undefined,
    rewind: () => undefined,
    deliver: async ({ nextOffset }) => void (position = nextOffset),
    tick: async () => undefined,
    flush: async () => undefined,
    stop: () => void (stops += 1),
    stops: () => stops,
    ...over,
  }
}

function aSet() {
  const broken: unknown[] = []
  const set = createPartitionSet({
    broken: (cause) => broken.push(cause),
    relocate: async () => undefined,
    state: () => undefined,
    replaced: () => undefined,
  })
  return { set, broken }
}

describe('the partitions of a dead letter worker', () => {
  it('lag behind their ends by the records that are not checked yet, summed', async () => {
    const { set } = aSet()
    set.add(0, aWorker())
    set.add(3, aWorker())
    await set.handler.deliver(0, step(4), marks(10))
    set.handler.fetched(3, marks(7))
    set.handler.fetched(8, marks(100))
    expect(set.lag()).toBe(13)
  })

  // K3: one partition that waits stopped all others of the pod.
  it('wait each for itself', async () => {
    const { set } = aSet()
    set.add(0, aWorker({ deliver: () => new Promise(() => undefined) }))
    set.add(1, aWorker())
    void set.handler.deliver(0, step(5), marks(5))
    await set.handler.deliver(1, step(5), marks(5))
    expect(set.handler.position(1)).toBe(5)
  })

  it('end the run when a worker fails, but not when it was stopped', async () => {
    const { set, broken } = aSet()
    const failing = aWorker({ deliver: () => Promise.reject(new LostPartitionError('gone')) })
    set.add(0, failing)
    const late = set.handler.deliver(0, step(1), marks(1))
    set.keep([])
    await late
    expect([broken, failing.stops()]).toEqual([[], 1])
    set.add(0, failing)
    await set.handler.deliver(0, step(1), marks(1))
    expect(broken).toEqual([expect.any(LostPartitionError)])
  })
})

describe('the assignment of a dead letter worker', () => {
  function rig(find: (partitions: readonly number[]) => Promise<ReadonlyMap<number, number>>) {
    const { set } = aSet()
    const troubles = new Set<number>()
    const health: DeadLetterHealth = {
      joined: () => undefined,
      broken: () => undefined,
      forget: () => undefined,
      trouble: (_what, partition, detail) => void (detail === null ? troubles.delete(partition) : troubles.add(partition)),
    }
    const read: (readonly number[])[] = []
    const started: [number, number][] = []
    const ending = new AbortController()
    const makeWorker = (partition: number, startOffset: number): PartitionWorker => {
      started.push([partition, startOffset])
      return aWorker()
    }
    let generation = 0
    const assignment = createAssignment({
      set,
      points: { find },
      health,
      signal: ending.signal,
      makeWorker,
      generation: () => generation,
      assigned: () => read.push(set.partitions),
    })
    return { assignment, troubles, read, started, end: () => ending.abort(), makeAgain: () => void (generation += 1) }
  }

  it('starts workers of new partitions, and keeps the others', async () => {
    const { assignment, started, read } = rig(async (partitions) => new Map(partitions.map((partition) => [partition, partition * 10])))
    await assignment.become([0, 1])
    await assignment.become([1, 2])
    expect([started, read.at(-1)]).toEqual([
      [
        [0, 0],
        [1, 10],
        [2, 20],
      ],
      [1, 2],
    ])
  })

  it('begins with partitions whose leader answers, and asks again for the others', async () => {
    let asked = 0
    const { assignment, started, read, troubles } = rig(
      async (partitions) => new Map(partitions.filter((partition) => partition === 0 || ++asked > 1).map((partition) => [partition, 5])),
    )
    const becoming = assignment.become([0, 1])
    await expect.poll(() => read.at(-1)).toEqual([0])
    expect([...troubles]).toEqual([1])
    await becoming
    expect([started, [...troubles]]).toEqual([
      [
        [0, 5],
        [1, 5],
      ],
      [],
    ])
  })

  it('forgets an answer that comes after the next assignment', async () => {
    const answers: ((found: ReadonlyMap<number, number>) => void)[] = []
    const { assignment, started } = rig(() => new Promise((resolve) => answers.push(resolve)))
    const becoming = [assignment.become([0]), assignment.become([1])]
    answers[0]?.(new Map([[0, 3]]))
    answers[1]?.(new Map([[1, 4]]))
    await Promise.all(becoming)
    expect(started).toEqual([[1, 4]])
  })

  it('asks again when the topic was recreated while it was answered', async () => {
    const offsets = [700, 0]
    const { assignment, started, makeAgain } = rig(async () => {
      const offset = offsets.shift() ?? -1
      if (offset === 700) makeAgain()
      return new Map([[0, offset]])
    })
    await assignment.become([0])
    expect(started).toEqual([[0, 0]])
  })

  it('does not ask any more after its end', async () => {
    let asked = 0
    const { assignment, end } = rig(async () => {
      asked += 1
      throw new Error('no broker answers')
    })
    const becoming = assignment.become([0])
    end()
    await becoming
    expect(asked).toBe(1)
  })
})
