import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { RateLimiter } from '../emit/rate-limiter.ts'
import type { FrameProblem } from '../session/control-events.ts'
import type { Session } from '../session/session.ts'
import { failed, type Result } from '../../program/result.ts'
import { type ClientFrame, readClientFrame } from './client-frame.ts'
import type { Send } from './send.ts'

/** Carries a command out. @returns a problem, or nothing if the command has answered by itself. Never rejects. */
export type Command = (session: Session, frame: ClientFrame & { readonly kind: 'command' }) => Promise<Result<void, FrameProblem>>

export interface InboundParts {
  /** The commands by type. */
  readonly commands: ReadonlyMap<string, Command>
  /** Takes the events that clients send; null: the channel takes none. */
  readonly send: Send | null
  /** Counts the frames of each user, over all connections of the user. */
  readonly rateLimiter: Pick<RateLimiter, 'take'>
  readonly metrics: Pick<Metrics, 'inboundRefused'>
  readonly logger: Pick<Logger, 'error'>
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
}

/**
 * Takes the messages of clients. Every message is answered: by its command, by a `dev.carillon.ack`, or by a `dev.carillon.nack` in the words of the
 * problem table. Nothing here waits for a delivery, and no delivery waits for it. The transport has bounded the size and the rate of the connection before.
 */
export function createInbound(parts: InboundParts): (session: Session, text: Buffer | null) => void {
  const pending = new WeakMap<Session, Pending>()
  const refuse = (session: Session, id: string | null, { type, detail, retryAfterMs }: FrameProblem): void => {
    parts.metrics.inboundRefused.add(1, { reason: type })
    session.answer({
      type: 'dev.carillon.nack',
      data: {
        id,
        type: `urn:carillon:problem:${type}`,
        detail,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
      },
    })
  }
  /** Answers a frame with its outcome. Never rejects. */
  const settle = async (session: Session, frame: ClientFrame, run: () => Promise<Result<void, FrameProblem>>): Promise<void> => {
    if (session.isClosed) return
    try {
      const outcome = await run()
      if (!outcome.ok) refuse(session, frame.id, outcome.error)
      else if (frame.kind === 'send') session.answer({ type: 'dev.carillon.ack', data: { id: frame.id } })
    } catch (error) {
      parts.logger.error({ err: error }, 'frame failed')
      refuse(session, frame.id, broken)
    }
  }
  const command = async (session: Session, frame: ClientFrame & { readonly kind: 'command' }): Promise<Result<void, FrameProblem>> =>
    (await parts.commands.get(frame.type)?.(session, frame)) ?? failed(unknownCommand(parts.commands))
  /**
   * Runs the commands of a session one after the other: of two tokens, the later one counts, however long each takes to verify. Sends begin in the
   * order of their arrival, and none waits for the acknowledgement of another.
   */
  const begin = (
    session: Session,
    frame: ClientFrame,
    last: Promise<void>,
  ): { readonly last: Promise<void>; readonly done: Promise<void> } => {
    if (frame.kind === 'send') return { last, done: settle(session, frame, () => take(session, frame, parts.send)) }
    const done = last.then(() => settle(session, frame, () => command(session, frame)))
    return { last: done, done }
  }
  const leave = (session: Session): void => {
    const now = pending.get(session)
    if (now !== undefined) pending.set(session, { ...now, count: now.count - 1 })
  }
  const enter = (session: Session, frame: ClientFrame): void => {
    const { count, last } = pending.get(session) ?? { count: 0, last: Promise.resolve() }
    if (count >= maxInFlight) return refuse(session, frame.id, tooManyInFlight)
    const { done, last: next } = begin(session, frame, last)
    pending.set(session, { count: count + 1, last: next })
    void done.then(() => leave(session)) // settle never rejects
  }
  return (session, text) => {
    if (session.isClosed) return
    const read = readClientFrame(text)
    const waitMs = parts.rateLimiter.take(session.principal.userId, 1, parts.clock())
    if (waitMs > 0) refuse(session, read.ok ? read.value.id : read.error.id, { ...rateExceeded, retryAfterMs: waitMs })
    else if (!read.ok) refuse(session, read.error.id, read.error.problem)
    else enter(session, read.value)
  }
}

/** Takes a send with the rights that the session has now. */
function take(session: Session, { id, event }: ClientFrame & { readonly kind: 'send' }, send: Send | null): ReturnType<Send> {
  return send === null ? Promise.resolve(failed(sendingIsOff)) : send(session.principal, { id, event })
}

/** The frames of a session that have no answer yet. */
interface Pending {
  readonly count: number
  /** Resolves after the last command. */
  readonly last: Promise<void>
}

/** Most frames of one session that wait for their answers. */
export const maxInFlight = 16

const tooManyInFlight: FrameProblem = {
  type: 'overloaded',
  detail: `${maxInFlight} frames of this connection wait for their answers. Send the next one after an answer.`,
  retryAfterMs: 100,
}

const rateExceeded: FrameProblem = {
  type: 'too-many-requests',
  detail: 'The connections of this user have reached their rate together (USER_FRAMES_PER_S). Send the frame again after the pause.',
}

const sendingIsOff: FrameProblem = {
  type: 'forbidden',
  detail: 'This channel takes no events from browsers (UPSTREAM). A service can emit them over HTTP (docs/emit-api.md).',
}

const broken: FrameProblem = { type: 'internal-error', detail: 'The frame failed inside the gateway. Send it again.' }

const unknownCommand = (commands: ReadonlyMap<string, Command>): FrameProblem => ({
  type: 'unknown-command',
  detail: `There is no such command. This gateway knows: ${[...commands.keys()].join(', ')}.`,
})
