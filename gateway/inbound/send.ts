import type { Principal } from '../audience/principal.ts'
import type { RawEvent } from '../event/check-event.ts'
import type { FrameProblem } from '../session/control-events.ts'
import type { Result } from '../../program/result.ts'

/**
 * Takes an event that a client sends (docs/protocol.md, section 5.2). It knows no connection: the frame may have come over any transport and to any
 * pod. It begins in the order of the calls, and runs of one user may be under way at the same time.
 *
 * Resolves with ok after the brokers have acknowledged the event, never before (G10). After a problem with `retryAfterMs`, the event may be in the
 * topic or not: sending it again with the same id is safe. Never rejects, except for a bug.
 * @param principal the sender, verified
 */
export type Send = (principal: Principal, frame: SentFrame) => Promise<Result<void, FrameProblem>>

/** An event as the client sent it. Its attributes were read and not checked. */
export interface SentFrame {
  readonly id: string
  readonly event: RawEvent
}
