import { type Attributes, deliveredAttributes } from '../event/delivered-attributes.ts'
import type { DecodeFailure, EventContent } from '../event/decoded-record.ts'
import type { Result } from '../../program/result.ts'
import type { Framing } from './framing.ts'
import { type Entry, entryOverheadBytes } from './entry.ts'
import type { PartitionOffsets } from './record-source.ts'
import type { ReplayLog } from './replay-log.ts'
import { encodeShortCursor } from './short-cursor.ts'

/**
 * Makes entries ready for the wire. Each is encoded once, when a session first needs it (G2): the event's JSON, then a frame per transport that
 * all its sessions share. The cursor is the last member of the JSON. So a session that needs another cursor, because its own is ahead of this
 * pod, gets the same JSON with another end.
 */
export class Frames {
  readonly #log: ReplayLog
  readonly #encode: EncodeEvent
  readonly #observer: FrameObserver
  readonly bounds: CompressionBounds
  #compressedBytes = 0

  constructor(log: ReplayLog, encode: EncodeEvent, observer: FrameObserver, bounds: CompressionBounds = compressionBounds) {
    this.bounds = bounds
    this.#log = log
    this.#encode = encode
    this.#observer = observer
  }

  /**
   * Returns the frame of an entry of the replay log; null: its event cannot be encoded, and reaches no client.
   * @param atLeast a vector that the frame's cursor must not fall behind. The frame is shared if the entry's own vector is not behind it, and for
   *   null.
   * @param hasPendingGap the client has no gap for a loss yet, and its cursors must show it. All such sessions share a frame, too.
   */
  frame(entry: Entry, framing: Framing, atLeast: PartitionOffsets | null, hasPendingGap = false): Buffer | null {
    if (atLeast === null || this.#log.covers(entry, atLeast))
      return this.#shared(entry, framing, hasPendingGap ? 'pendingGapFrames' : 'frames')
    const body = this.#body(entry)
    return body === null ? null : wrapJson(body, this.#log.cursorAfter(entry, atLeast, hasPendingGap), framing)
  }

  /**
   * Returns the frame of an entry with a short cursor; null: its event cannot be encoded. All sessions that may have it share it, also those whose
   * vector is ahead of this pod, because it says nothing about other partitions.
   */
  shortFrame(entry: Entry, framing: Framing): Buffer | null {
    return this.#shared(entry, framing, 'shortFrames')
  }

  /** Bytes of frames that were compressed so far. */
  get compressedBytes(): number {
    return this.#compressedBytes
  }

  #shared(entry: Entry, framing: Framing, variant: FrameVariant): Buffer | null {
    const plain = entry[variant]?.[framing.kind] ?? this.#make(entry, framing, variant)
    return plain === null || framing.compress === undefined ? plain : this.#compress(entry, framing.compress, variant, plain)
  }

  #make(entry: Entry, framing: Framing, variant: FrameVariant): Buffer | null {
    const body = this.#body(entry)
    if (body === null) return null
    const cursor =
      variant === 'shortFrames'
        ? encodeShortCursor({ partition: entry.partition, offset: entry.offset + 1 })
        : this.#log.cursorAfter(entry, null, variant === 'pendingGapFrames')
    const id = variant === 'shortFrames' ? null : cursor
    return this.#keep(entry, framing, variant, wrap({ body, cursor, id, framing, allocate: Buffer.allocUnsafeSlow }))
  }

