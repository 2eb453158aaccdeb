import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBatch, type RecordToWrite } from './encode-batch.ts'
import { readSteps, recordsOf } from './testing/drain.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const record: fc.Arbitrary<RecordToWrite> = fc.record({
  key: fc.option(fc.oneof(bytes, fc.string({ unit: 'grapheme' }))),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.oneof(fc.constantFrom('', 'a', '__proto__', 'valueOf'), fc.string({ unit: 'grapheme' })), fc.option(fc.oneof(bytes, fc.string({ unit: 'grapheme' })))), { maxLength: 6 }),
  timestampMs: fc.oneof(fc.integer({ min: -1, max: 2 ** 51 }), fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 })),
})

describe('encodeBatch', () => {
  it('writes what readRecords reads: keys, values, timestamps, and headers in order with nulls and duplicates', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 10 }), async (given) => {
        const read = recordsOf(await readSteps({ records: encodeBatch(given) }))
        const expected = given.map(({ key, value, headers, timestampMs }, offset) => ({
          offset,
          timestampMs,
          key: toBuffer(key),
          value,
          headers: headers.map(([name, content]) => [name, toBuffer(content)]),
        }))
        expect(read.map(({ offset, timestampMs, key, value, rawHeaders }, index) => ({ offset, timestampMs, key, value, headers: rawHeaders?.call(read[index]) }))).toEqual(expected)
      }),
    )
  })

  // As kafkajs 2.2.4 encodes the same record (protocol/recordBatch/v0), and brokers take it.
  it('writes the bytes that a producer writes', () => {
    const batch = encodeBatch([{ key: 'k', value: Buffer.from('v'), headers: [['a', 'b']], timestampMs: 1_700_000_000_000 }])
    expect(batch.toString('hex')).toBe(
      ['0000000000000000', '0000003f', 'ffffffff', '02', batch.subarray(17, 21).toString('hex'), '0000', '00000000', '0000018bcfe56800', '0000018bcfe56800', 'ffffffffffffffff', 'ffff', 'ffffffff', '00000001', '1a', '00', '00', '00', '026b', '0276', '02', '0261', '0262'].join(''),
    )
  })
})

const toBuffer = (content: Buffer | string | null): Buffer | null => (typeof content === 'string' ? Buffer.from(content) : content)
