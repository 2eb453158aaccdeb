import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { createRecordingMetrics } from '../testing/recording-metrics.ts'
import { createController, type ControllerOptions } from './controller.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import { createQueueMeter } from './queue-meter.ts'
import type { Reconcile, ReconcileResult } from './reconcile-run.ts'
import { keyOf } from '../../api/object-ref.ts'
import { createWorkQueue } from './work-queue.ts'

const ref = (name: string): ObjectRef => ({ namespace: 'shop', name })
const clock = { now: () => Date.now(), wallNow: () => Date.now() + 1_000_000 } // the fake clock's

function rig(reconcile: Reconcile, options: Partial<ControllerOptions> = {}, keys: () => Iterable<ObjectRef> = () => []) {
  const recording = createRecordingMetrics()
  const log = createRecordingLogger()
  const queue = createWorkQueue({
    meter: createQueueMeter('realtimechannel', recording.metrics, clock.now),
    now: clock.now,
    random: () => 0.5,
  })
  const controller = createController({
    name: 'realtimechannel',
    queue,
    reconcile,
    keys,
    options: { workers: 2, timeoutMs: 30_000, graceMs: 5_000, resyncPeriodMs: 600_000, ...options },
    metrics: recording.metrics,
    logger: log.logger,
    clock,
    random: () => 0.5,
  })
  return { queue, controller, lines: log.lines, ...recording }
}

/** Reconciles that the test ends. */
function held() {
  const begun: {
    readonly name: string
    readonly signal: AbortSignal
    readonly end: (result: ReconcileResult) => void
    readonly fail: (error: unknown) => void
  }[] = []
  const reconcile: Reconcile = ({ name }, { signal }) =>
    new Promise((resolve, reject) => {
      begun.push({ name, signal, end: resolve, fail: reject })
    })
  return { begun, reconcile, names: () => begun.map(({ name }) => name) }
}

const done: ReconcileResult = { kind: 'done' }
/** Runs all promises that are ready. */
const turn = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

beforeEach(() => vi.useFakeTimers({ now: 0 }))
afterEach(() => void vi.useRealTimers())

describe('a controller', () => {
  it('works on one key per worker at the same time', async () => {
    const { begun, reconcile, names } = held()
    const { queue, controller, value } = rig(reconcile)
    for (const name of ['a', 'b', 'c']) queue.add(ref(name), 'user')
    await turn()
    expect(names()).toEqual([])
    controller.start()
    await turn()
    expect(names()).toEqual(['a', 'b'])
    expect([value('activeWorkers'), value('maxConcurrentReconciles'), value('queueDepth', { priority: 'user' })]).toEqual([2, 2, 1])
    begun[1]?.end(done)
    await turn()
    expect(names()).toEqual(['a', 'b', 'c'])
    expect(value('reconciles', { result: 'success' })).toBe(1)
  })

  it('shows which keys are in progress and since when, until they are done', async () => {
    const { begun, reconcile } = held()
    const { queue, controller, samples } = rig(reconcile)
    controller.start()
    await vi.advanceTimersByTimeAsync(5_000)
    queue.add(ref('a'), 'user')
    await turn()
    expect(samples('reconcileStarted')).toEqual([{ labels: { controller: 'realtimechannel', namespace: 'shop', name: 'a' }, value: 1_005 }])
    expect(controller.inProgress()).toMatchObject([{ ref: ref('a'), startedAtMs: 5_000, isAbandoned: false }])
    begun[0]?.end(done)
    await turn()
    expect([samples('reconcileStarted'), controller.inProgress()]).toEqual([[], []])
  })

  it('passes the priority of the key to the reconcile', async () => {
    const reconcile = vi.fn<Reconcile>(async () => done)
    const { queue, controller } = rig(reconcile)
    controller.start()
    queue.add(ref('a'), 'child')
    await turn()
    expect(reconcile.mock.calls.map(([key, { priority }]) => [key, priority])).toEqual([[ref('a'), 'child']])
  })

  it('runs a key again as the result of its reconcile asks', async () => {
    const results: ReconcileResult[] = [
      { kind: 'requeue', afterMs: 2_000 },
      { kind: 'requeue', afterMs: 0 },
      { kind: 'retry', reason: 'no broker answers' },
      done,
    ]
    const times: number[] = []
    const { queue, controller, value, lines } = rig(async () => {
      times.push(Date.now())
      return results.shift() ?? done
    })
    controller.start()
    queue.add(ref('a'), 'user')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(times).toEqual([0, 2_000, 2_000, 2_075])
    const counts = ['requeue_after', 'requeue', 'error', 'success'].map((result) => value('reconciles', { result }))
    expect([counts, value('reconcileErrors'), value('reconcilePanics'), value('queueRetries')]).toEqual([[1, 1, 1, 1], 1, 0, 1])
    expect(lines.map(({ level, fields }) => [level, fields['reason'], fields['attempt']])).toEqual([['warn', 'no broker answers', 1]])
  })

  it('survives a reconcile that throws, logs it once, and retries it later', async () => {
    const bug = new Error('undefined is not a channel')
    const reconcile = vi
      .fn<Reconcile>()
      .mockRejectedValueOnce(bug)
      .mockImplementationOnce(() => {
        throw bug // before the first await
      })
      .mockResolvedValue(done)
    const { queue, controller, value, lines } = rig(reconcile)
    controller.start()
    queue.add(ref('a'), 'user')
    await turn()
    expect(lines).toMatchObject([{ level: 'error', fields: { namespace: 'shop', object: 'a', err: bug } }])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(reconcile).toHaveBeenCalledTimes(3)
    expect([value('reconcilePanics'), value('reconcileErrors'), value('reconciles', { result: 'success' }), lines.length]).toEqual([
      2, 2, 1, 2,
    ])
  })
})

