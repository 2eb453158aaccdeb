import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createBatch, type BatchOptions } from './batch.ts'

interface Item {
  readonly key: string
  readonly size: number
}

const anItem = (key: string, size = 1): Item => ({ key, size })

/** Requests that the test ends. */
function aBatch(given: Partial<BatchOptions<Item, string>> = {}) {
  const requests: { readonly keys: readonly string[]; readonly end: () => void }[] = []
  const run = (items: readonly Item[]) =>
    new Promise<readonly string[]>((resolve) => {
      requests.push({ keys: items.map(({ key }) => key), end: () => resolve(items.map(({ key }) => `answer to ${key}`)) })
    })
  const call = createBatch<Item, string>({
    keyOf: ({ key }) => key,
    sizeOf: ({ size }) => size,
    maxSize: 10,
    timeoutMs: 10_000,
    late: ({ key }) => `late for ${key}`,
    run,
    ...given,
  })
  return { call, requests, keys: () => requests.map(({ keys }) => keys) }
}

describe('a batch', () => {
  afterEach(() => vi.useRealTimers())

  it('joins the calls of one turn, and returns to each call its own response', async () => {
    const { call, requests, keys } = aBatch()
    const answers = Promise.all([call(anItem('a')), call(anItem('b')), call(anItem('c'))])
    await turn()
    expect(keys()).toEqual([['a', 'b', 'c']])
    requests[0]?.end()
    expect(await answers).toEqual(['answer to a', 'answer to b', 'answer to c'])
  })

  it('joins the calls that arrive during a request, and has one request in progress at a time', async () => {
    const { call, requests, keys } = aBatch()
    const first = call(anItem('a'))
    await turn()
    const others = [call(anItem('b'))]
    await turn()
    others.push(call(anItem('c')))
    await turn()
    expect(keys()).toEqual([['a']])
    requests[0]?.end()
    await first
    await turn()
    expect(keys()).toEqual([['a'], ['b', 'c']])
    requests[1]?.end()
    expect(await Promise.all(others)).toEqual(['answer to b', 'answer to c'])
  })

  it('starts again with a call after the last response', async () => {
    const { call, requests } = aBatch()
    for (const n of [0, 1, 2]) {
      const answer = call(anItem('a'))
      await turn()
      requests[n]?.end()
      expect(await answer).toBe('answer to a')
      await turn()
    }
  })

  it('never has a key twice in a request, and keeps the order of the keys', async () => {
    const { call, requests, keys } = aBatch()
    const calls = Promise.all(['a', 'b', 'a', 'c', 'a'].map((key) => call(anItem(key))))
    for (const n of [0, 1, 2]) {
      await turn()
      requests[n]?.end()
    }
    await calls
    expect(keys()).toEqual([['a', 'b', 'c'], ['a'], ['a']])
  })

  it('limits the size of a request, and sends a larger item alone', async () => {
    const { call, requests, keys } = aBatch()
    const calls = Promise.all([
      call(anItem('a', 6)),
      call(anItem('b', 5)),
      call(anItem('c', 5)),
      call(anItem('huge', 99)),
      call(anItem('d', 1)),
    ])
    for (const n of [0, 1, 2, 3]) {
      await turn()
      requests[n]?.end()
    }
    await calls
    expect(keys()).toEqual([['a'], ['b', 'c'], ['huge'], ['d']])
  })

  it('gives up on a call in time, and does not send items without a waiting caller', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { call, requests, keys } = aBatch()
    const stuck = call(anItem('a'))
    await turn()
    const waiting = call(anItem('b'))
    vi.advanceTimersByTime(10_000)
    expect(await Promise.all([stuck, waiting])).toEqual(['late for a', 'late for b'])
    const next = call(anItem('c'))
    requests[0]?.end()
    await turn()
    await turn()
    expect(keys()).toEqual([['a'], ['c']])
    requests[1]?.end()
    expect(await next).toBe('answer to c')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('rejects the calls of a request that throws, and continues', async () => {
    let isBroken = true
    const run = async (items: readonly Item[]) => {
      if (isBroken) throw new TypeError('a bug')
      return items.map(({ key }) => key)
    }
    const { call } = aBatch({ run })
    await expect(call(anItem('a'))).rejects.toThrow('a bug')
    isBroken = false
    expect(await call(anItem('a'))).toBe('a')
    const tooFew = aBatch({ run: async () => [] })
    await expect(tooFew.call(anItem('a'))).rejects.toThrow('1 calls got 0 answers')
  })

  it("returns every call's own response once, in requests that follow the rules, for any arrival of calls", async () => {
    const arrival = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      size: fc.integer({ min: 1, max: 14 }),
      turnsBefore: fc.integer({ min: 0, max: 2 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { maxLength: 30 }), fc.integer({ min: 0, max: 2 }), async (arrivals, turnsOfRequest) => {
        const requests: (readonly (Item & { readonly n: number })[])[] = []
        let underWay = 0
        const run = async (items: readonly (Item & { readonly n: number })[]) => {
          requests.push(items)
          expect(underWay++).toBe(0)
          for (let n = 0; n < turnsOfRequest; n++) await turn()
          underWay -= 1
          return items.map(({ n }) => n)
        }
        const call = createBatch<Item & { readonly n: number }, number>({
          keyOf: ({ key }) => key,
          sizeOf: ({ size }) => size,
          maxSize: 10,
          timeoutMs: 10_000,
          late: () => -1,
          run,
        })
        const calls: Promise<number>[] = []
        for (const [n, { key, size, turnsBefore }] of arrivals.entries()) {
          for (let passed = 0; passed < turnsBefore; passed++) await turn()
          calls.push(call({ key, size, n }))
        }
        expect(await Promise.all(calls)).toEqual(arrivals.map((_, n) => n))
        for (const request of requests) {
          expect(new Set(request.map(({ key }) => key)).size).toBe(request.length)
          expect(request.length === 1 || request.reduce((sum, { size }) => sum + size, 0) <= 10).toBe(true)
        }
        for (const key of ['a', 'b', 'c']) {
          const order = requests
            .flat()
            .filter((item) => item.key === key)
            .map(({ n }) => n)
          expect(order).toEqual(order.toSorted((a, b) => a - b))
        }
      }),
      { numRuns: 100 },
    )
  })
})
