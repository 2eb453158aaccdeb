import type { RawHeaders } from '../../../event/log-record.ts'
import { WireReader } from '../wire/wire-reader.ts'

/** Limits of Carillon: Kafka has none. Headers beyond them are not read, since a record of millions of headers would stop the process. */
export const maxHeadersPerRecord = 10_000
export const maxHeaderBytesPerRecord = 1_048_576

/** Returns the end of the headers that are read. */
export const headerLimit = (start: number, end: number): number => Math.min(end, start + maxHeaderBytesPerRecord)

/**
 * Reads the headers of a record once more, unchanged: in order, with duplicates, nulls, and any name. Values are views of `bytes`. Never throws: headers
 * that do not end within the record are left out, and so are those after them. A broker of others may store such a record.
 *
 * @param bytes of the batch, up to the end of the record
 * @param at place of the headers
 */
export function readRawHeaders(bytes: Buffer, at: number): RawHeaders {
  const headers: (readonly [string, Buffer | null])[] = []
  const limit = headerLimit(at, bytes.length)
  const wire = new WireReader(bytes)
  try {
    wire.seek(at)
    for (let left = Math.min(wire.varint(), maxHeadersPerRecord); left > 0; left--) {
      const name = wire.varbytes()
      if (wire.at > limit) break
      const value = wire.varbytes()
      if (wire.at > limit) break
      headers.push([name?.toString() ?? '', value])
    }
  } catch (cause) {
    // The bytes end within a header.
    if (!(cause instanceof RangeError)) throw cause
  }
  return headers
}
