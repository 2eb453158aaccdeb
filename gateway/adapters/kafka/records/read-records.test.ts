import { describe, expect, it } from 'vitest'
import { maxRecordsPerStep, readRecords, stuckBatch } from './read-records.ts'
import { longestTurnMs, offsetsOf, readSteps, reasonsOf, recordsOf } from './testing/drain.ts'
import { aBatch, baseTimestampMs, compress, compressionNames, seal, type TestBatch, type TestRecord } from './testing/test-batch.ts'
import { WireWriter } from '../wire/wire-writer.ts'
import { Turns } from './turns.ts'

/** Turns without a clock, for tests that must not depend on the speed of the machine. */
const neverSpent = Object.assign(new Turns(), { rest: async () => undefined })
Object.defineProperty(neverSpent, 'isSpent', { value: false })
const many = (count: number): readonly TestRecord[] => Array.from({ length: count }, () => ({}))
const fetchOf = async (...batches: readonly TestBatch[]): Promise<Buffer> => Buffer.concat(await Promise.all(batches.map(aBatch)))

describe('readRecords', () => {
  it('yields nothing for a fetch without records', async () => {
    expect(await readSteps({})).toEqual([])
  })

  it('leaves out records below the requested offset, in a batch that begins before it', async () => {
    const steps = await readSteps({ records: await fetchOf({ baseOffset: 10, records: many(5) }) }, 13)
    expect(offsetsOf(steps)).toEqual([13, 14])
    expect(steps.at(-1)).toMatchObject({ nextOffset: 15 })
  })

  it('moves behind holes within batches, between them and at their ends', async () => {
    const steps = await readSteps({
      records: await fetchOf(
        { baseOffset: 10, lastOffsetDelta: 9, records: [{ offsetDelta: 2 }, { offsetDelta: 5 }] },
        { baseOffset: 30, lastOffsetDelta: 4, records: [] },
      ),
    })
    expect(steps.map(({ kind, nextOffset }) => ({ kind, nextOffset }))).toEqual([
      { kind: 'records', nextOffset: 20 },
      { kind: 'skipped', nextOffset: 35 },
    ])
    expect(offsetsOf(steps)).toEqual([12, 15])
  })

  it('skips a fetch of markers only', async () => {
    expect(await readSteps({ records: await fetchOf({ baseOffset: 4, producerId: 7, transactional: true, control: true }) })).toEqual([
      { kind: 'skipped', nextOffset: 5 },
    ])
  })

  it("uses the broker's time where the broker stamps records", async () => {
    const steps = await readSteps({ records: await fetchOf({ appendTime: true }) })
    expect(recordsOf(steps)[0]?.timestampMs).toBe(baseTimestampMs + 5_000)
  })

  it('reads a large batch in steps, each of which moves the position to behind its last record', async () => {
    const steps = await readSteps({
      records: await fetchOf({ baseOffset: 7, records: many(2_500), lastOffsetDelta: 2_600, compression: 4 }),
    })
    expect(offsetsOf(steps)).toEqual(Array.from({ length: 2_500 }, (_, index) => 7 + index))
    for (const step of steps.slice(0, -1)) expect(step.nextOffset).toBe((recordsOf([step]).at(-1)?.offset ?? 0) + 1)
    for (const step of steps) expect(recordsOf([step]).length).toBeLessThanOrEqual(maxRecordsPerStep)
    expect(steps.at(-1)).toMatchObject({ nextOffset: 2_608 })
  })

  it('joins the records of small batches in one step, up to a thousand', async () => {
    const batches = Array.from({ length: 2_500 }, (_, index): TestBatch => ({ baseOffset: index }))
    // The clock stands still: the number of joined records does not depend on the machine.
    const steps = await readSteps({ records: await fetchOf(...batches) }, 0, neverSpent)
    expect(steps.map((step) => [recordsOf([step]).length, step.nextOffset])).toEqual([
      [1_000, 1_000],
      [1_000, 2_000],
      [500, 2_500],
    ])
    expect(offsetsOf(steps)).toEqual(batches.map(({ baseOffset }) => baseOffset))
  })

  it('hands over the records of one compressed batch before it decompresses the next', async () => {
    const records = await fetchOf(
      { baseOffset: 0, compression: 1 },
      { baseOffset: 1, compression: 2 },
      { baseOffset: 2 },
      { baseOffset: 3 },
      { baseOffset: 4, compression: 3 },
    )
    expect((await readSteps({ records }, 0, neverSpent)).map(({ nextOffset }) => nextOffset)).toEqual([1, 4, 5])
  })

  it('leaves an incomplete batch at the end for the next fetch', async () => {
    const one = await fetchOf({ baseOffset: 0 })
    const bytes = Buffer.concat([one, await fetchOf({ baseOffset: 1 })])
    for (let cut = 1; cut < one.length; cut++)
      expect(
        (await readSteps({ records: bytes.subarray(0, -cut) })).map((step) => step.nextOffset),
        `cut by ${cut}`,
      ).toEqual([1])
  })

  it('yields nothing for a first batch that is cut, and reports its claimed size', async () => {
    const bytes = await fetchOf({ baseOffset: 5, records: many(10) })
    for (let cut = 1; cut < bytes.length; cut++) expect(await readSteps({ records: bytes.subarray(0, -cut) }, 5)).toEqual([])
    expect(stuckBatch(bytes.subarray(0, -1), 5)).toEqual({ bytes: bytes.length, nextOffset: 6 })
    expect(stuckBatch(bytes.subarray(0, 3), 5)).toEqual({ bytes: 17, nextOffset: 6 })
    expect(stuckBatch(bytes, 5)).toBeNull()
    expect(stuckBatch(Buffer.alloc(0), 5)).toBeNull()
  })
})

