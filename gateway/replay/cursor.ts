import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Result } from '../../program/result.ts'
import { failed, ok } from '../../program/result.ts'
import type { PartitionOffsets } from './record-source.ts'
import { decodeShortCursor, type ShortCursor } from './short-cursor.ts'

/**
 * A place in the topic from which a client can resume on any pod: per partition, the first offset that it has not received. On the wire it is
 * opaque: base64url of `version(1) topic(4) epoch(4) count(varint) offsets(varint each) crc32(4)`. The topic and the epoch are hashes. The
 * checksum detects garbage and does not authenticate, because a forged cursor only moves its own client.
 */
export interface Cursor {
  readonly topicTag: number
  readonly epochTag: number
  readonly offsets: PartitionOffsets
}

/** Longest cursor text that is decoded: 1,024 partitions at 8 bytes each, in base64, and a short cursor of 12 characters for each. */
export const maxCursorLength = 24_576

const version = 1
const headerBytes = 9
/** Most partitions that a cursor from a client may name, unless the topic has more. */
export const maxCursorPartitions = 1_024

/** Returns a 32-bit name of a topic or an epoch. */
export function tagOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0)
}

/**
 * Returns the name of an epoch in the cursor of a client with a pending gap: records were lost before this place, and the client has no gap for
 * them yet. A pod that does not know the name takes it for another epoch, and sends a gap for that reason.
 */
export function pendingGapTagOf(epoch: string): number {
  return tagOf(`${epoch}\u0000gap owed`)
}

export function encodeCursor(cursor: Cursor): string {
  const bytes = Buffer.allocUnsafe(headerBytes + 8 * (cursor.offsets.length + 1) + 4)
  bytes[0] = version
  bytes.writeUInt32BE(cursor.topicTag, 1)
  bytes.writeUInt32BE(cursor.epochTag, 5)
  let end = writeVarint(bytes, headerBytes, cursor.offsets.length)
  for (const offset of cursor.offsets) end = writeVarint(bytes, end, offset)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end)
  return bytes.toString('base64url', 0, end + 4)
}

/**
 * Decodes a cursor, with the short ones behind it: each raises its partition. Fails with a sentence for people if the text is not a cursor, or names
 * more partitions than allowed. The caller checks that the cursor fits the topic.
 */
export function decodeCursor(text: string, maxPartitions: number = maxCursorPartitions): Result<Cursor, string> {
  if (text.length > maxCursorLength)
    return failed(`The cursor is longer than ${maxCursorLength} characters. Send a cursor of this channel unchanged.`)
  const [full = '', ...parts] = text.split('.')
  const bytes = Buffer.from(full, 'base64url')
  if (bytes.length < headerBytes + 5 || bytes[0] !== version || bytes.toString('base64url') !== full) return garbage
  const end = bytes.length - 4
  if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end))) return garbage
  const count = readVarint(bytes, headerBytes, end)
  if (count === null) return garbage
  if (count.value > maxPartitions)
    return failed(
      `The cursor names more than ${maxPartitions} partitions, and the topic has fewer. Send a cursor of this channel unchanged.`,
    )
  const offsets = readOffsets(bytes, { count: count.value, start: count.next, end })
  const places = readPlaces(parts, maxPartitions)
  if (offsets === null || places === null) return garbage
  return ok({ topicTag: bytes.readUInt32BE(1), epochTag: bytes.readUInt32BE(5), offsets: raise(offsets, places) })
}

const garbage = failed('The cursor is damaged. Send a cursor of this channel unchanged, or connect with ?cursor=latest.')

/** @returns null: one of them is damaged, or beyond the partitions that a cursor may name */
function readPlaces(parts: readonly string[], maxPartitions: number): readonly ShortCursor[] | null {
  const places: ShortCursor[] = []
  for (const part of parts) {
    const place = decodeShortCursor(part)
    if (place === null || place.partition >= maxPartitions) return null
    places.push(place)
  }
  return places
}

/** Raises a vector to places that the client has reached since. It may name partitions that the topic has got since. */
function raise(offsets: number[], places: readonly ShortCursor[]): number[] {
  for (const { partition, offset } of places) {
    while (offsets.length <= partition) offsets.push(0)
    offsets[partition] = Math.max(offsets[partition] ?? 0, offset)
  }
  return offsets
}

function readOffsets(
  bytes: Buffer,
  { count, start, end }: { readonly count: number; readonly start: number; readonly end: number },
): number[] | null {
  const offsets: number[] = []
  let at = start
  for (let index = 0; index < count; index += 1) {
    const offset = readVarint(bytes, at, end)
    if (offset === null) return null
    offsets.push(offset.value)
    at = offset.next
  }
  return at === end ? offsets : null
}

/** Writes 7 bits a byte, lowest first. The high bit means that more follow. Numbers up to 2^53 - 1 take at most 8 bytes. */
function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= 0x80) {
    bytes[at] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
    at += 1
  }
  bytes[at] = rest
  return at + 1
}

function readVarint(bytes: Buffer, start: number, end: number): { readonly value: number; readonly next: number } | null {
  let value = 0
  let factor = 1
  for (let at = start; at < end && at < start + 8; at += 1) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, next: at + 1 } : null
    factor *= 0x80
  }
  return null
}
