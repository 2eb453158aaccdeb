// Both indexes lie within their arrays.
const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] as number
const lookUp = (table: Int32Array, at: number): number => table[at] as number

type Tables = readonly [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array]

function createTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
    return crc
  })
  const next = (table: Int32Array): Int32Array => table.map((crc) => lookUp(first, crc & 0xff) ^ (crc >>> 8))
  const [a, b, c] = [next(first), next(next(first)), next(next(next(first)))]
  const [d, e] = [next(c), next(next(c))]
  return [first, a, b, c, d, e, next(e), next(next(e))]
}

/** Tables of the reflected polynomial of Castagnoli for each of eight bytes a round. */
const [t0, t1, t2, t3, t4, t5, t6, t7] = createTables()

/**
 * Returns the CRC-32C (Castagnoli) of the bytes, unsigned.
 *
 * @param before the checksum of what stands in front of the bytes: long input can be taken piece by piece
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before
  let at = 0
  for (const whole = bytes.length - 7; at < whole; at += 8) {
    crc ^= byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
    crc =
      lookUp(t7, crc & 0xff) ^
      lookUp(t6, (crc >>> 8) & 0xff) ^
      lookUp(t5, (crc >>> 16) & 0xff) ^
      lookUp(t4, crc >>> 24) ^
      lookUp(t3, byteAt(bytes, at + 4)) ^
      lookUp(t2, byteAt(bytes, at + 5)) ^
      lookUp(t1, byteAt(bytes, at + 6)) ^
      lookUp(t0, byteAt(bytes, at + 7))
  }
  for (; at < bytes.length; at++) crc = lookUp(t0, (crc ^ byteAt(bytes, at)) & 0xff) ^ (crc >>> 8)
  return ~crc >>> 0
}