describe('a batch that cannot be read', () => {
  it.each([
    ['of an unknown compression type', (batch: Buffer) => batch.writeInt16BE(6, 21)],
    ['that holds fewer records than it says', (batch: Buffer) => batch.writeInt32BE(3, 57)],
    ['that claims 2^31 - 1 records', (batch: Buffer) => batch.writeInt32BE(0x7fff_ffff, 57)],
    ['with a negative number of records', (batch: Buffer) => batch.writeInt32BE(-1, 57)],
    ['with a record longer than the batch', (batch: Buffer) => batch.writeInt8(0x7e, 61)],
    ['with a record of a negative length', (batch: Buffer) => batch.writeInt8(0x01, 61)],
    ['with a record that is too short for its fields', (batch: Buffer) => batch.writeInt8(0x02, 61)],
    ['with a record below its base', (batch: Buffer) => batch.writeInt8(0x01, 64)],
    ['with a record beyond its last offset', (batch: Buffer) => batch.writeInt8(0x10, 64)],
    ['with a negative number of headers', (batch: Buffer) => batch.writeInt8(0x01, 68)],
    ['that is compressed and damaged', (batch: Buffer) => batch.writeInt16BE(3, 21)],
  ])('is skipped, %s, and reading goes on behind it', async (_what, damage) => {
    const batch = await fetchOf({ baseOffset: 5, lastOffsetDelta: 1, records: [{ value: Buffer.from('x') }] })
    damage(batch)
    const steps = await readSteps({ records: Buffer.concat([seal(batch, 5), await fetchOf({ baseOffset: 7 })]) }, 5)
    expect(reasonsOf(steps)).toHaveLength(1)
    expect(steps.find((step) => step.kind === 'unreadable')?.nextOffset).toBe(7)
  })

  it('is skipped when it is of record format 1', async () => {
    const batch = await fetchOf({ baseOffset: 5 })
    batch.writeInt8(1, 16)
    const steps = await readSteps({ records: Buffer.concat([batch, await fetchOf({ baseOffset: 6 })]) }, 5)
    expect(steps.map(({ kind, nextOffset }) => [kind, nextOffset])).toEqual([
      ['unreadable', 6],
      ['records', 7],
    ])
    expect(reasonsOf(steps)[0]).toContain('record format 1')
  })

  it('loses only the records behind the damage within it', async () => {
    const steps = await readSteps({
      records: await fetchOf({ records: [{}, {}, { offsetDelta: 1 }, { offsetDelta: 3 }] }, { baseOffset: 4 }),
    })
    expect(offsetsOf(steps)).toEqual([0, 1, 4])
    expect(steps.map(({ kind, nextOffset }) => [kind, nextOffset])).toEqual([
      ['records', 2],
      ['unreadable', 4],
      ['records', 5],
    ])
  })

  // A flipped byte in a stored batch was delivered: an event went to another user (K11).
  it.each(compressionNames.map((name, compression) => [name, compression] as const))(
    'is skipped when its checksum is wrong (%s)',
    async (_name, compression) => {
      const batch = await fetchOf({ baseOffset: 5, compression, records: [{ value: Buffer.from('{"users":["u1"]}') }] })
      batch.writeUInt8(batch.readUInt8(batch.length - 2) ^ 1, batch.length - 2)
      const steps = await readSteps({ records: Buffer.concat([batch, await fetchOf({ baseOffset: 6 })]) }, 5)
      expect(steps).toEqual([{ kind: 'unreadable', nextOffset: 6, why: expect.stringContaining('checksum (CRC-32C) is wrong') }])
    },
  )

  // Its marker may be damaged: then later committed records of its producer would seem to belong to an aborted transaction.
  it('ends the fetch when its checksum is wrong, so that the next one lists the aborted transactions', async () => {
    const marker = await fetchOf({ baseOffset: 1, producerId: 7, transactional: true, control: true })
    marker.writeUInt8(9, marker.length - 1)
    const records = Buffer.concat([
      await fetchOf({ baseOffset: 0, producerId: 7, transactional: true }),
      marker,
      await fetchOf({ baseOffset: 2, producerId: 7, transactional: true }),
    ])
    const steps = await readSteps({ records, aborted: [{ producerId: 7n, firstOffset: 0 }] })
    expect(steps.map(({ kind, nextOffset }) => [kind, nextOffset])).toEqual([['unreadable', 2]])
  })
})

