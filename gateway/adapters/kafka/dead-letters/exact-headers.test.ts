import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exactHeaders, type RecordHeader } from './exact-headers.ts'

const require = createRequire(import.meta.url)
// The functions that write and read a record: kafkajs-internals.test.ts pins the version.
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => { readonly buffer: Buffer }
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => {
  readVarInt(): number
  readVarLong(): unknown
  readInt8(): number
  readVarIntBytes(): Buffer | null
  readVarIntString(): string | null
  canReadBytes(count: number): boolean
}

/** Returns the bytes that kafkajs writes for these headers. */
function written(headers: readonly RecordHeader[]): readonly (readonly [string | null, string | null])[] {
  const { buffer } = encodeRecord({ key: Buffer.from('k'), value: Buffer.from('v'), headers: exactHeaders(headers) })
  const decoder = new Decoder(buffer)
  const size = decoder.readVarInt()
  const sizeBytes = size < 64 ? 1 : size < 8_192 ? 2 : 3
  expect(buffer.length).toBe(sizeBytes + size)
  decoder.readInt8()
  decoder.readVarLong()
  decoder.readVarInt()
  decoder.readVarIntBytes()
  decoder.readVarIntBytes()
  const read = Array.from({ length: decoder.readVarInt() }, () => [decoder.readVarIntString(), decoder.readVarIntBytes()] as const)
  expect(decoder.canReadBytes(1)).toBe(false)
  return read.map(([name, value]) => [name, value === null ? null : value.toString('latin1')])
}

describe('exact headers', () => {
  it('are written by kafkajs in order, with nulls, duplicates and names that no object keeps', () => {
    const headers: readonly RecordHeader[] = [
      ['n', null],
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['9', 'y'],
      ['1', 'x'],
      ['__proto__', 'p'],
      ['', ''],
      ['headers', Buffer.from([255])],
    ]
    expect(written(headers)).toEqual(headers.map(([name, value]) => [name, Buffer.isBuffer(value) ? value.toString('latin1') : value]))
  })

  it('are the same when kafkajs encodes them a second time', () => {
    const headers = exactHeaders([
      ['n', null],
      ['a', '1'],
    ])
    const once = encodeRecord({ key: null, value: null, headers }).buffer
    expect(encodeRecord({ key: null, value: null, headers }).buffer).toEqual(once)
  })

  it('are exact for any names and values', () => {
    const header = fc.tuple(fc.string({ maxLength: 8 }), fc.option(fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes))))
    fc.assert(
      fc.property(
        fc.array(header, { maxLength: 20 }),
        (headers) => void expect(written(headers)).toEqual(headers.map(([name, value]) => [name, value?.toString('latin1') ?? null])),
      ),
      { numRuns: 200 },
    )
  })
})
