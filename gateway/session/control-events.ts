import type { Problem, ProblemType } from '../request/problem.ts'
import { frameJson } from '../replay/frames.ts'
import type { Framing } from '../replay/framing.ts'
import type { PartitionOffsets } from '../replay/record-source.ts'
import type { ReplayLog } from '../replay/replay-log.ts'

/** Reasons of a gap: the client may have missed events. */
export const gapReasons = ['too-old', 'too-slow', 'epoch', 'future', 'log-lost'] as const
export type GapReason = (typeof gapReasons)[number]

/** What a gateway can do beyond the first version of the protocol. Names are never removed. */
export type Feature = 'filters' | 'subscribe' | 'token' | 'send' | 'short-cursors'

/** Problems for which a frame is refused: the values of the metric's label `reason`. */
export const inboundRefusals = [
  'bad-request',
  'not-json',
  'json-too-deep',
  'invalid-event',
  'unknown-command',
  'bad-filters',
  'too-many-filters',
  'unauthenticated',
  'revoked',
  'keys-unavailable',
  'not-ready',
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
  | { readonly type: 'dev.carillon.resumed'; readonly data: { readonly replayed: number } & Introduction }
  /** A gap that takes the place of `resumed` introduces the session. */
  | { readonly type: 'dev.carillon.gap'; readonly data: { readonly reason: GapReason } & Partial<Introduction> }
  | { readonly type: 'dev.carillon.bookmark' }
  | { readonly type: 'dev.carillon.draining'; readonly data: { readonly reconnectAfterMs: number } }
  | { readonly type: 'dev.carillon.token-expiring'; readonly data: { readonly expiresInMs: number } }
  /** The brokers have acknowledged the event with this id, which the client sent. */
  | { readonly type: 'dev.carillon.ack'; readonly data: { readonly id: string } }
  | { readonly type: 'dev.carillon.nack'; readonly data: Nack }
  | Confirmation

/** What a client needs for frames of its own. */
export interface Introduction {
  /** The id of the session, for frames over HTTP. Nobody can guess it. */
  readonly session: string
  readonly features: readonly Feature[]
  /** Spares the client's next connection the check of its token's signature. Absent: there are no tickets. */
  readonly ticket?: string
}

export interface TokenAnswer {
  /** The id in the frame. */
  readonly id: string
  /** Time for which the token is good, in milliseconds; null: it does not expire. */
  readonly expiresInMs: number | null
  /** The ticket of the new token. Absent: there are no tickets. */
  readonly ticket?: string
}

/** The answer to a command that holds from the cursor of the answer on. `id` is that of the frame. */
export type Confirmation =
  | { readonly type: 'dev.carillon.token-accepted'; readonly data: TokenAnswer }
  | { readonly type: 'dev.carillon.subscribed'; readonly data: { readonly id: string } }

/**
 * Makes the JSON of control events. Ids are unique to the process, the source is the channel's. Those with a cursor have the heartbeat interval,
 * so that a client can tell a quiet channel from a dead connection.
 */
export function createControlJson(channel: string, instance: string, heartbeatMs: number): ControlJson {
  let count = 0
  return (event, cursor) => {
    count += 1
    const attributes = {
      specversion: '1.0',
      id: `${instance}-${count}`,
      source: `urn:carillon:channel:${channel}`,
      datacontenttype: 'application/json',
    }
    return Buffer.from(JSON.stringify({ ...attributes, ...event, ...(cursor === null ? {} : { heartbeatms: heartbeatMs, cursor }) }))
  }
}

/** Returns a control event as JSON. @param cursor null: an event without a place in the replay log */
export type ControlJson = (event: ControlEvent, cursor: string | null) => Buffer

/** Returns the frame of a bookmark at the head. @param covered a vector that its cursor must not fall behind */
export type BookmarkFrames = (framing: Framing, covered: PartitionOffsets | null, hasPendingGap: boolean) => Buffer

/** Makes bookmarks. All sessions share one frame until the position of the replay log changes. */
export function createBookmarks(log: ReplayLog, control: ControlJson): BookmarkFrames {
  const shared = new Map<Framing, { readonly frame: Buffer; readonly version: number }>()
  return (framing, covered, hasPendingGap) => {
    const isShared = covered === null && !hasPendingGap
    const made = shared.get(framing)
    if (isShared && made?.version === log.version) return made.frame
    const cursor = log.headCursor(covered, hasPendingGap)
    const frame = frameJson(control({ type: 'dev.carillon.bookmark' }, cursor), cursor, framing)
    if (isShared) shared.set(framing, { frame, version: log.version })
    return frame
  }
}
