import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'

describe('crc32c', () => {
  // RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
  it.each([
    ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['32 ascending bytes', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['nothing', Buffer.alloc(0), 0],
  ])('gives the published checksum of %s', (_what, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  it('gives the same checksum at any place in memory, and in any pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 7 }), fc.nat({ max: 200 }), (bytes, shift, cut) => {
        const moved = Buffer.alloc(bytes.length + shift).subarray(shift)
        moved.set(bytes)
        expect(crc32c(moved)).toBe(bitByBit(bytes))
        expect(crc32c(moved.subarray(cut), crc32c(moved.subarray(0, cut)))).toBe(bitByBit(bytes))
      }),
    )
  })
})

function bitByBit(bytes: Uint8Array): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}
