import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { rejectIfAborted, settledWithin, sleep, unlessAborted, withDeadline, within } from './waiting.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void // the flag adds it to new contexts

describe('unlessAborted', () => {
  it('settles as the promise does', async () => {
    const { signal } = new AbortController()
    await expect(unlessAborted(Promise.resolve(), signal)).resolves.toBeUndefined()
    await expect(unlessAborted(Promise.reject(new Error('it failed')), signal)).rejects.toThrow('it failed')
  })

  it.each(['before', 'while it waits'])('resolves when the signal is aborted %s, and ignores a later rejection', async (when) => {
    const { promise, reject } = Promise.withResolvers<void>()
    const stopping = new AbortController()
    if (when === 'before') stopping.abort()
    const waiting = unlessAborted(promise, stopping.signal)
    stopping.abort()
    await expect(waiting).resolves.toBeUndefined()
    reject(new Error('too late'))
    await nextTurn()
  })

  it('leaves nothing with a signal that outlives it', async () => {
    const stopping = new AbortController()
    const outcomes: WeakRef<Promise<void>>[] = []
    for (let batch = 0; batch < 10; batch += 1) {
      const outcome = unlessAborted(Promise.resolve(), stopping.signal)
      outcomes.push(new WeakRef(outcome))
      await outcome
    }
    // The target of a WeakRef lives until the end of the turn in which it was made or asked for.
    await nextTurn()
    collectGarbage()
    // The last may still be named in this function's own frame.
    expect(outcomes.slice(0, -1).filter((outcome) => outcome.deref() !== undefined)).toEqual([])
    expect(stopping.signal.aborted).toBe(false)
  })
})

describe('rejectIfAborted', () => {
  it('rejects when the signal is aborted, and not before', async () => {
    const stopping = new AbortController()
    await expect(rejectIfAborted(Promise.resolve(1), stopping.signal)).resolves.toBe(1)
    const waiting = rejectIfAborted(Promise.withResolvers<void>().promise, stopping.signal)
    stopping.abort()
    await expect(waiting).rejects.toThrow('aborted')
    await expect(rejectIfAborted(Promise.withResolvers<void>().promise, stopping.signal)).rejects.toThrow('aborted')
  })
})

describe('waiting', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const never = Promise.withResolvers<never>().promise

  it('with a deadline gives the outcome of a promise that is in time, and clears the timer', async () => {
    await expect(withDeadline(Promise.resolve(1), 1_000, () => 2)).resolves.toBe(1)
    await expect(within(Promise.reject(new Error('it failed')), 1_000, 'the work')).rejects.toThrow('it failed')
    await settledWithin(Promise.reject(new Error('it failed')), 1_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('with a deadline ends with a value, an error or nothing when the promise is late', async () => {
    const late = Promise.allSettled([withDeadline(never, 1_000, () => 2), within(never, 1_000, 'the work'), settledWithin(never, 1_000)])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await late).toEqual([
      { status: 'fulfilled', value: 2 },
      { status: 'rejected', reason: new Error('the work took more than 1000 ms') },
      { status: 'fulfilled', value: undefined },
    ])
  })

  it('ends a sleep with its time, or with any of its signals', async () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const slept = sleep(1_000, [first.signal, second.signal])
    await vi.advanceTimersByTimeAsync(1_000)
    await slept
    const cut = sleep(1_000, [first.signal, second.signal])
    second.abort()
    await cut
    await sleep(1_000, [first.signal, second.signal])
    expect(vi.getTimerCount()).toBe(0)
  })
})
