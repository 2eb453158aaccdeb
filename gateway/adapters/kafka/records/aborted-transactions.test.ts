import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { offsetsOf, readSteps } from './testing/drain.ts'
import { aBatch, type TestBatch } from './testing/test-batch.ts'

const read = async (batches: readonly TestBatch[], aborted: Parameters<typeof readSteps>[0]['aborted'], fromOffset = 0) =>
  readSteps({ records: Buffer.concat(await Promise.all(batches.map(aBatch))), aborted: aborted ?? [] }, fromOffset)

const data = (baseOffset: number, producerId: number): TestBatch => ({ baseOffset, producerId, transactional: true })
const marker = (baseOffset: number, producerId: number): TestBatch => ({ baseOffset, producerId, transactional: true, control: true })

describe('aborted transactions', () => {
  it('hides an aborted transaction, and shows committed records of its producer before and after', async () => {
    const steps = await read(
      [data(0, 7), marker(1, 7), data(2, 7), data(3, 8), { baseOffset: 4 }, marker(5, 7), data(6, 7)],
      [{ producerId: 7n, firstOffset: 2 }],
    )
    expect(offsetsOf(steps)).toEqual([0, 3, 4, 6])
    expect(steps.at(-1)).toMatchObject({ nextOffset: 7 })
  })

  // Brokers list transactions in the order of their ends. The one that began first and ended last was looked for too late. Its records
  // reached browsers, and the dead letter topic (K1).
  it('hides two aborted transactions that overlap when the one that began later ends first', async () => {
    const steps = await read(
      [data(0, 7), data(1, 8), marker(2, 8), marker(3, 7), { baseOffset: 4 }],
      [
        { producerId: 8n, firstOffset: 1 },
        { producerId: 7n, firstOffset: 0 },
      ],
    )
    expect(offsetsOf(steps)).toEqual([4])
  })

  it('shows records of a producer outside of transactions while an aborted one of it is open', async () => {
    const steps = await read([data(0, 7), { baseOffset: 1, producerId: 7 }, marker(2, 7)], [{ producerId: 7n, firstOffset: 0 }])
    expect(offsetsOf(steps)).toEqual([1])
  })

  it('shows exactly the committed records of interleaved transactions, from any offset, with holes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 10, maxLength: 40 }),
        fc.nat({ max: 60 }),
        fc.infiniteStream(fc.nat({ max: 3 })),
        async (actions, from, holes) => {
          const log = writeLog(actions)
          const kept = log.entries.filter((entry) => entry.batch.control === true || holes.next().value !== 0)
          const fromOffset = Math.min(from, log.end)
          // A broker begins with the batch that holds the offset, and lists aborted transactions at or above it, by their ends.
          const fetched = kept.filter((entry) => (entry.batch.baseOffset ?? 0) + 1 >= fromOffset)
          const steps = await read(
            fetched.map((entry) => entry.batch),
            log.aborted.filter((transaction) => transaction.lastOffset >= fromOffset),
            fromOffset,
          )
          const expected = fetched
            .filter((entry) => entry.isCommitted())
            .flatMap(({ batch }) => [batch.baseOffset ?? 0, (batch.baseOffset ?? 0) + 1])
          expect(offsetsOf(steps)).toEqual(expected.filter((offset) => offset >= fromOffset))
        },
      ),
      { seed: 1, numRuns: 200 },
    )
  })
})

const action = fc.record({ producer: fc.nat({ max: 2 }), kind: fc.constantFrom('write', 'write', 'commit', 'abort', 'plain') })

interface Entry {
  readonly batch: TestBatch
  isCommitted(): boolean
}

/**
 * Writes a log as a broker does: two records a batch, one offset a marker. Open transactions are committed at the end, as for the last
 * stable offset.
 */
function writeLog(actions: readonly { readonly producer: number; readonly kind: string }[]) {
  const entries: Entry[] = []
  const aborted: { readonly producerId: bigint; readonly firstOffset: number; readonly lastOffset: number }[] = []
  const open = new Map<number, { readonly firstOffset: number; outcome: string }>()
  let next = 0
  const write = (producerId: number): void => {
    const transaction = open.get(producerId) ?? { firstOffset: next, outcome: 'open' }
    open.set(producerId, transaction)
    entries.push({ batch: { ...data(next, producerId), records: [{}, {}] }, isCommitted: () => transaction.outcome === 'commit' })
    next += 2
  }
  const end = (producerId: number, outcome: string): void => {
    const transaction = open.get(producerId)
    if (transaction === undefined) return
    transaction.outcome = outcome
    if (outcome === 'abort') aborted.push({ producerId: BigInt(producerId), firstOffset: transaction.firstOffset, lastOffset: next })
    open.delete(producerId)
    entries.push({ batch: marker(next++, producerId), isCommitted: () => false })
  }
  const plain = (producerId: number): void => {
    entries.push({ batch: { baseOffset: next, producerId, records: [{}, {}] }, isCommitted: () => true })
    next += 2
  }
  for (const { producer, kind } of actions) {
    if (kind === 'write') write(producer)
    else if (kind === 'plain') plain(producer)
    else end(producer, kind)
  }
  for (const producer of open.keys()) end(producer, 'commit')
  return { entries, aborted, end: next }
}
