import type { Audience } from '../audience/audience.ts'
import type { EventContent } from '../event/decoded-record.ts'

/** A frame per transport, made when a session first needs it. */
export interface EntryFrames {
  websocket: Buffer | null
  sse: Buffer | null
  /** The frame for WebSockets that take compressed ones, made for the eighth of them. */
  compressed: Buffer | null
  /** Count of these WebSockets that asked for the frame. */
  compressing: number
}

/** The form of the cursor in an event: the whole vector, or the event's own position alone (`short-cursor.ts`). */
export type CursorForm = 'full' | 'short'

/** An event in the replay log. `frames.ts` fills in the fields that are not readonly when a session first needs them. */
export interface Entry {
  /** Grows by one with each entry of this pod's replay log, over all partitions. */
  readonly seq: number
  readonly partition: number
  readonly offset: number
  readonly audience: Audience
  /** The record's timestamp, in milliseconds since the epoch. */
  readonly timestampMs: number
  /** Time at which this pod appended the entry, in milliseconds since the epoch. */
  readonly appendedAtMs: number
  /** Trace context of the consume span; null: the event is not traced. */
  readonly traceparent: string | null
  /** The event before encoding; null: it is encoded, or cannot be. */
  content: EventContent | null
  /** The event's JSON without its cursor and closing brace; null: not encoded yet, or not possible. */
  body: Buffer | null
  /** The frames that sessions share; null: none was needed yet. Most entries of a busy channel concern no session of a pod. */
  frames: EntryFrames | null
  /** Frames for sessions with a pending gap, whose cursors have another epoch tag; null: there are none. */
  pendingGapFrames: EntryFrames | null
  /** Frames with short cursors, for sessions that ask for them; null: there are none. */
  shortFrames: EntryFrames | null
  /** Bytes that the entry counts against the limit of the replay log. */
  bytes: number
}

/**
 * Cost of an entry beside its bytes: the objects, its audience with one name, its share of checkpoints. Measured at 10^6 entries of one user each,
 * without the bytes that the index counts. It was 570 bytes where 10,000 users share the audiences, 980 where each entry has its own. The limit
 * must hold for both.
 */
export const entryOverheadBytes = 1024
