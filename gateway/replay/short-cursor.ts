import { crc32 } from 'node:zlib'

/**
 * A short cursor: the place after one event in its partition, `.PARTITION-OFFSETcc` in base 36. It says nothing about other partitions. So it counts
 * on top of the cursor that the client had before, which ends with the short ones that came since: `FULL.0-3yz5k.2-9f01`. One of each partition is
 * enough, the newest.
 *
 * The last two characters are a checksum, because the one of the whole cursor does not cover what the client appends.
 */
export interface ShortCursor {
  readonly partition: number
  /** First offset that the client has not received. */
  readonly offset: number
}

export function encodeShortCursor({ partition, offset }: ShortCursor): string {
  const place = `${partition.toString(36)}-${offset.toString(36)}`
  const check = (crc32(place) % 36 ** 2).toString(36).padStart(2, '0')
  return `.${place}${check}`
}

/** Decodes a short cursor without the point before it; null: it is damaged. */
export function decodeShortCursor(text: string): ShortCursor | null {
  const [, partition = '', offset = ''] = /^([\da-z]+)-([\da-z]+)[\da-z]{2}$/.exec(text) ?? []
  const decoded = { partition: Number.parseInt(partition, 36), offset: Number.parseInt(offset, 36) }
  // The text of a number has one form, so that no other text means the same.
  return Number.isSafeInteger(decoded.offset) && encodeShortCursor(decoded) === `.${text}` ? decoded : null
}
