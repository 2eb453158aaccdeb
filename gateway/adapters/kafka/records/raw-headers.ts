import type { RawHeaders } from '../../../event/log-record.ts'
import { WireReader } from '../wire/wire-reader.ts'

/** Limits of Carillon: Kafka has none. Headers beyond them are not read, since a record of millions of headers would stop the process. */
export const maxHeadersPerRecord = 10_000
export const maxHeaderBytesPerRecord = 1_048_576

/** Returns the end of the headers that are read. */
export const headerLimit = (start: number, end: number): number => Math.min(end, start + maxHeaderBytesPerRecord)

/**
 * Reads the headers of a record once more, unchanged: in order, with duplicates, nulls, and any name. Values are views of `bytes`.
 *
 * @param at place of the headers in a batch whose record has been decoded, so that they are known to be whole
 */
export function readRawHeaders(bytes: Buffer, at: number): RawHeaders {
  const headers: (readonly [string, Buffer | null])[] = []
  const limit = headerLimit(at, bytes.length)
  const wire = new WireReader(bytes)
  wire.seek(at)
  for (let left = Math.min(wire.varint(), maxHeadersPerRecord); left > 0; left--) {
    const name = wire.varbytes()
    if (wire.at > limit) break
    const value = wire.varbytes()
    if (wire.at > limit) break
    headers.push([name?.toString() ?? '', value])
  }
  return headers
}