describe('a broker with false answers', () => {
  it('does not move the position beyond the next batch, nor the end, with a last offset under a wrong checksum', async () => {
    const batch = await fetchOf({ baseOffset: 5 })
    batch.writeInt32BE(0x7fff_ffff, 23)
    expect(await readSteps({ records: Buffer.concat([batch, await fetchOf({ baseOffset: 6 })]) }, 5)).toMatchObject([
      { kind: 'unreadable', nextOffset: 6 },
    ])
    expect(await readSteps({ records: batch, highWatermark: 20 }, 5)).toMatchObject([{ kind: 'unreadable', nextOffset: 20 }])
    expect(await readSteps({ records: batch, highWatermark: -1 }, 5)).toMatchObject([{ kind: 'unreadable', nextOffset: 6 }])
  })

  it.each([
    ['a batch of a negative size', (batch: Buffer) => batch.writeInt32BE(-100, 8)],
    ['a batch of size 0', (batch: Buffer) => batch.writeInt32BE(0, 8)],
    ['a batch shorter than its header', (batch: Buffer) => batch.writeInt32BE(40, 8)],
    ['a batch at a negative offset', (batch: Buffer) => batch.writeBigInt64BE(-1n, 0)],
    ['a batch at offset 2^63 - 1', (batch: Buffer) => batch.writeBigInt64BE(2n ** 63n - 1n, 0)],
    ['a batch at offset 2^53', (batch: Buffer) => batch.writeBigInt64BE(2n ** 53n, 0)],
    ['a last offset below the base', (batch: Buffer) => void seal((batch.writeInt32BE(-5, 23), batch), 5)],
  ])('moves the position by one for %s', async (_what, lie) => {
    const batch = await fetchOf({ baseOffset: 5 })
    lie(batch)
    expect((await readSteps({ records: batch }, 5)).at(0)).toMatchObject({ kind: 'unreadable', nextOffset: 6 })
  })

  it('moves the position by one when all its records lie below', async () => {
    const steps = await readSteps({ records: await fetchOf({ baseOffset: 1 }, { baseOffset: 2 }) }, 5)
    expect(steps).toMatchObject([
      { kind: 'unreadable', nextOffset: 6, why: expect.stringContaining('no record at or above the requested offset 5') },
    ])
  })

  it('brings no record twice, and none out of order, with batches that overlap', async () => {
    const steps = await readSteps(
      {
        records: await fetchOf(
          { baseOffset: 5, records: many(4) },
          { baseOffset: 3, records: many(8) },
          { baseOffset: 5, records: many(2) },
        ),
      },
      5,
    )
    expect(offsetsOf(steps)).toEqual([5, 6, 7, 8, 9, 10])
  })
})

