import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import { priorities, type Priority } from './priority.ts'
import { createQueueMeter } from './queue-meter.ts'
import { keyOf } from '../../api/object-ref.ts'
import { createWorkQueue, eventInBackOffMs, type WorkItem, type WorkOutcome, type WorkQueue } from './work-queue.ts'

const ref = (name: string, namespace = 'shop'): ObjectRef => ({ namespace, name })
const orders = ref('orders')

function rig({ childDelayMs = 0 } = {}) {
  const recording = createRecordingMetrics()
  const now = (): number => Date.now() // the fake clock
  const queue = createWorkQueue({
    meter: createQueueMeter('realtimechannel', recording.metrics, now),
    now,
    random: () => 0.999_999,
    backOff: { firstMs: 100, maxMs: 300_000 },
    childDelayMs,
  })
  return { queue, ...recording }
}

/** Takes all ready keys, without waiting. */
async function takeReady(queue: WorkQueue): Promise<WorkItem | null> {
  return queue.readyCount() === 0 ? null : queue.take()
}

const namesOf = (items: readonly (WorkItem | null)[]): readonly (string | undefined)[] => items.map((item) => item?.ref.name)

beforeEach(() => vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

describe('a work queue', () => {
  it('hands a key out once, however often it was added', async () => {
    const { queue } = rig()
    for (let n = 0; n < 3; n += 1) queue.add(orders, 'child')
    expect(await queue.take()).toEqual({ ref: orders, priority: 'child', failures: 0 })
    expect(queue.readyCount()).toBe(0)
  })

  it('makes a taker wait, and hands it the next key', async () => {
    const { queue } = rig()
    const taken = queue.take()
    queue.add(orders, 'user')
    expect((await taken)?.ref).toEqual(orders)
  })

  it('hands different keys to waiting takers', async () => {
    const { queue } = rig()
    const taken = Promise.all([queue.take(), queue.take()])
    queue.add(orders, 'user')
    queue.add(orders, 'user')
    queue.add(ref('prices'), 'user')
    expect(namesOf(await taken)).toEqual(['orders', 'prices'])
  })

  it('does not hand out a key while it is worked on, and hands it out again afterwards', async () => {
    const { queue } = rig()
    queue.add(orders, 'user')
    await queue.take()
    queue.add(orders, 'resync')
    queue.add(orders, 'child')
    expect(queue.readyCount()).toBe(0)
    queue.done(orders, { kind: 'success' })
    expect(await queue.take()).toEqual({ ref: orders, priority: 'child', failures: 0 })
    queue.done(orders, { kind: 'success' })
    expect([queue.readyCount(), queue.size]).toEqual([0, 0])
  })

  it('moves a waiting key forward for a more urgent reason, and never back', async () => {
    const { queue } = rig()
    for (const name of ['a', 'b', 'c']) queue.add(ref(name), 'resync')
    queue.add(ref('c'), 'user')
    queue.add(ref('c'), 'child')
    expect([queue.readyCount('user'), queue.readyCount('child'), queue.readyCount('resync')]).toEqual([1, 0, 2])
    expect(namesOf([await queue.take(), await queue.take(), await queue.take()])).toEqual(['c', 'a', 'b'])
  })

  it('keeps keys of one name in two namespaces apart', async () => {
    const { queue } = rig()
    queue.add(ref('orders', 'a'), 'user')
    queue.add(ref('orders', 'b'), 'user')
    expect([await queue.take(), await queue.take()].map((item) => item?.ref.namespace)).toEqual(['a', 'b'])
  })

  it('hands out a delayed key at its time', async () => {
    const { queue } = rig()
    queue.addAfter(orders, 5_000, 'resync')
    await vi.advanceTimersByTimeAsync(4_999)
    expect(queue.readyCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(queue.readyCount('resync')).toBe(1)
  })

  it('keeps the earlier of two delays, for the more urgent reason', async () => {
    const { queue } = rig()
    queue.addAfter(orders, 5_000, 'resync')
    queue.addAfter(orders, 9_000, 'user')
    queue.addAfter(orders, 7_000, 'child')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(queue.readyCount('user')).toBe(1)
    await queue.take()
    queue.done(orders, { kind: 'success' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect([queue.readyCount(), queue.size]).toEqual([0, 0])
  })

  it('hands out a key again whose delay ended while it was worked on', async () => {
    const { queue } = rig()
    queue.add(orders, 'user')
    await queue.take()
    queue.addAfter(orders, 100, 'child')
    await vi.advanceTimersByTimeAsync(100)
    expect(queue.readyCount()).toBe(0)
    queue.done(orders, { kind: 'success' })
    expect(queue.readyCount()).toBe(1)
  })

  it('treats a delay as "at the latest then": an add before it replaces it', async () => {
    const { queue } = rig()
    queue.addAfter(orders, 5_000, 'resync')
    queue.add(orders, 'child')
    await queue.take()
    queue.done(orders, { kind: 'success' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(queue.readyCount()).toBe(0)
  })

  it('accepts a delay that is longer than a timer allows', async () => {
    const { queue } = rig()
    queue.addAfter(orders, Number.MAX_SAFE_INTEGER, 'resync')
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect([queue.readyCount(), queue.size]).toEqual([0, 1])
  })

  it('throws when done is called for a key that was not handed out', () => {
    const { queue } = rig()
    expect(() => queue.done(orders, { kind: 'success' })).toThrow('shop/orders is not being worked on')
    queue.add(orders, 'user')
    expect(() => queue.done(orders, { kind: 'success' })).toThrow('shop/orders is not being worked on')
  })
})

describe('the events of children', () => {
  it('wait for a moment and are one piece of work, and delay no change by a user', async () => {
    const { queue } = rig({ childDelayMs: 200 })
    queue.add(orders, 'child')
    await vi.advanceTimersByTimeAsync(150)
    queue.add(orders, 'child')
    expect(queue.readyCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(50)
    expect(await takeReady(queue)).toMatchObject({ ref: orders, priority: 'child' })
    queue.done(orders, { kind: 'success' })
    queue.add(orders, 'child')
    queue.add(orders, 'user')
    expect(await takeReady(queue)).toMatchObject({ ref: orders, priority: 'user' })
    await vi.advanceTimersByTimeAsync(200)
    expect(queue.readyCount()).toBe(0)
    queue.done(orders, { kind: 'success' })
    expect(queue.size).toBe(0)
  })

  // Another writer takes back every heal: each heal causes the event that causes the next heal.
  it('bring a key up at most five times a second, for any number of events while it is worked on', async () => {
    const { queue } = rig({ childDelayMs: 200 })
    queue.add(orders, 'child')
    let works = 0
    for (let at = 0; at < 10_000; at += 10) {
      await vi.advanceTimersByTimeAsync(10)
      if ((await takeReady(queue)) === null) continue
      works += 1
      queue.add(orders, 'child')
      queue.done(orders, { kind: 'success' })
    }
    expect(works).toBe(50)
  })

  it('do not shorten a back-off that started while they arrived', async () => {
    const { queue } = rig({ childDelayMs: 200 })
    queue.add(orders, 'user')
    for (let failures = 0; failures < 8; failures += 1) {
      await vi.advanceTimersByTimeAsync(300_000)
      await queue.take()
      queue.add(orders, 'child')
      queue.done(orders, { kind: 'retry' })
    }
    await vi.advanceTimersByTimeAsync(eventInBackOffMs - 1)
    expect(queue.readyCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(queue.readyCount()).toBe(1)
  })
})

describe('a key that fails', () => {
  async function fail(queue: WorkQueue, times: number): Promise<void> {
    for (let n = 0; n < times; n += 1) {
      await vi.advanceTimersByTimeAsync(300_000)
      await queue.take()
      queue.done(orders, { kind: 'retry' })
    }
  }

  it('waits longer after each failure, and not at all after a success', async () => {
    const { queue, value } = rig()
    queue.add(orders, 'user')
    const waits: number[] = []
    for (let n = 0; n < 4; n += 1) {
      const before = Date.now()
      const taken = queue.take()
      await vi.advanceTimersToNextTimerAsync()
      const item = await taken
      waits.push(Date.now() - before)
      expect(item?.failures).toBe(n)
      queue.done(orders, { kind: 'retry' })
    }
    expect(waits.slice(1)).toEqual([100, 200, 400])
    expect(value('queueRetries')).toBe(4)
    await vi.advanceTimersByTimeAsync(800)
    await queue.take()
    queue.done(orders, { kind: 'success' })
    expect(queue.size).toBe(0)
    queue.add(orders, 'child')
    expect((await queue.take())?.failures).toBe(0)
  })

  it('is handed out at once, without failures, when a user changes it', async () => {
    const { queue } = rig()
    queue.add(orders, 'child')
    await fail(queue, 8)
    queue.add(orders, 'user')
    expect(await takeReady(queue)).toEqual({ ref: orders, priority: 'user', failures: 0 })
    queue.done(orders, { kind: 'success' })
    await vi.advanceTimersByTimeAsync(300_000)
    expect(queue.readyCount()).toBe(0)
  })

  it('is handed out at once when a user changed it during the failed attempt', async () => {
    const { queue } = rig()
    queue.add(orders, 'child')
    await fail(queue, 8)
    await vi.advanceTimersByTimeAsync(300_000)
    await queue.take()
    queue.add(orders, 'user')
    queue.done(orders, { kind: 'retry' })
    expect(await takeReady(queue)).toEqual({ ref: orders, priority: 'user', failures: 0 })
  })

  it('is handed out within a second after an event of a child, but not at once, for any number of events', async () => {
    const { queue } = rig()
    queue.add(orders, 'child')
    await fail(queue, 12)
    for (let n = 0; n < 100; n += 1) queue.add(orders, 'child')
    await vi.advanceTimersByTimeAsync(eventInBackOffMs - 1)
    expect(queue.readyCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(await takeReady(queue)).toEqual({ ref: orders, priority: 'child', failures: 12 })
  })

  it('keeps its full back-off when only a resync adds it', async () => {
    const { queue } = rig()
    queue.add(orders, 'child')
    await fail(queue, 12)
    queue.add(orders, 'resync')
    queue.addAfter(orders, 10, 'resync')
    await vi.advanceTimersByTimeAsync(204_799)
    expect(queue.readyCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(queue.readyCount()).toBe(1)
  })

  it('loses its failures with a requeue', async () => {
    const { queue } = rig()
    queue.add(orders, 'child')
    await fail(queue, 3)
    await vi.advanceTimersByTimeAsync(300_000)
    await queue.take()
    queue.done(orders, { kind: 'requeue', afterMs: 2_000 })
    await vi.advanceTimersByTimeAsync(1_999)
    expect(queue.readyCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect((await takeReady(queue))?.failures).toBe(0)
  })
})

describe('a taker that waits', () => {
  // Found by the property below: `done` handed the key to a waiting taker, and then forgot it because nothing was left to do.
  it('gets a key that comes again at the moment of its done', async () => {
    const { queue } = rig()
    queue.add(orders, 'user')
    await queue.take()
    queue.add(orders, 'user')
    const taken = queue.take()
    queue.done(orders, { kind: 'success' })
    expect((await taken)?.ref).toEqual(orders)
    queue.add(orders, 'user')
    expect(queue.readyCount()).toBe(0)
    queue.done(orders, { kind: 'success' })
    expect(queue.readyCount()).toBe(1)
  })
})

describe('the end of a queue', () => {
  it('ends takers and timers, and accepts no more keys', async () => {
    const { queue } = rig()
    queue.addAfter(orders, 100, 'user')
    const taken = queue.take()
    queue.stop()
    queue.stop()
    expect(await taken).toBe(null)
    queue.add(ref('prices'), 'user')
    queue.addAfter(ref('prices'), 1, 'user')
    expect([await queue.take(), queue.readyCount(), vi.getTimerCount()]).toEqual([null, 0, 0])
  })

  it('accepts done for keys that are still worked on', async () => {
    const { queue } = rig()
    queue.add(orders, 'user')
    await queue.take()
    queue.add(orders, 'user')
    queue.stop()
    queue.done(orders, { kind: 'retry' })
    expect([queue.readyCount(), vi.getTimerCount()]).toEqual([0, 0])
  })

  it('hands no key to a taker that gave up', async () => {
    const { queue } = rig()
    const giveUp = new AbortController()
    const taken = queue.take(giveUp.signal)
    giveUp.abort()
    expect(await taken).toBe(null)
    queue.add(orders, 'user')
    expect(await queue.take(giveUp.signal)).toBe(null)
    expect(queue.readyCount()).toBe(1)
  })

  it('keeps the key of a taker that got it before it gave up', async () => {
    const { queue } = rig()
    const giveUp = new AbortController()
    const taken = queue.take(giveUp.signal)
    queue.add(orders, 'user')
    giveUp.abort()
    expect((await taken)?.ref).toEqual(orders)
  })
})

describe('what a queue counts', () => {
  it('counts adds once per wait, how long keys waited and how long the work took', async () => {
    const { queue, value, observations } = rig()
    queue.add(orders, 'resync')
    queue.add(orders, 'user')
    await vi.advanceTimersByTimeAsync(2_000)
    await queue.take()
    queue.add(orders, 'child')
    await vi.advanceTimersByTimeAsync(3_000)
    expect([value('unfinishedWork'), value('longestRunning')]).toEqual([3, 3])
    queue.done(orders, { kind: 'success' })
    expect([value('queueAdds'), value('unfinishedWork'), value('longestRunning')]).toEqual([2, 0, 0])
    expect([observations('queueDuration'), observations('workDuration')]).toEqual([[2], [3]])
  })
})

/**
 * Any sequence of adds, delays, takes, ends of work and time. Afterwards the queue is drained: every key that was added must have been
 * handed out after its last add.
 */
describe('a queue under any schedule', () => {
  const key = fc.record({ namespace: fc.constantFrom('a', 'b'), name: fc.constantFrom('1', '2', '3') })
  const priority = fc.constantFrom<Priority>(...priorities)
  const outcome: fc.Arbitrary<WorkOutcome> = fc.oneof(
    fc.constant({ kind: 'success' } as const),
    fc.constant({ kind: 'retry' } as const),
    fc.record({ kind: fc.constant('requeue' as const), afterMs: fc.nat(5_000) }),
  )
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), key, priority }),
    fc.record({ kind: fc.constant('addAfter' as const), key, priority, afterMs: fc.nat(5_000) }),
    fc.record({ kind: fc.constant('take' as const), isWaiting: fc.boolean() }),
    fc.record({ kind: fc.constant('done' as const), index: fc.nat(5), outcome }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3_000) }),
  )

  it('loses no key, hands none to two workers, and forgets every key when no work is left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 150, size: 'max' }), async (steps) => {
        const { queue } = rig()
        const working = new Map<string, ObjectRef>()
        /** Added, and not handed out since. */
        const pending = new Set<string>()
        const takeOne = async (): Promise<void> => {
          const item = await queue.take()
          if (item === null) throw new Error('the queue was not stopped')
          expect(working.has(keyOf(item.ref))).toBe(false)
          working.set(keyOf(item.ref), item.ref)
          pending.delete(keyOf(item.ref))
        }
        let waiting: Promise<void>[] = []
        const finish = (found: ObjectRef, how: WorkOutcome): void => {
          working.delete(keyOf(found))
          if (how.kind !== 'success') pending.add(keyOf(found))
          queue.done(found, how)
        }
        for (const each of steps) {
          if (each.kind === 'add') {
            pending.add(keyOf(each.key))
            queue.add(each.key, each.priority)
          } else if (each.kind === 'addAfter') {
            pending.add(keyOf(each.key))
            queue.addAfter(each.key, each.afterMs, each.priority)
          } else if (each.kind === 'take' && (each.isWaiting || queue.readyCount() > 0)) waiting.push(takeOne())
          else if (each.kind === 'done') {
            const found = [...working.values()][each.index]
            if (found !== undefined) finish(found, each.outcome)
          } else if (each.kind === 'pass') await vi.advanceTimersByTimeAsync(each.ms)
          await vi.advanceTimersByTimeAsync(0)
          expect(queue.size).toBeLessThanOrEqual(6)
        }
        for (let round = 0; round < 20 && (pending.size > 0 || working.size > 0); round += 1) {
          for (const found of working.values()) finish(found, { kind: 'success' })
          await vi.advanceTimersByTimeAsync(300_000)
          while (queue.readyCount() > 0) await takeOne()
        }
        expect([pending.size, working.size, queue.size]).toEqual([0, 0, 0])
        queue.stop()
        waiting = waiting.map((each) => each.catch(() => undefined)) // a taker that still waited got null when the queue stopped
        await Promise.all(waiting)
      }),
      { numRuns: 300 },
    )
  })

  it('has the same cost per key with 20,000 keys of one namespace as with few', () => {
    const { queue } = rig()
    const taken: Promise<WorkItem | null>[] = []
    for (let n = 0; n < 20_000; n += 1) queue.add(ref(`channel-${n}`), 'resync')
    for (let n = 19_999; n >= 0; n -= 2) queue.add(ref(`channel-${n}`), 'user')
    const began = performance.now()
    for (let n = 0; n < 20_000; n += 1) taken.push(queue.take())
    expect(queue.readyCount()).toBe(0)
    // A fraction of that limit; with a search per operation it would take minutes.
    expect(performance.now() - began).toBeLessThan(5_000)
    queue.stop()
  })
})
