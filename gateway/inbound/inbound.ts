import type { Principal } from '../audience/principal.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { RateLimiter } from '../emit/rate-limiter.ts'
import type { FrameProblem } from '../session/control-events.ts'
import type { Session } from '../session/session.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { ack, type Answer, complete, type CompleteAnswer, nack } from './answer.ts'
import { type ClientFrame, readClientFrame } from './client-frame.ts'
import { maxInFlight, PendingFrames } from './pending-frames.ts'
import type { Send } from './send.ts'

/**
 * Carries a command out, and confirms it to the client at the session's place. Never rejects, except for a bug.
 * @returns the confirmation as JSON; null: the client gets none, because it is plain or closed
 */
export type Command = (session: Session, frame: CommandFrame) => Promise<Result<Buffer | null, FrameProblem>>

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

/** Takes the frames of clients, docs/protocol.md section 5.1. */
export interface Inbound {
  /** Takes a message of a connection, and answers on it. @param text null: the message is binary */
  receive(session: Session, text: Buffer | null): void
  /** Takes a frame that came over HTTP. Never rejects. @returns its answer; null: it is a command, and its session is not here or has ended */
  post(frame: PostedFrame): Promise<CompleteAnswer | null>
}

/** A frame over HTTP. */
export interface PostedFrame {
  /** The sender, verified. */
  readonly principal: Principal
  /** The session of the same user that the frame names; null: this pod does not have it. */
  readonly session: Session | null
  readonly text: Buffer
}

/**
 * Takes the frames of clients. Every frame is answered: by its command, by a `dev.carillon.ack`, or by a `dev.carillon.nack` in the words of the
 * problem table. Nothing here waits for a delivery, and no delivery waits for it. The transport has bounded the size of the frame before.
 */
export function createInbound(parts: InboundParts): Inbound {
  const commands = createCommands(parts)
  const bySession = new PendingFrames<Session>(new WeakMap())
  const byUser = new PendingFrames<string>(new Map())
  const refuse = (id: string | null, problem: FrameProblem): Answer => {
    parts.metrics.inboundRefused.add(1, { reason: problem.type })
    return nack(id, problem)
  }
  /** Never rejects. */
  const settle = async (frame: ClientFrame, run: () => Promise<Result<Answer, FrameProblem>>): Promise<Answer> => {
    try {
      const outcome = await run()
      return outcome.ok ? outcome.value : refuse(frame.id, outcome.error)
    } catch (error) {
      parts.logger.error({ err: error }, 'frame failed')
      return refuse(frame.id, broken)
    }
  }
  /** Reads a frame, and counts it for its user. */
  const read = (userId: string, text: Buffer | null): Result<ClientFrame, Answer> => {
    const frame = readClientFrame(text)
    const waitMs = parts.rateLimiter.take(userId, 1, parts.clock())
    if (waitMs > 0) return failed(refuse(frame.ok ? frame.value.id : frame.error.id, { ...rateExceeded, retryAfterMs: waitMs }))
    return frame.ok ? frame : failed(refuse(frame.error.id, frame.error.problem))
  }
  /** Runs a frame, if there is room among those that have no answer yet. Sends begin in the order of their arrival. */
  const begin = <Key>(
    pending: PendingFrames<Key>,
    key: Key,
    frame: ClientFrame,
    run: () => Promise<Result<Answer, FrameProblem>>,
  ): Promise<Answer> | Answer => {
    if (!pending.enter(key)) return refuse(frame.id, tooManyInFlight)
    return settle(frame, run).finally(() => pending.leave(key))
  }
  return {
    receive: (session, text) => {
      if (session.isClosed) return
      const answer = (given: Answer): void => {
        if (given.kind === 'event') session.answer(given.event)
      }
      const frame = read(session.principal.userId, text)
      if (!frame.ok) return answer(frame.error)
      const { value } = frame
      const answered = begin(bySession, session, value, () =>
        value.kind === 'send' ? takeSend(session.principal, value, parts.send) : commands(session, value),
      )
      // A refusal is answered before the next frame is read. The others never reject.
      if (answered instanceof Promise) void answered.then(answer)
      else answer(answered)
    },
    post: async ({ principal, session, text }) => {
      const frame = read(principal.userId, text)
      if (!frame.ok) return complete(frame.error)
      const { value } = frame
      if (value.kind === 'send') return complete(await begin(byUser, principal.userId, value, () => takeSend(principal, value, parts.send)))
      return session === null ? null : complete(await begin(bySession, session, value, () => commands(session, value)))
    },
  }
}

/** Takes a send with the rights that its sender has now. */
async function takeSend(principal: Principal, { id, event }: SendFrame, send: Send | null): Promise<Result<Answer, FrameProblem>> {
  if (send === null) return failed(sendingIsOff)
  const sent = await send(principal, { id, event })
  return sent.ok ? ok(ack(id)) : sent
}

type CommandFrame = ClientFrame & { readonly kind: 'command' }
type SendFrame = ClientFrame & { readonly kind: 'send' }

/** Runs the commands of a session one after the other: of two tokens, the later one counts, however long each takes to verify. */
function createCommands({ commands }: Pick<InboundParts, 'commands'>) {
  const lastOf = new WeakMap<Session, Promise<unknown>>()
  const run = async (session: Session, frame: CommandFrame): Promise<Result<Answer, FrameProblem>> => {
    if (session.isClosed) return ok({ kind: 'confirmed', json: null })
    const command = commands.get(frame.type)
    if (command === undefined) return failed(unknownCommand(commands))
    const confirmed = await command(session, frame)
    return confirmed.ok ? ok({ kind: 'confirmed', json: confirmed.value }) : confirmed
  }
  return (session: Session, frame: CommandFrame): Promise<Result<Answer, FrameProblem>> => {
    const done = (lastOf.get(session) ?? Promise.resolve()).then(() => run(session, frame))
    // The next one runs also after a bug in this one.
    lastOf.set(
      session,
      done.catch(() => {}),
    )
    return done
  }
}

const tooManyInFlight: FrameProblem = {
  type: 'overloaded',
  detail: `${maxInFlight} frames of this connection or user wait for their answers. Send the next one after an answer.`,
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

const broken: FrameProblem = { type: 'internal-error', detail: 'The frame failed inside the gateway. Send it again.', retryAfterMs: 1000 }

const unknownCommand = (commands: ReadonlyMap<string, Command>): FrameProblem => ({
  type: 'unknown-command',
  detail: `There is no such command. This gateway knows: ${[...commands.keys()].join(', ')}.`,
})