describe('headers of a record', () => {
  it('share one view with the record before when they have the same value in the same place', async () => {
    const records = [
      {
        headers: [
          ['type', 'one'],
          ['id', 'a'],
        ],
      },
      {
        headers: [
          ['type', 'one'],
          ['id', 'b'],
        ],
      },
      {
        headers: [
          ['type', 'two'],
          ['id', null],
        ],
      },
      {
        headers: [
          ['id', 'two'],
          ['type', 'b'],
        ],
      },
    ] as const
    const read = recordsOf(await readSteps({ records: await fetchOf({ records }) }))
    expect(read.map(({ headers }) => [String(headers.type), String(headers.id)])).toEqual([
      ['one', 'a'],
      ['one', 'b'],
      ['two', 'undefined'],
      ['b', 'two'],
    ])
    expect(read[1]?.headers.type).toBe(read[0]?.headers.type)
  })

  // A record claimed 20,000 headers, and the name of its first one reached into the next record. Only the first 10,000 headers are read, so the decoder
  // skipped to the record's end. Reading the headers once more for the dead letter topic threw at the batch's end, and stopped the copies of the partition.
  it('end with the record, although its first name reaches into the next one', async () => {
    const first = new WireWriter()
      .int8(0)
      .varint(0)
      .varint(0)
      .varbytes(null)
      .varbytes('x')
      .varint(20_000)
      .varint(4)
      .raw(Buffer.from('ab'))
      .done()
    const second = new WireWriter().int8(0).varint(0).varint(1).varbytes(null).varbytes('y').varint(0).done()
    const body = new WireWriter().varbytes(first).varbytes(second).done()
    const read = recordsOf(await readSteps({ records: await aBatch({ body, count: 2, lastOffsetDelta: 1 }) }))
    expect(read.map(({ value, rawHeaders }) => [String(value), typeof rawHeaders])).toEqual([
      ['x', 'function'],
      ['y', 'function'],
    ])
    expect(read.map((record) => record.rawHeaders?.())).toEqual([[], []])
  })

  it('come unchanged from rawHeaders: in order, with duplicates, nulls and any name', async () => {
    const headers = [
      ['n', null],
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['9', 'y'],
      ['1', 'x'],
      ['__proto__', 'p'],
      ['', ''],
    ] as const
    const [first, second] = recordsOf(await readSteps({ records: await fetchOf({ compression: 3, records: [{ headers }, {}] }) }))
    expect(first?.rawHeaders?.()).toEqual(headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value)]))
    expect(second?.rawHeaders?.()).toEqual([])
    expect(first?.headers).toEqual({
      a: [Buffer.from('1'), Buffer.from('3')],
      b: Buffer.from('2'),
      9: Buffer.from('y'),
      1: Buffer.from('x'),
      '': Buffer.from(''),
    })
    expect(Object.getPrototypeOf(first?.headers)).toBe(Object.prototype)
  })

  it('may have the name of a member of every object', async () => {
    const [record] = recordsOf(
      await readSteps({
        records: await fetchOf({
          records: [
            {
              headers: [
                ['valueOf', 'x'],
                ['constructor', 'y'],
              ],
            },
          ],
        }),
      }),
    )
    expect(record?.headers).toEqual({ valueOf: Buffer.from('x'), constructor: Buffer.from('y') })
  })

  it('are recognized in another place, and are not confused with others of the same length', async () => {
    const records = [
      {
        headers: [
          ['ce_id', 'a'],
          ['ce_ty', 'b'],
        ],
      },
      {
        headers: [
          ['ce_ty', 'c'],
          ['ce_id', 'd'],
        ],
      },
      { headers: [['ééé', 'e']] },
      { headers: [['eeeeee', 'f']] },
    ] as const
    const read = recordsOf(await readSteps({ records: await fetchOf({ records }) }))
    expect(read.map((record) => record.rawHeaders?.().map(([name]) => name))).toEqual([
      ['ce_id', 'ce_ty'],
      ['ce_ty', 'ce_id'],
      ['ééé'],
      ['eeeeee'],
    ])
    expect(read.map((record) => Object.keys(record.headers))).toEqual([['ce_id', 'ce_ty'], ['ce_ty', 'ce_id'], ['ééé'], ['eeeeee']])
  })

  it('are read up to the ten thousandth, and the record is read', async () => {
    const headers = Array.from({ length: 20_000 }, () => ['a', ''] as const)
    const [record] = recordsOf(await readSteps({ records: await fetchOf({ records: [{ value: Buffer.from('v'), headers }] }) }))
    expect(record?.headers.a).toHaveLength(10_000)
    expect(record?.rawHeaders?.()).toHaveLength(10_000)
    expect(record?.value).toEqual(Buffer.from('v'))
  })

  it('are read up to 1 MiB, and the record is read', async () => {
    const headers = [
      ['a', 'x'],
      ['b', Buffer.alloc(1_048_576)],
      ['c', 'z'],
    ] as const
    const read = recordsOf(
      await readSteps({
        records: await fetchOf({ records: [{ headers }, { headers: [[Buffer.alloc(1_048_576, 'n').toString(), 'x']] }] }),
      }),
    )
    expect(read.map((record) => Object.keys(record.headers))).toEqual([['a'], []])
    expect(read.map((record) => record.rawHeaders?.().length)).toEqual([1, 0])
  })
})

