import type { DecodeFailure, EventContent } from '../event/decoded-record.ts'
import type { Result } from '../result.ts'
import type { Framing } from '../session/socket.ts'
import { type Entry, entryOverheadBytes } from './entry.ts'
import type { PartitionOffsets } from './record-source.ts'
import type { ReplayLog } from './replay-log.ts'

/**
 * Makes entries ready for the wire, each when somebody first needs it and never again (G2): the event's JSON once, then a frame per
 * transport, shared by all its sessions. The cursor is the last member of the JSON, so that a session which must be told another
 * cursor (its own is ahead of this pod) gets the same JSON with another end.
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
   * The frame of an entry that is in the log; null when its event turns out to be broken, which is nobody's.
   * @param atLeast a vector that the frame's cursor must not fall behind; null for the shared frame
   */
  frame(entry: Entry, framing: Framing, atLeast: PartitionOffsets | null): Buffer | null {
    if (atLeast === null) {
      const shared = entry.frames[framing.kind]
      if (shared !== null) return shared
    }
    const body = this.#body(entry)
    if (body === null) return null
    const cursor = this.#log.cursorAfter(entry, atLeast)
    const frame = wrapJson(body, cursor, framing)
    if (atLeast === null) this.#keep(entry, framing, { frame, bodyStart: framing.before(jsonBytes(body, cursor), cursor).length })
    return frame
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

  /** The body becomes a view into the first frame, so that the bytes are held once. */
  #keep(entry: Entry, framing: Framing, made: { readonly frame: Buffer; readonly bodyStart: number }): void {
    const isFirst = entry.frames.websocket === null && entry.frames.sse === null
    const bodyBytes = entry.body?.length ?? 0
    if (isFirst) entry.body = made.frame.subarray(made.bodyStart, made.bodyStart + bodyBytes)
    entry.frames[framing.kind] = made.frame
    this.#log.resize(entry, entry.bytes + made.frame.length - (isFirst ? bodyBytes : 0))
  }
}

export type EncodeEvent = (content: EventContent) => Result<Buffer, DecodeFailure>

export interface FrameObserver {
  encoded(entry: Entry): void
  broken(entry: Entry, failure: DecodeFailure): void
}

/** @param body a JSON object without its closing brace, with at least one member; @param cursor null: an event without one */
export function wrapJson(body: Buffer, cursor: string | null, framing: Framing): Buffer {
  const before = framing.before(jsonBytes(body, cursor), cursor)
  return Buffer.concat([before, body, Buffer.from(endOf(cursor), 'latin1'), framing.after])
}

const endOf = (cursor: string | null): string => (cursor === null ? '}' : `,"cursor":"${cursor}"}`)
const jsonBytes = (body: Buffer, cursor: string | null): number => body.length + endOf(cursor).length
