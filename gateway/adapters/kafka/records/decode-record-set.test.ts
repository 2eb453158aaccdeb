import { createRequire } from 'node:module'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { codecs, registerCodecs } from './codecs.ts'
import { decodeRecordSet } from './decode-record-set.ts'

// kafkajs's encoder is the oracle: batches as a real producer writes them.
const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as { RecordBatch(batch: object): Promise<{ readonly buffer: Buffer }> } // as its source has it
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object // as its source has it

interface TestRecord {
  readonly offsetDelta?: number
  readonly timestampDelta?: number
  readonly key?: string | null
  readonly value?: string | null
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

interface TestBatch {
  readonly baseOffset?: number
  readonly records?: readonly TestRecord[]
  readonly compression?: number
  readonly producerId?: number
  readonly transactional?: boolean
  readonly control?: boolean
  readonly appendTime?: boolean
  readonly lastOffsetDelta?: number
}

const baseTimestampMs = 1_700_000_000_000

async function encodeBatch(batch: TestBatch): Promise<Buffer> {
  const records = batch.records ?? [{ value: 'x' }]
  const { buffer } = await RecordBatch({
    compression: batch.compression ?? 0,
    firstOffset: batch.baseOffset ?? 0,
    firstTimestamp: baseTimestampMs,
    maxTimestamp: baseTimestampMs + 5_000,
    producerId: batch.producerId ?? -1,
    producerEpoch: 0,
    firstSequence: 0,
    transactional: batch.transactional ?? false,
    lastOffsetDelta: batch.lastOffsetDelta ?? records.length - 1,
    records: records.map((record, n) => encodeRecord({ offsetDelta: n, timestampDelta: 0, key: null, value: null, headers: {}, ...record })),
  })
  const bytes = Buffer.from(buffer)
  const attributes = bytes.readInt16BE(21) | (batch.control === true ? 0x20 : 0) | (batch.appendTime === true ? 0x08 : 0)
  bytes.writeInt16BE(attributes, 21)
  return bytes
}

const decodeBatches = async (batches: readonly TestBatch[], aborted: Parameters<typeof decodeRecordSet>[2] = []) =>
  decodeRecordSet(Buffer.concat(await Promise.all(batches.map(encodeBatch))), 3, aborted)

const offsets = (set: { readonly records: readonly { readonly offset: number }[] }): number[] => set.records.map((record) => record.offset)

beforeAll(registerCodecs)

describe('decodeRecordSet', () => {
  it('reads what a producer wrote, with any codec', async () => {
    const record = fc.record({
      key: fc.option(fc.string({ unit: 'binary' })),
      value: fc.option(fc.string({ unit: 'binary', maxLength: 300 })),
      timestampDelta: fc.integer({ min: -3_000_000_000, max: 3_000_000_000 }),
      headers: fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 20 }).filter((name) => name !== '__proto__'), fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 2, maxLength: 3 }))),
    })
    const batches = fc.array(fc.record({ records: fc.array(record, { minLength: 1, maxLength: 20 }), compression: fc.integer({ min: 0, max: 4 }) }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 0, max: 2 ** 45 }), async (given, start) => {
        let next = start
        const placed = given.map((batch) => ({ ...batch, baseOffset: (next += batch.records.length) - batch.records.length }))
        const set = await decodeBatches(placed)
        const expected = placed.flatMap((batch) =>
          batch.records.map(({ key, value, timestampDelta, headers }, n) => ({
            partition: 3,
            offset: batch.baseOffset + n,
            timestampMs: baseTimestampMs + timestampDelta,
            key: key === null ? null : Buffer.from(key),
            value: value === null ? null : Buffer.from(value),
            headers: Object.fromEntries(Object.entries(headers).map(([name, content]) => [name, toBuffers(content)])),
          })),
        )
        expect(set).toEqual({ records: expected, nextOffset: given.length === 0 ? -1 : next, unreadable: null })
      }),
    )
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'].map((name, n) => [name, n + 1] as const))('compresses and decompresses %s', async (_name, type) => {
    const bytes = Buffer.from('carillon '.repeat(1_000))
    const compressed = await codecs[type]?.compress({ buffer: bytes })
    expect(compressed?.length).toBeLessThan(bytes.length)
    expect(await codecs[type]?.decompress(compressed ?? Buffer.alloc(0))).toEqual(bytes)
  })

  it('knows the same header name in another place, and another name of the same length in the same place', async () => {
    const { records } = await decodeBatches([{ records: [{ headers: { ce_id: 'a', ce_ty: 'b' } }, { headers: { ce_ty: 'c', ce_id: 'd' } }, { headers: { ééé: 'e' } }, { headers: { eeeeee: 'f' } }] }])
    expect(records.map((record) => record.headers)).toEqual([
      { ce_id: Buffer.from('a'), ce_ty: Buffer.from('b') },
      { ce_ty: Buffer.from('c'), ce_id: Buffer.from('d') },
      { ééé: Buffer.from('e') },
      { eeeeee: Buffer.from('f') },
    ])
  })

  it('drops a header that would be an object\'s prototype', async () => {
    const { records } = await decodeBatches([{ records: [{ headers: JSON.parse('{"__proto__": "x", "a": "b"}') }] }])
    expect(Object.keys(records[0]?.headers ?? {})).toEqual(['a'])
    expect(Object.getPrototypeOf(records[0]?.headers)).toBe(Object.prototype)
  })

  // Found by the property above: the batch of such a header could not be read, and would have been lost.
  it('takes a header that is called as a member of every object', async () => {
    const { records } = await decodeBatches([{ records: [{ headers: { valueOf: 'x', constructor: 'y' } }] }])
    expect(records[0]?.headers).toEqual({ valueOf: Buffer.from('x'), constructor: Buffer.from('y') })
  })

  it('takes the broker\'s time where the broker stamps records', async () => {
    const { records } = await decodeBatches([{ appendTime: true, records: [{ timestampDelta: 7, value: 'x' }] }])
    expect(records[0]?.timestampMs).toBe(baseTimestampMs + 5_000)
  })

  it('leaves holes where compaction made them', async () => {
    const set = await decodeBatches([{ baseOffset: 10, lastOffsetDelta: 9, records: [{ offsetDelta: 2 }, { offsetDelta: 5 }] }, { baseOffset: 30, lastOffsetDelta: 4, records: [] }])
    expect(offsets(set)).toEqual([12, 15])
    expect(set.nextOffset).toBe(35)
  })

  it('shows no marker, and nothing of an aborted transaction', async () => {
    const aborted = [{ producerId: 7n, firstOffset: 1 }]
    const set = await decodeBatches(
      [
        { baseOffset: 0, producerId: 7, transactional: true }, // of an earlier, committed transaction
        { baseOffset: 1, producerId: 7, transactional: true },
        { baseOffset: 2, producerId: 8, transactional: true },
        { baseOffset: 3 },
        { baseOffset: 4, producerId: 7, transactional: true, control: true },
        { baseOffset: 5, producerId: 7, transactional: true },
      ],
      aborted,
    )
    expect(offsets(set)).toEqual([0, 2, 3, 5])
    expect(set.nextOffset).toBe(6)
  })

  it('moves on behind a set that has markers only', async () => {
    const set = await decodeBatches([{ baseOffset: 4, producerId: 7, transactional: true, control: true }])
    expect(set).toEqual({ records: [], nextOffset: 5, unreadable: null })
  })

  it('leaves an incomplete batch at the end for the next fetch', async () => {
    const bytes = Buffer.concat([await encodeBatch({ baseOffset: 0 }), await encodeBatch({ baseOffset: 1 })])
    for (let cut = 1; cut < bytes.length / 2; cut++) expect((await decodeRecordSet(bytes.subarray(0, -cut), 0, [])).nextOffset, `cut by ${cut}`).toBe(1)
    expect(await decodeRecordSet(bytes.subarray(0, 40), 0, [])).toEqual({ records: [], nextOffset: -1, unreadable: null })
    expect(await decodeRecordSet(Buffer.alloc(0), 0, [])).toEqual({ records: [], nextOffset: -1, unreadable: null })
  })

  it('stops before a batch that it cannot read, then says so and goes on behind it', async () => {
    const good = await encodeBatch({ baseOffset: 0 })
    const bad = await encodeBatch({ baseOffset: 1, records: [{}, {}], compression: 4 })
    bad.fill(0xff, 61)
    const after = await encodeBatch({ baseOffset: 3 })
    expect(await decodeRecordSet(Buffer.concat([good, bad, after]), 0, [])).toMatchObject({ records: [{ offset: 0 }], nextOffset: 1, unreadable: null })
    const set = await decodeRecordSet(Buffer.concat([bad, after]), 0, [])
    expect(set).toMatchObject({ records: [], nextOffset: 3 })
    expect(set.unreadable).not.toBeNull()
  })

  it.each([
    ['an unknown compression type', (batch: Buffer) => batch.writeInt16BE(6, 21)],
    ['record format 1', (batch: Buffer) => batch.writeInt8(1, 16)],
    ['a count beyond the records', (batch: Buffer) => batch.writeInt32BE(2, 57)],
    ['a record longer than the batch', (batch: Buffer) => batch.writeInt8(0x7e, 61)],
  ])('cannot read %s', async (_what, damage) => {
    const batch = await encodeBatch({ baseOffset: 5 })
    damage(batch)
    const set = await decodeRecordSet(batch, 0, [])
    expect(set).toMatchObject({ records: [], nextOffset: 6 })
    expect(set.unreadable).not.toBeNull()
  })

  // kafkajs appends the records of a batch with one call of `push`, and more arguments than fit on its stack end the consumer.
  it('reads a large batch of small records', async () => {
    const bytes = await encodeBatch({ compression: 4, records: [{ value: 'x' }] })
    const one = await codecs[4]?.decompress(bytes.subarray(61))
    const body = await codecs[4]?.compress({ buffer: Buffer.concat(Array<Buffer>(150_000).fill(one ?? Buffer.alloc(0))) })
    const large = Buffer.concat([bytes.subarray(0, 61), body ?? Buffer.alloc(0)])
    large.writeInt32BE(large.length - 12, 8)
    large.writeInt32BE(150_000, 57)
    expect((await decodeRecordSet(large, 0, [])).records).toHaveLength(150_000)
  })

  it('never throws, whatever the bytes', async () => {
    const valid = await encodeBatch({ records: [{ key: 'k', value: 'v', headers: { a: 'b' } }] })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 255 })), { maxLength: 5 }), async (changes) => {
        const bytes = Buffer.from(valid)
        for (const [at, byte] of changes) bytes[at] = byte
        await expect(decodeRecordSet(bytes, 0, [])).resolves.toBeDefined()
      }),
    )
  })
})

const toBuffers = (content: string | readonly string[]): Buffer | Buffer[] => (typeof content === 'string' ? Buffer.from(content) : content.map((text) => Buffer.from(text)))
