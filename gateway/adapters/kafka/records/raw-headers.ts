import type { RawHeaders } from '../../../event/log-record.ts'

/** Kafka has no limit. What lies beyond this is not read: a record of millions of headers would stop the process. */
export const maxHeadersPerRecord = 10_000
export const maxHeaderBytesPerRecord = 1_048_576

/** Returns where the headers that begin at `start` are no longer read. */
export const headerLimit = (start: number, end: number): number => Math.min(end, start + maxHeaderBytesPerRecord)

/**
 * Reads the headers of a record once more, as they are: in order, with duplicates, nulls, and any name. Values are views of `bytes`.
 *
 * @param at where they begin in a batch whose record has been decoded: so they are known to be whole
 */
export function readRawHeaders(bytes: Buffer, at: number): RawHeaders {
  const headers: (readonly [string, Buffer | null])[] = []
  const limit = headerLimit(at, bytes.length)
  let next = at
  const readVarint = (): number => {
    let result = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[next++] ?? 0
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1)
    }
  }
  const readBytes = (): Buffer | null => {
    const length = readVarint()
    if (length === -1) return null
    next += length
    return bytes.subarray(next - length, next)
  }
  for (let left = Math.min(readVarint(), maxHeadersPerRecord); left > 0; left--) {
    const name = readBytes()
    if (next > limit) break
    const value = readBytes()
    if (next > limit) break
    headers.push([name?.toString() ?? '', value])
  }
  return headers
}
