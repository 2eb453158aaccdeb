import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { RateLimiter } from '../emit/rate-limiter.ts'
import type { FrameProblem } from '../session/control-events.ts'
import type { Session } from '../session/session.ts'
import type { Result } from '../../program/result.ts'
import { type ClientFrame, readClientFrame } from './client-frame.ts'

/** Carries a command out. @returns a problem, or nothing if the command has answered by itself. Never rejects. */
export type Command = (session: Session, frame: ClientFrame & { readonly kind: 'command' }) => Promise<Result<void, FrameProblem>>

export interface InboundParts {
  /** The commands by type. */
  readonly commands: ReadonlyMap<string, Command>
  /** Counts the frames of each user, over all connections of the user. */
  readonly rateLimiter: Pick<RateLimiter, 'take'>
  readonly metrics: Pick<Metrics, 'inboundRefused'>
  readonly logger: Pick<Logger, 'error'>
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
}

/**
 * Takes the messages of clients. Every message is answered: by its command, or by a `dev.carillon.nack` in the words of the problem table. Nothing here
 * waits for a delivery, and no delivery waits for it. The transport has bounded the size and the rate of the connection before.
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
  /** Never rejects. */
  const run = async (session: Session, frame: ClientFrame): Promise<void> => {
    if (session.isClosed) return
    if (frame.kind === 'send') return refuse(session, frame.id, sendingIsOff)
    const command = parts.commands.get(frame.type)
    if (command === undefined) return refuse(session, frame.id, unknownCommand(parts.commands))
    try {
      const outcome = await command(session, frame)
      if (!outcome.ok) refuse(session, frame.id, outcome.error)
    } catch (error) {
      parts.logger.error({ error }, 'command threw')
      refuse(session, frame.id, { type: 'internal-error', detail: 'The command failed inside the gateway. Send it again.' })
    }
  }
  const runAndLeave = async (session: Session, frame: ClientFrame): Promise<void> => {
    await run(session, frame)
    const now = pending.get(session)
    if (now !== undefined) pending.set(session, { ...now, count: now.count - 1 })
  }
  /** Runs the frames of a session one after the other: of two tokens, the later one counts, however long each takes to verify. */
  const take = (session: Session, frame: ClientFrame): void => {
    const { count, last } = pending.get(session) ?? { count: 0, last: Promise.resolve() }
    if (count >= maxInFlight) return refuse(session, frame.id, tooManyInFlight)
    const done = last.then(() => runAndLeave(session, frame))
    pending.set(session, { count: count + 1, last: done })
  }
  return (session, text) => {
    if (session.isClosed) return
    const read = readClientFrame(text)
    const waitMs = parts.rateLimiter.take(session.principal.userId, 1, parts.clock())
    if (waitMs > 0) refuse(session, read.ok ? read.value.id : read.error.id, { ...rateExceeded, retryAfterMs: waitMs })
    else if (!read.ok) refuse(session, read.error.id, read.error.problem)
    else take(session, read.value)
  }
}

/** The frames of a session that have no answer yet. */
interface Pending {
  readonly count: number
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
  detail: 'This channel takes no events from browsers. A service can emit them over HTTP (docs/emit-api.md).',
}

const unknownCommand = (commands: ReadonlyMap<string, Command>): FrameProblem => ({
  type: 'unknown-command',
  detail: `There is no such command. This gateway knows: ${[...commands.keys()].join(', ')}.`,
})