  /** Returns the compressed frame where it is worth its work: of an event that is neither small nor huge, and that several clients get. */
  #compress(entry: Entry, compress: (frame: Buffer) => Buffer, variant: FrameVariant, plain: Buffer): Buffer {
    const frames = entry[variant]
    if (frames === null || plain.length < this.bounds.leastBytes || plain.length > this.bounds.mostBytes) return plain
    frames.compressing += 1
    if (frames.compressing < this.bounds.leastClients) return plain
    if (frames.compressed !== null) return frames.compressed
    this.#compressedBytes += plain.length
    frames.compressed = compress(plain)
    if (frames.compressed !== plain) this.#log.resize(entry, entry.bytes + frames.compressed.length)
    return frames.compressed
  }

  /** Returns the attributes that clients get with an entry; null: its event cannot be encoded, and reaches no client. */
  attributes(entry: Entry): Attributes | null {
    const isNew = entry.content !== null
    const body = this.#body(entry)
    if (body === null) return null
    // No frame may ever replace the body. In Node's pool it would hold its neighbours there.
    if (isNew) entry.body = ownCopy(body)
    return deliveredAttributes(body)
  }

  #body(entry: Entry): Buffer | null {
    if (entry.content === null) return entry.body
    const encoded = this.#encode(entry.content)
    entry.content = null
    if (encoded.ok) {
      entry.body = encoded.value
      this.#observer.encoded(entry)
    } else {
      this.#observer.broken(entry, encoded.error)
    }
    this.#log.resize(entry, entryOverheadBytes + (entry.body?.length ?? 0))
    return entry.body
  }

  /**
   * Keeps a frame. The body becomes a view into the first frame, so that the bytes are held once. Kept frames have memory of their own. In Node's
   * pool each would also hold its neighbours there, among them the body that it was made of: twice its bytes again.
   */
  #keep(entry: Entry, framing: Framing, variant: FrameVariant, { frame, bodyStart }: Wrapped): Buffer {
    const isFirst = entry.frames === null && entry.pendingGapFrames === null && entry.shortFrames === null
    const bodyBytes = entry.body?.length ?? 0
    if (isFirst) entry.body = frame.subarray(bodyStart, bodyStart + bodyBytes)
    const frames = (entry[variant] ??= { websocket: null, sse: null, compressed: null, compressing: 0 })
    frames[framing.kind] = frame
    this.#log.resize(entry, entry.bytes + frame.length - (isFirst ? bodyBytes : 0))
    return frame
  }
}

/** Where a frame is compressed, for clients that take compressed ones. */
export interface CompressionBounds {
  /** Bytes of the smallest frame: below, the cursor and the names of attributes are most of it. */
  readonly leastBytes: number
  /** Bytes of the largest frame, and of all that a turn of a session compresses before it ends. Each takes 3 ms at most. */
  readonly mostBytes: number
  /** Clients from which on it is compressed. The others get it plain. */
  readonly leastClients: number
}

export const compressionBounds: CompressionBounds = { leastBytes: 1_024, mostBytes: 262_144, leastClients: 8 }

type FrameVariant = 'frames' | 'pendingGapFrames' | 'shortFrames'

function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}

export type EncodeEvent = (content: EventContent) => Result<Buffer, DecodeFailure>

export interface FrameObserver {
  encoded(entry: Entry): void
  broken(entry: Entry, failure: DecodeFailure): void
}

/** Returns the frame of a body. @param body a JSON object without its closing brace, with at least one member; @param cursor null: none */
export function wrapJson(body: Buffer, cursor: string | null, framing: Framing): Buffer {
  return wrap({ body, cursor, id: cursor, framing, allocate: Buffer.allocUnsafe }).frame
}

/** Returns the frame of an event that is complete. @param cursor the one in the event; null: it has none */
export function frameJson(json: Buffer, cursor: string | null, framing: Framing): Buffer {
  return Buffer.concat([framing.before(json.length, cursor), json, framing.after])
}

interface Wrapping {
  readonly body: Buffer
  readonly cursor: string | null
  /** The cursor from which a client can resume that keeps nothing else; null: it is none. */
  readonly id: string | null
  readonly framing: Framing
  readonly allocate: (bytes: number) => Buffer
}

interface Wrapped {
  readonly frame: Buffer
  readonly bodyStart: number
}

function wrap({ body, cursor, id, framing, allocate }: Wrapping): Wrapped {
  const end = cursor === null ? '}' : `,"cursor":"${cursor}"}` // ASCII: as many bytes as characters
  const before = framing.before(body.length + end.length, id)
  const bodyStart = before.length
  const endStart = bodyStart + body.length
  const frame = allocate(endStart + end.length + framing.after.length)
  frame.set(before)
  frame.set(body, bodyStart)
  frame.write(end, endStart, 'latin1')
  frame.set(framing.after, endStart + end.length)
  return { frame, bodyStart }
}