describe('an expensive batch', () => {
  // 0.8 MB of zstd stopped the event loop for a second, and took 190 MB (S3).
  it('of a million empty records turns the event loop, and holds a thousand records at a time', async () => {
    const records = await aBatch({
      compression: 4,
      count: 1_000_000,
      lastOffsetDelta: 999_999,
      body: await compress(emptyRecords(1_000_000), 4),
    })
    let [read, largest] = [0, 0]
    const longest = await longestTurnMs(async () => {
      for await (const step of readRecords({ partition: 0, records, aborted: [] }, 0)) {
        read += recordsOf([step]).length
        largest = Math.max(largest, recordsOf([step]).length)
      }
    })
    expect({ read, largest }).toEqual({ read: 1_000_000, largest: maxRecordsPerStep })
    expect(longest).toBeLessThan(20)
  })

  it('of records below the requested offset turns the event loop, too', async () => {
    const records = await aBatch({
      compression: 4,
      count: 1_000_000,
      lastOffsetDelta: 1_000_000,
      body: await compress(emptyRecords(1_000_000), 4),
    })
    let steps: Awaited<ReturnType<typeof readSteps>> = []
    const longest = await longestTurnMs(async () => (steps = await readSteps({ records }, 1_000_000)))
    expect(steps).toEqual([{ kind: 'skipped', nextOffset: 1_000_001 }])
    expect(longest).toBeLessThan(20)
  })

  it('of records with ten thousand headers each turns the event loop, too', async () => {
    const record = { headers: Array.from({ length: 10_000 }, (_, index) => [`h${index}`, ''] as const) }
    const records = await fetchOf({ compression: 4, records: Array.from({ length: 10 }, () => record) })
    const longest = await longestTurnMs(() => readSteps({ records }))
    expect(longest).toBeLessThan(50)
  })

  it('of 20 MB turns the event loop while its checksum is taken', async () => {
    const records = await fetchOf({ records: [{ value: Buffer.alloc(20_000_000) }] })
    const longest = await longestTurnMs(async () => expect(recordsOf(await readSteps({ records }))).toHaveLength(1))
    expect(longest).toBeLessThan(20)
  })
})

/** Records of a hostile producer: without key, value and headers. */
function emptyRecords(count: number): Buffer {
  const bytes = Buffer.alloc(count * 10)
  let at = 0
  for (let index = 0; index < count; index++) {
    const delta: number[] = []
    for (let rest = index * 2; delta.length === 0 || rest > 0; rest >>>= 7) delta.push(rest >= 128 ? (rest & 0x7f) | 0x80 : rest)
    for (const byte of [2 * (5 + delta.length), 0, 0, ...delta, 1, 1, 0]) bytes[at++] = byte
  }
  return bytes.subarray(0, at)
}
