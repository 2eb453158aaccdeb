import type { Audience } from '../audience/audience.ts'
import type { EventContent } from '../event/decoded-record.ts'

/** A frame per transport, made when a session first needs it. */
export interface EntryFrames {
  websocket: Buffer | null
  sse: Buffer | null
}

/** An event in the replay log. What is not readonly is filled in when somebody first needs it, and only by `frames.ts`. */
export interface Entry {
  /** Grows by one with each entry of this pod's log, over all partitions. */
  readonly seq: number
  readonly partition: number
  readonly offset: number
  readonly audience: Audience
  /** Milliseconds since the epoch, of the record. */
  readonly timestampMs: number
  /** Milliseconds since the epoch, when this pod appended it. */
  readonly appendedAtMs: number
  /** Of the consume span; null when nobody traces this event. */
  readonly traceparent: string | null
  /** The undecoded event; null once it is encoded, or was found to be broken. */
  content: EventContent | null
  /** The event's JSON without its cursor and closing brace; null while it is not encoded, and for good when it cannot be. */
  body: Buffer | null
  readonly frames: EntryFrames
  /** The same for sessions that are owed a gap, whose cursor says so; null while there are none. */
  owingFrames: EntryFrames | null
  /** What the entry counts against the log's limit. */
  bytes: number
}

/**
 * What an entry costs beside its bytes: the objects, its audience and one name of it, its share of checkpoints. Measured at 10^6 entries of
 * one user each, with what the index counts taken off: 570 bytes where 10,000 users share the audiences, 980 where each entry has its own.
 * The limit must hold for both.
 */
export const entryOverheadBytes = 1024
