import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBatch, type RecordToWrite } from './encode-batch.ts'
import { readSteps, recordsOf } from './testing/drain.ts'

const require = createRequire(import.meta.url)
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ readonly buffer: Buffer }>
} // signature from its source
const encodeForKafkajs = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object // signature from its source

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const content: fc.Arbitrary<Buffer | string | null> = fc.option(fc.oneof(bytes, fc.string({ unit: 'grapheme' })))
const record: fc.Arbitrary<RecordToWrite> = fc.record({
  key: content,
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.oneof(fc.constantFrom('', 'a', '__proto__', 'valueOf'), fc.string({ unit: 'grapheme' })), content), {
    maxLength: 6,
  }),
  timestampMs: fc.oneof(fc.integer({ min: -1, max: 2 ** 51 }), fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 })),
})

describe('encodeBatch', () => {
  it('writes batches that readRecords reads: keys, values, timestamps, and headers in order with nulls and duplicates', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 10 }), async (records) => {
        const read = recordsOf(await readSteps({ records: encodeBatch(records) }))
        const expected = records.map(({ key, value, headers, timestampMs }, offset) => ({
          offset,
          timestampMs,
          key: toBuffer(key),
          value,
          headers: headers.map(([name, given]) => [name, toBuffer(given)]),
        }))
        expect(
          read.map(({ offset, timestampMs, key, value, rawHeaders }, index) => ({
            offset,
            timestampMs,
            key,
            value,
            headers: rawHeaders?.call(read[index]),
          })),
        ).toEqual(expected)
      }),
    )
  })

  it('writes the same bytes as the encoder of kafkajs, which brokers accept', async () => {
    const timestampMs = 1_700_000_000_000
    const records = ['v', 'w'].map((value, offsetDelta) =>
      encodeForKafkajs({ key: 'k', value, headers: { a: 'b' }, offsetDelta, timestampDelta: offsetDelta }),
    )
    const numbers = {
      compression: 0,
      firstOffset: 0,
      partitionLeaderEpoch: -1,
      producerId: -1,
      producerEpoch: -1,
      firstSequence: -1,
      transactional: false,
      lastOffsetDelta: 1,
    }
    const { buffer } = await RecordBatch({ ...numbers, firstTimestamp: timestampMs, maxTimestamp: timestampMs + 1, records })
    const batch = encodeBatch(
      ['v', 'w'].map((value, index) => ({ key: 'k', value: Buffer.from(value), headers: [['a', 'b']], timestampMs: timestampMs + index })),
    )
    // The broker writes the leader's epoch (12 to 15): kafkajs writes 0.
    for (const written of [batch, buffer]) written.writeInt32BE(-1, 12)
    expect(batch.toString('hex')).toBe(Buffer.from(buffer).toString('hex'))
  })
})

const toBuffer = (given: Buffer | string | null): Buffer | null => (typeof given === 'string' ? Buffer.from(given) : given)
