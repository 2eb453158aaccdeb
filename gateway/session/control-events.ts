import { wrapJson } from '../replay/frames.ts'
import type { Framing } from '../replay/framing.ts'

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
