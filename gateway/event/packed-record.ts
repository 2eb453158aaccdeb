import { ownAttributes } from './attributes.ts'
import type { LogRecord, RecordHeaders } from './log-record.ts'
import { exactHeader } from './record-header.ts'

/**
 * What delivery may yet need of a record in binary mode, in one piece of memory.
 *
 * The naive way is to keep the record itself: some ten buffers, each an object of 100 bytes that the collector must follow, and each a
 * view that holds all of the fetch it came with, megabytes that nobody counts. One copy costs less than that, and is exactly as long as
 * it says. Headers that no event is made of, or that are used up with routing, are left out.
 */
export interface PackedRecord {
  readonly kind: 'packed'
  /** Of the headers that are kept, in their order. Shared by records whose headers have the same names. */
  readonly names: readonly string[]
  /** For each name the length of its value in 4 bytes, little endian; then the values; the rest is the record's value. */
  readonly bytes: Buffer
  /** Whether the record has a value. One of 0 bytes is a value, too. */
  readonly hasValue: boolean
}

const lengthBytes = 4
/** Instead of a length: the header was sent more than once, which no event's are. What it held is not kept. */
const repeated = 0xffff_ffff
/** Instead of a length: the header has no value. */
const absent = 0xffff_fffe

/** Makes a function that packs records. It remembers the names of the last record's headers, which the next one's mostly are. */
export function createRecordPacker(): (record: LogRecord) => PackedRecord {
  let given: readonly string[] = []
  let names: readonly string[] = []
  return ({ headers, value }) => {
    const now = Object.keys(headers)
    if (!areSame(now, given)) {
      given = now
      names = now.filter(isKept)
    }
    return { kind: 'packed', names, bytes: pack(names, headers, value), hasValue: value !== null }
  }
}

function isKept(name: string): boolean {
  if (name.startsWith('ce_')) return !ownAttributes.has(name.slice(3))
  return name === exactHeader || name.toLowerCase() === 'content-type'
}

function areSame(left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false
  return true
}

function pack(names: readonly string[], headers: RecordHeaders, value: Buffer | null): Buffer {
  const bytes = Buffer.allocUnsafe(packedBytes(names, headers, value))
  let at = names.length * lengthBytes
  for (let index = 0; index < names.length; index += 1) {
    const header = headers[names[index] ?? '']
    if (header instanceof Buffer) {
      bytes.writeUInt32LE(header.length, index * lengthBytes)
      bytes.set(header, at)
      at += header.length
    } else {
      bytes.writeUInt32LE(header === undefined ? absent : repeated, index * lengthBytes)
    }
  }
  if (value !== null) bytes.set(value, at)
  return bytes
}

function packedBytes(names: readonly string[], headers: RecordHeaders, value: Buffer | null): number {
  let bytes = names.length * lengthBytes + (value?.length ?? 0)
  for (const name of names) {
    const header = headers[name]
    if (header instanceof Buffer) bytes += header.length
  }
  return bytes
}

/** Returns the headers that were kept, and the value. */
export function unpackRecord({ names, bytes, hasValue }: PackedRecord): Pick<LogRecord, 'headers' | 'value'> {
  const headers: [string, Buffer | readonly Buffer[] | undefined][] = []
  let at = names.length * lengthBytes
  names.forEach((name, index) => {
    const length = bytes.readUInt32LE(index * lengthBytes)
    if (length === absent) return
    const end = length === repeated ? at : at + length
    headers.push([name, length === repeated ? [] : bytes.subarray(at, end)])
    at = end
  })
  return { headers: Object.fromEntries(headers), value: hasValue ? bytes.subarray(at) : null }
}