describe('a reconcile that takes too long', () => {
  it('is cancelled, and its key is retried', async () => {
    const reconcile = vi.fn<Reconcile>()
    reconcile.mockImplementationOnce(
      (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    ) // the controller's own error
    reconcile.mockResolvedValue(done)
    const { queue, controller, value, lines } = rig(reconcile)
    controller.start()
    queue.add(ref('a'), 'user')
    await vi.advanceTimersByTimeAsync(29_999)
    expect(reconcile).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(reconcile).toHaveBeenCalledTimes(2)
    expect([value('reconcileTimeouts'), value('reconcilePanics'), value('reconcileErrors')]).toEqual([1, 0, 1])
    expect(lines.map(({ level, message }) => [level, message])).toEqual([['warn', 'reconcile timed out']])
  })

  it('counts with its own result when it ends within the grace', async () => {
    const { begun, reconcile } = held()
    const { queue, controller, value } = rig(reconcile)
    controller.start()
    queue.add(ref('a'), 'user')
    await vi.advanceTimersByTimeAsync(31_000)
    expect(begun[0]?.signal.aborted).toBe(true)
    begun[0]?.end(done)
    await turn()
    expect([value('reconcileTimeouts'), value('reconciles', { result: 'success' }), queue.size]).toEqual([1, 1, 0])
  })

  it('is logged as a bug when it throws anything but the reason of its signal', async () => {
    const { begun, reconcile } = held()
    const { queue, controller, value } = rig(reconcile)
    controller.start()
    queue.add(ref('a'), 'user')
    await vi.advanceTimersByTimeAsync(31_000)
    begun[0]?.fail(new TypeError('a bug'))
    await turn()
    expect(value('reconcilePanics')).toBe(1)
  })

  it('is left behind when it ignores its signal: other keys go on, its own key waits until it really ends', async () => {
    const { begun, reconcile, names } = held()
    const { queue, controller, value, lines } = rig(reconcile, { workers: 1 })
    controller.start()
    queue.add(ref('deaf'), 'user')
    queue.add(ref('b'), 'user')
    await vi.advanceTimersByTimeAsync(34_999)
    expect(names()).toEqual(['deaf'])
    await vi.advanceTimersByTimeAsync(1)
    expect(names()).toEqual(['deaf', 'b'])
    expect([value('activeWorkers'), value('abandonedReconciles')]).toEqual([1, 1])
    expect(lines.map(({ level, message }) => [level, message])).toEqual([['error', 'reconcile overdue']])
    begun[1]?.end(done)
    queue.add(ref('deaf'), 'user')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(names()).toEqual(['deaf', 'b'])
    begun[0]?.end(done)
    await turn()
    expect(names()).toEqual(['deaf', 'b', 'deaf'])
    expect([value('abandonedReconciles'), value('reconcileTimeouts')]).toEqual([0, 1])
  })

  it('blocks its worker when the limit of abandoned reconciles is reached', async () => {
    const { begun, reconcile, names } = held()
    const { queue, controller, value } = rig(reconcile, { workers: 1, maxAbandoned: 2 })
    controller.start()
    for (const name of ['a', 'b', 'c', 'd']) queue.add(ref(name), 'user')
    await vi.advanceTimersByTimeAsync(10 * 35_000)
    expect(names()).toEqual(['a', 'b', 'c'])
    expect([value('activeWorkers'), value('abandonedReconciles')]).toEqual([1, 2])
    begun[2]?.end(done)
    await turn()
    expect(names()).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a controller that is stuck', () => {
  it('is stuck when a reconcile does not end, and names it', async () => {
    const { begun, reconcile } = held()
    const { queue, controller } = rig(reconcile, { stuckAfterMs: 300_000 })
    controller.start()
    queue.add(ref('deaf'), 'user')
    await vi.advanceTimersByTimeAsync(335_000)
    expect(controller.stuck()).toBe(null)
    await vi.advanceTimersByTimeAsync(1)
    expect(controller.stuck()).toBe('the reconcile of shop/deaf has not ended for 335 s')
    begun[0]?.end(done)
    await turn()
    expect(controller.stuck()).toBe(null)
  })

  it('is stuck when keys are ready and no worker takes one', async () => {
    const { queue, controller } = rig(async () => done, { workers: 0 })
    queue.add(ref('a'), 'user')
    await vi.advanceTimersByTimeAsync(1_000_000)
    expect(controller.stuck()).toBe(null) // not started yet: a standby
    controller.start()
    await vi.advanceTimersByTimeAsync(336_000)
    expect(controller.stuck()).toBe('keys are waiting; none was taken for 336 s')
    await controller.stop({ deadlineMs: 0 })
    expect(controller.stuck()).toBe(null)
  })

  it('is not stuck when it has nothing to do', async () => {
    const { controller } = rig(async () => done)
    controller.start()
    await vi.advanceTimersByTimeAsync(10_000_000)
    expect(controller.stuck()).toBe(null)
  })
})

describe('a resync', () => {
  const keys = Array.from({ length: 100 }, (_, n) => ref(`channel-${n}`))

  it('adds every key once per period, evenly', async () => {
    const reconcile = vi.fn<Reconcile>(async () => done)
    const { controller } = rig(reconcile, { resyncPeriodMs: 600_000 }, () => keys)
    controller.start()
    const after: number[] = []
    for (let minute = 0; minute < 20; minute += 1) {
      await vi.advanceTimersByTimeAsync(60_000)
      after.push(reconcile.mock.calls.length)
    }
    for (const [minute, count] of after.entries()) expect(Math.abs(count - 10 * (minute + 1))).toBeLessThanOrEqual(1)
    expect(reconcile.mock.calls.every(([, { priority }]) => priority === 'resync')).toBe(true)
    expect(new Set(reconcile.mock.calls.slice(0, 100).map(([{ name }]) => name)).size).toBe(100)
  })

  it('reads the keys again in each round', async () => {
    const there = new Set(keys.slice(0, 1))
    const reconcile = vi.fn<Reconcile>(async () => done)
    const { controller } = rig(reconcile, { resyncPeriodMs: 10_000 }, () => there)
    controller.start()
    await vi.advanceTimersByTimeAsync(10_100)
    there.clear()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(reconcile.mock.calls.length).toBeLessThanOrEqual(2)
  })

  it('ends with the controller', async () => {
    const reconcile = vi.fn<Reconcile>(async () => done)
    const { controller, queue } = rig(reconcile, { resyncPeriodMs: 10_000 }, () => keys)
    controller.start()
    await controller.stop({ deadlineMs: 1_000 })
    await vi.advanceTimersByTimeAsync(60_000)
    expect([reconcile.mock.calls.length, queue.readyCount(), vi.getTimerCount()]).toEqual([0, 0, 0])
  })
})

describe('the stop of a controller', () => {
  it('waits for the reconciles in progress and starts no other', async () => {
    const { begun, reconcile, names } = held()
    const { queue, controller } = rig(reconcile, { workers: 1 })
    controller.start()
    queue.add(ref('a'), 'user')
    queue.add(ref('b'), 'user')
    await turn()
    const stopped = controller.stop({ deadlineMs: 10_000 })
    await vi.advanceTimersByTimeAsync(9_000)
    expect(begun[0]?.signal.aborted).toBe(false)
    begun[0]?.end(done)
    expect(await stopped).toEqual([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect([names(), vi.getTimerCount()]).toEqual([['a'], 0])
  })

  it('does not start a reconcile whose key was handed over at the moment of the stop', async () => {
    const { reconcile, names } = held()
    const { queue, controller } = rig(reconcile)
    controller.start()
    await turn()
    queue.add(ref('a'), 'user')
    expect(await controller.stop({ deadlineMs: 0 })).toEqual([])
    await turn()
    expect(names()).toEqual([])
  })

  it('cancels reconciles at the deadline, without counting a failure', async () => {
    const reconcile: Reconcile = (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) // the controller's own error
    const { queue, controller, value, lines } = rig(reconcile)
    controller.start()
    queue.add(ref('a'), 'user')
    await turn()
    const stopped = controller.stop({ deadlineMs: 10_000 })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await stopped).toEqual([])
    expect([value('reconcileErrors'), value('reconcileTimeouts'), lines]).toEqual([0, 0, []])
  })

  it('returns the keys whose reconciles have not ended', async () => {
    const { reconcile } = held()
    const { queue, controller } = rig(reconcile)
    controller.start()
    queue.add(ref('deaf'), 'user')
    await turn()
    const stopped = controller.stop({ deadlineMs: 1_000 })
    await vi.advanceTimersByTimeAsync(6_000)
    expect(await stopped).toEqual([ref('deaf')])
  })

  it('can be called again with a shorter deadline', async () => {
    const { begun, reconcile } = held()
    const { queue, controller } = rig(reconcile)
    controller.start()
    queue.add(ref('a'), 'user')
    await turn()
    void controller.stop({ deadlineMs: 60_000 })
    await turn()
    expect(begun[0]?.signal.aborted).toBe(false)
    void controller.stop({ deadlineMs: 0 })
    await turn()
    expect(begun[0]?.signal.aborted).toBe(true)
  })

  it('throws when a controller is started twice', () => {
    const { controller } = rig(async () => done)
    controller.start()
    expect(() => controller.start()).toThrow('a controller starts once')
  })
})

/**
 * Reconciles succeed, fail, end late or ignore their signal while keys are added. O3 holds, and in the end the last state of each key was
 * reconciled.
 */
describe('a controller under any schedule', () => {
  it('never works on a key twice at once, and sees every key after its last change', async () => {
    const behaviour = fc.record({ ms: fc.constantFrom(0, 1, 50, 900, 2_500), end: fc.constantFrom('done', 'requeue', 'retry', 'throw') })
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      priority: fc.constantFrom('user' as const, 'child' as const, 'resync' as const),
      thenMs: fc.nat(1_500),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(behaviour, { maxLength: 30 }),
        fc.array(step, { minLength: 1, maxLength: 30 }),
        async (behaviours, steps) => {
          const running = new Set<string>()
          const unseen = new Set<string>()
          const doubles: string[] = []
          const reconcile: Reconcile = async (key) => {
            if (running.has(keyOf(key))) doubles.push(keyOf(key))
            running.add(keyOf(key))
            unseen.delete(keyOf(key))
            const { ms, end } = behaviours.shift() ?? { ms: 1, end: 'done' }
            await new Promise((resolve) => void setTimeout(resolve, ms))
            running.delete(keyOf(key))
            if (end === 'throw') throw new Error('a bug')
            if (end === 'retry') return { kind: 'retry', reason: 'a test' }
            return end === 'requeue' ? { kind: 'requeue', afterMs: 100 } : done
          }
          const { queue, controller } = rig(reconcile, { timeoutMs: 1_000, graceMs: 500, maxAbandoned: 1 })
          controller.start()
          for (const { name, priority, thenMs } of steps) {
            unseen.add(keyOf(ref(name)))
            queue.add(ref(name), priority)
            await vi.advanceTimersByTimeAsync(thenMs)
          }
          await vi.advanceTimersByTimeAsync(500_000)
          expect([doubles, [...unseen], queue.size]).toEqual([[], [], 0])
          await controller.stop({ deadlineMs: 0 })
          queue.stop()
        },
      ),
      { numRuns: 60 },
    )
  })
})
