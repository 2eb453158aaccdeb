import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { unlessAborted } from './patience.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void // what the flag adds to a new context

describe('unlessAborted', () => {
  it('settles as the promise does', async () => {
    const { signal } = new AbortController()
    await expect(unlessAborted(Promise.resolve(), signal)).resolves.toBeUndefined()
    await expect(unlessAborted(Promise.reject(new Error('it failed')), signal)).rejects.toThrow('it failed')
  })

  it.each(['before', 'while it waits'])('resolves when the signal is aborted %s, and bears what comes later', async (when) => {
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
    // What a WeakRef was made of or asked for lives until its turn is over.
    await nextTurn()
    collectGarbage()
    // The last may still be named in this function's own frame.
    expect(outcomes.slice(0, -1).filter((outcome) => outcome.deref() !== undefined)).toEqual([])
    expect(stopping.signal.aborted).toBe(false)
  })
})
