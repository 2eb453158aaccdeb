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

  constructor(log: ReplayLog, encode: EncodeEvent, observer: FrameObserver) {
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
    const isShared = atLeast === null || this.#log.covers(entry, atLeast)
    const shared = (hasPendingGap ? entry.pendingGapFrames : entry.frames)?.[framing.kind] ?? null
    if (isShared && shared !== null) return shared
    const body = this.#body(entry)
    if (body === null) return null
    if (!isShared) return wrapJson(body, this.#log.cursorAfter(entry, atLeast, hasPendingGap), framing)
    const cursor = this.#log.cursorAfter(entry, null, hasPendingGap)
    const made = wrap({ body, cursor, id: cursor, framing, allocate: Buffer.allocUnsafeSlow })
    return this.#keep(entry, framing, hasPendingGap ? 'pendingGapFrames' : 'frames', made)
  }

  /**
   * Returns the frame of an entry with a short cursor; null: its event cannot be encoded. All sessions that may have it share it, also those whose
   * vector is ahead of this pod, because it says nothing about other partitions.
   */
  shortFrame(entry: Entry, framing: Framing): Buffer | null {
    const shared = entry.shortFrames?.[framing.kind] ?? null
    if (shared !== null) return shared
    const body = this.#body(entry)
    if (body === null) return null
    const cursor = encodeShortCursor({ partition: entry.partition, offset: entry.offset + 1 })
    return this.#keep(entry, framing, 'shortFrames', wrap({ body, cursor, id: null, framing, allocate: Buffer.allocUnsafeSlow }))
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
    const frames = (entry[variant] ??= { websocket: null, sse: null })
    frames[framing.kind] = frame
    this.#log.resize(entry, entry.bytes + frame.length - (isFirst ? bodyBytes : 0))
    return frame
  }
}

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
