import { ownAttributes } from './attributes.ts'
import type { LogRecord, RecordHeaders } from './log-record.ts'

/**
 * What delivery may yet need of a record, in one piece of memory.
 *
 * The naive way is to keep the record itself: some ten buffers, each an object of 100 bytes that the collector must follow, and each a
 * view that holds all of the fetch it came with, megabytes that nobody counts. One copy costs less than that, and is exactly as long as
 * it says. Headers that are used up with routing are left out.
 */
export interface PackedRecord {
  readonly kind: 'packed'
  /** Of the headers, in their order. Shared by records whose headers have the same names. */
  readonly names: readonly string[]
  /** For each name the length of its value in 4 bytes, little endian; then the values; the rest is the record's value. */
  readonly bytes: Buffer
}

const lengthBytes = 4

/** @returns a function that packs a record; null when one of its headers was sent more than once, which no event's are */
export function createRecordPacker(): (record: LogRecord) => PackedRecord | null {
  let given: readonly string[] = []
  let names: readonly string[] = []
  return ({ headers, value }) => {
    const now = Object.keys(headers)
    if (!areSame(now, given)) {
      given = now
      names = now.filter((name) => !(name.startsWith('ce_') && ownAttributes.has(name.slice(3))))
    }
    const bytes = pack(names, headers, value)
    return bytes === null ? null : { kind: 'packed', names, bytes }
  }
}

function areSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false
  return true
}

function pack(names: readonly string[], headers: RecordHeaders, value: Buffer | null): Buffer | null {
  let total = names.length * lengthBytes + (value?.length ?? 0)
  for (const name of names) {
    const header = headers[name]
    if (!(header instanceof Buffer)) return null
    total += header.length
  }
  const bytes = Buffer.allocUnsafe(total)
  let at = names.length * lengthBytes
  for (let index = 0; index < names.length; index += 1) {
    const header = headers[names[index] ?? '']
    if (!(header instanceof Buffer)) return null // not reached: they were counted above
    bytes.writeUInt32LE(header.length, index * lengthBytes)
    bytes.set(header, at)
    at += header.length
  }
  if (value !== null) bytes.set(value, at)
  return bytes
}

/** The headers and the value; a record without a value has an empty one, which is the same to an event. */
export function unpackRecord({ names, bytes }: PackedRecord): Pick<LogRecord, 'headers' | 'value'> {
  const headers: Record<string, Buffer> = {}
  let at = names.length * lengthBytes
  names.forEach((name, index) => {
    const end = at + bytes.readUInt32LE(index * lengthBytes)
    headers[name] = bytes.subarray(at, end)
    at = end
  })
  return { headers, value: bytes.subarray(at) }
}
