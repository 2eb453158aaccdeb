import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { murmur2, partitionFor } from './partition-for.ts'

// kafkajs's port of the Java client's hash, as an oracle.
const oracle: (key: Buffer) => number = createRequire(import.meta.url)('kafkajs/src/producer/partitioners/default/murmur2.js')

describe('murmur2', () => {
  it('gives the values that the Java client gives', () => {
    // From Kafka's own UtilsTest.
    const cases: readonly (readonly [string, number])[] = [
      ['21', -973_932_308],
      ['foobar', -790_332_482],
      ['a-little-bit-long-string', -985_981_536],
      ['a-little-bit-longer-string', -1_486_304_829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
      ['abc', 479_470_107],
    ]
    for (const [key, expected] of cases) expect(murmur2(Buffer.from(key)), key).toBe(expected)
  })

  it('agrees with another implementation on bytes of any length and alignment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(murmur2(bytes)).toBe(oracle(Buffer.from(bytes)) | 0)
      }),
    )
  })
})

describe('partitionFor', () => {
  it('depends on the key alone when there is one', () => {
    expect(partitionFor({ key: 'user:1', identity: 'a' }, 8)).toBe(partitionFor({ key: 'user:1', identity: 'b' }, 8))
  })

  it('depends on the identity when there is no key', () => {
    const partitions = new Set(Array.from({ length: 64 }, (_, n) => partitionFor({ key: null, identity: `source|${n}` }, 8)))
    expect(partitions.size).toBe(8)
    expect(partitionFor({ key: null, identity: 'x' }, 8)).toBe(partitionFor({ key: null, identity: 'x' }, 8))
  })

  it('treats an empty key as a key', () => {
    expect(partitionFor({ key: '', identity: 'a' }, 97)).toBe(partitionFor({ key: '', identity: 'b' }, 97))
  })

  it('stays within the partitions', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 1024 }), (key, partitions) => {
        const partition = partitionFor({ key, identity: '' }, partitions)
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true)
      }),
    )
  })
})
