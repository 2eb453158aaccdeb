import { wrapJson } from '../replay/frames.ts'
import type { Framing } from '../replay/framing.ts'
import type { PartitionOffsets } from '../replay/record-source.ts'
import type { ReplayLog } from '../replay/replay-log.ts'

/** Why a client is told that something is lost. */
export const gapReasons = ['too-old', 'too-slow', 'epoch', 'future', 'log-lost'] as const
export type GapReason = (typeof gapReasons)[number]

/** What clients that resume are told beside their events: CloudEvents themselves (docs/protocol.md, Control events). */
export type ControlEvent =
  | { readonly type: 'dev.carillon.resumed'; readonly data: { readonly replayed: number } }
  | { readonly type: 'dev.carillon.gap'; readonly data: { readonly reason: GapReason } }
  | { readonly type: 'dev.carillon.bookmark' }
  | { readonly type: 'dev.carillon.draining'; readonly data: { readonly reconnectAfterMs: number } }
  | { readonly type: 'dev.carillon.token-expiring'; readonly data: { readonly expiresInMs: number } }

/**
 * Makes the frames of control events: ids are unique to the process, the source is the channel's. Those that have a cursor say how often a
 * client will hear at least, so that it can tell a quiet channel from a connection that is dead.
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

/** @param cursor null when the event says nothing about the place in the log */
export type ControlFrames = (event: ControlEvent, cursor: string | null, framing: Framing) => Buffer

/** Returns the frame of a bookmark at the head. @param covered a vector that its cursor must not fall behind */
export type BookmarkFrames = (framing: Framing, covered: PartitionOffsets | null, owesGap: boolean) => Buffer

/** Makes bookmarks. All sessions share one for as long as the log stands still. */
export function createBookmarks(log: ReplayLog, control: ControlFrames): BookmarkFrames {
  const shared = new Map<Framing, { readonly frame: Buffer; readonly version: number }>()
  return (framing, covered, owesGap) => {
    const isShared = covered === null && !owesGap
    const made = shared.get(framing)
    if (isShared && made?.version === log.version) return made.frame
    const frame = control({ type: 'dev.carillon.bookmark' }, log.headCursor(covered, owesGap), framing)
    if (isShared) shared.set(framing, { frame, version: log.version })
    return frame
  }
}
