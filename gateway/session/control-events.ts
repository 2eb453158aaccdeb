import type { Problem, ProblemType } from '../request/problem.ts'
import { wrapJson } from '../replay/frames.ts'
import type { Framing } from '../replay/framing.ts'
import type { PartitionOffsets } from '../replay/record-source.ts'
import type { ReplayLog } from '../replay/replay-log.ts'

/** Reasons of a gap: the client may have missed events. */
export const gapReasons = ['too-old', 'too-slow', 'epoch', 'future', 'log-lost'] as const
export type GapReason = (typeof gapReasons)[number]

/** What a gateway can do beyond the first version of the protocol. Names are never removed. */
export type Feature = 'filters' | 'token' | 'send'

/** The abilities over each transport. */
export type Features = Readonly<Record<Framing['kind'], readonly Feature[]>>

/** Problems for which a frame is refused: the values of the metric's label `reason`. */
export const inboundRefusals = [
  'bad-request',
  'not-json',
  'json-too-deep',
  'invalid-event',
  'unknown-command',
  'unauthenticated',
  'revoked',
  'keys-unavailable',
  'forbidden',
  'id-reused',
  'event-too-large',
  'too-many-requests',
  'refused-by-log',
  'overloaded',
  'not-acknowledged',
  'internal-error',
] as const satisfies readonly ProblemType[]
export type InboundRefusal = (typeof inboundRefusals)[number]

/** What becomes of an event that a client sends: the values of the metric's label `outcome`. */
export const sendOutcomes = ['acknowledged', 'repeated', 'refused', 'failed'] as const
export type SendOutcome = (typeof sendOutcomes)[number]

/** The problem of a frame. */
export interface FrameProblem extends Problem {
  readonly type: InboundRefusal
}

/** Refusal of a frame: the words of the problem table. */
export interface Nack {
  /** The id in the frame; null: the frame has none that can be read. */
  readonly id: string | null
  readonly type: `urn:carillon:problem:${InboundRefusal}`
  readonly detail: string
  /** Time after which the frame may be accepted, in milliseconds. */
  readonly retryAfterMs?: number
}

/** Messages to clients that resume, beside their events. They are CloudEvents, too (docs/protocol.md, Control events). */
export type ControlEvent =
  | { readonly type: 'dev.carillon.resumed'; readonly data: { readonly replayed: number; readonly features: readonly Feature[] } }
  | { readonly type: 'dev.carillon.gap'; readonly data: { readonly reason: GapReason } }
  | { readonly type: 'dev.carillon.bookmark' }
  | { readonly type: 'dev.carillon.draining'; readonly data: { readonly reconnectAfterMs: number } }
  | { readonly type: 'dev.carillon.token-expiring'; readonly data: { readonly expiresInMs: number } }
  /** The brokers have acknowledged the event with this id, which the client sent. */
  | { readonly type: 'dev.carillon.ack'; readonly data: { readonly id: string } }
  | { readonly type: 'dev.carillon.nack'; readonly data: Nack }
  /** expiresInMs: null if the token does not expire. */
  | { readonly type: 'dev.carillon.token-accepted'; readonly data: { readonly expiresInMs: number | null } }

/**
 * Makes the frames of control events. Ids are unique to the process, the source is the channel's. Those with a cursor have the heartbeat interval,
 * so that a client can tell a quiet channel from a dead connection.
 */
export function createControlFrames(channel: string, instance: string, heartbeatMs: number): ControlFrames {
  let count = 0
  return (event, cursor, framing) => {
    count += 1
    const attributes = {
      specversion: '1.0',
      id: `${instance}-${count}`,
      source: `urn:carillon:channel:${channel}`,
      datacontenttype: 'application/json',
    }
    const json = JSON.stringify({ ...attributes, ...event, ...(cursor === null ? {} : { heartbeatms: heartbeatMs }) })
    return wrapJson(Buffer.from(json.slice(0, -1)), cursor, framing)
  }
}

/** Returns the frame of a control event. @param cursor null: an event without a place in the replay log */
export type ControlFrames = (event: ControlEvent, cursor: string | null, framing: Framing) => Buffer

/** Returns the frame of a bookmark at the head. @param covered a vector that its cursor must not fall behind */
export type BookmarkFrames = (framing: Framing, covered: PartitionOffsets | null, hasPendingGap: boolean) => Buffer

/** Makes bookmarks. All sessions share one frame until the position of the replay log changes. */
export function createBookmarks(log: ReplayLog, control: ControlFrames): BookmarkFrames {
  const shared = new Map<Framing, { readonly frame: Buffer; readonly version: number }>()
  return (framing, covered, hasPendingGap) => {
    const isShared = covered === null && !hasPendingGap
    const made = shared.get(framing)
    if (isShared && made?.version === log.version) return made.frame
    const frame = control({ type: 'dev.carillon.bookmark' }, log.headCursor(covered, hasPendingGap), framing)
    if (isShared) shared.set(framing, { frame, version: log.version })
    return frame
  }
}
