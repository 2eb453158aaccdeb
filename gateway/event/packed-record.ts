import { ownAttributes } from './attributes.ts'
import type { LogRecord, RecordHeaders } from './log-record.ts'
import { exactHeader } from './record-header.ts'

/**
 * The part of a binary record that delivery may still need, in one piece of memory.
 *
 * The naive way keeps the record itself: some ten buffers, each an object of 100 bytes that the garbage collector must follow. Each is also a
 * view that holds the whole fetch, megabytes that no limit counts. One copy costs less, and its length is its cost. Headers that are not part
 * of an event, or that only routing needs, are left out.
 */
export interface PackedRecord {
  readonly kind: 'packed'
  /** Names of the kept headers, in their order. Shared by records whose headers have the same names. */
  readonly names: readonly string[]
  /** The length of each header's value in 4 bytes, little endian; then these values; then the record's value. */
  readonly bytes: Buffer
  /** True: the record has a value, which may have 0 bytes. */
  readonly hasValue: boolean
}

const lengthBytes = 4
/** In place of a length: the header was sent more than once, which is an error in an event. Its values are not kept. */
const repeated = 0xffff_ffff
/** In place of a length: the header has no value. */
const absent = 0xffff_fffe

/** Makes a function that packs records. It remembers the header names of the last record, because the next one mostly has the same. */
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

/** Returns the kept headers and the value. */
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
