import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RecordStep } from './read-records.ts'
import { longestTurnMs, readSteps, recordsOf } from './testing/drain.ts'
import { aBatch, compressionNames, seal, type TestBatch } from './testing/test-batch.ts'

/** Seeded, so that a failure comes again, and bounded in time: `npm test` has no hours. */
const bounded = { seed: 13, numRuns: 100_000, interruptAfterTimeLimit: 1_000 }
/** Limit on one turn of the event loop for any input. In processor time, because the machine may be busy. */
const maxTurnMs = 50

const change = fc.tuple(fc.nat({ max: 2 ** 20 }), fc.nat({ max: 255 }))
const from = fc.constantFrom(0, 1, 5, 2 ** 40)

/** Reads a fetch and checks the rules for any fetch: no throw, positions ascend, records lie between them, and the headers of each can be copied. */
async function check(records: Buffer, fromOffset: number): Promise<void> {
  let steps: readonly RecordStep[] = []
  const longest = await longestTurnMs(
    async () => (steps = await readSteps({ records, aborted: [{ producerId: 7n, firstOffset: 3 }] }, fromOffset)),
  )
  let position = fromOffset
  for (const step of steps) {
    expect(step.nextOffset).toBeGreaterThan(position)
    expect(step.nextOffset).toBeLessThanOrEqual(Math.max(2 ** 53, fromOffset + 1))
    for (const { offset, rawHeaders } of recordsOf([step]).map((record) => ({
      offset: record.offset,
      rawHeaders: record.rawHeaders?.(),
    }))) {
      expect(rawHeaders).toEqual(expect.any(Array))
      expect(offset).toBeGreaterThanOrEqual(position)
      position = offset + 1
    }
    expect(step.nextOffset).toBeGreaterThanOrEqual(position)
    position = step.nextOffset
  }
  expect(longest).toBeLessThan(maxTurnMs)
}

describe('any bytes of a broker', () => {
  it('are read without a throw, a long turn, or a position that does not move on', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), from, async (bytes, fromOffset) => check(Buffer.from(bytes), fromOffset)),
      bounded,
    )
  })

  it.each(compressionNames.map((name, compression) => [name, compression] as const))(
    'do no harm as a valid batch that was changed, with the checksum right again (%s)',
    async (_name, compression) => {
      const good = await Promise.all([
        aBatch({ ...large, compression }),
        aBatch({ baseOffset: 100, compression, transactional: true, producerId: 7 }),
      ])
      const changes = fc.array(change, { minLength: 1, maxLength: 6 })
      const property = fc.asyncProperty(changes, fc.constantFrom(0, 21, 61), from, async (given, first, fromOffset) => {
        const [one, two] = good.map((batch) => Buffer.from(batch))
        if (one === undefined || two === undefined) return
        for (const [at, byte] of given) one[first + (at % (one.length - first))] = byte
        await check(Buffer.concat([first === 0 ? one : seal(one, 3), two]), fromOffset)
      })
      await fc.assert(property, bounded)
    },
  )

  it.each(compressionNames.map((name, compression) => [name, compression] as const))(
    'do no harm as compressed records (%s)',
    async (name, compression) => {
      const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.concat([heads[name], bytes]))
      await fc.assert(
        fc.asyncProperty(body, fc.integer(), from, async (bytes, count, fromOffset) =>
          check(await aBatch({ body: bytes, compression, count, lastOffsetDelta: 1_000 }), fromOffset),
        ),
        {
          ...bounded,
          interruptAfterTimeLimit: 800,
        },
      )
    },
  )
})

const large: TestBatch = {
  baseOffset: 3,
  records: Array.from({ length: 40 }, (_, index) => ({
    key: `k${index}`,
    value: Buffer.alloc(index, 'v'),
    headers: [
      ['ce_id', String(index)],
      ['n', null],
    ],
  })),
}

/** First bytes of each codec. Other beginnings are refused before they are of interest. */
const heads: Readonly<Record<(typeof compressionNames)[number], Buffer>> = {
  none: Buffer.alloc(0),
  gzip: Buffer.from('1f8b0800000000000003', 'hex'),
  snappy: Buffer.alloc(0),
  lz4: Buffer.from('04224d18604082', 'hex'),
  zstd: Buffer.from('28b52ffd', 'hex'),
}
