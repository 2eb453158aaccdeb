import type { Principal } from '../audience/principal.ts'
import type { AcceptRule } from '../config/accept-rule.ts'
import type { EventPublisher } from '../emit/event-publisher.ts'
import { InFlight } from '../emit/in-flight.ts'
import { dataShape } from '../event/attributes.ts'
import type { CloudEvent } from '../event/cloud-event.ts'
import type { Send, SentFrame } from '../inbound/send.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Tracer } from '../observability/tracer.ts'
import type { Logger } from '../../program/log/logger.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { FrameProblem, SendOutcome } from '../session/control-events.ts'
import { createAccept, type ReadyRule } from './accept.ts'
import type { CompileSchema } from './data-validator.ts'
import { contentOfSend, keyOfSend, RecentSends } from './recent-sends.ts'
import { readSentEvent } from './sent-event.ts'
import { createSendWriter, type WriteOutcome } from './send-writer.ts'

export interface UpstreamParts {
  readonly channel: string
  readonly rules: readonly AcceptRule[]
  readonly compile: CompileSchema
  /** Of the upstream topic. */
  readonly upstream: Pick<EventPublisher, 'publish'>
  /** Of the channel's own topic. */
  readonly delivery: Pick<EventPublisher, 'publish'>
  /** Name of the upstream topic, for log lines. */
  readonly topic: string
  /** Most events of this pod that wait for their acknowledgement at a time. */
  readonly maxInFlight: number
  /** Longest wait of a send for its acknowledgement, in milliseconds. */
  readonly timeoutMs: number
  /** The window in which an event that is sent again is not written again, and the limit on what is remembered. */
  readonly recent: { readonly windowMs: number; readonly maxIds: number }
  /** True: log lines about accepted events are at info, because a person looks at them. */
  readonly isDevelopment: boolean
  readonly tracer: Tracer
  readonly logger: Pick<Logger, 'debug' | 'info'>
  readonly metrics: Pick<Metrics, 'sends' | 'sendLatency' | 'sendsInFlight' | 'recentSends' | 'rateLimitedSenders' | 'upstreamWritable'>
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** A send under way. Another frame with the same source and id waits for its outcome. */
interface Underway {
  readonly content: string
  readonly outcome: Promise<Result<void, FrameProblem>>
}

/**
 * Makes the function that takes events of clients (docs/protocol.md, section 5.2).
 *
 * **G10.** An acknowledged send is in the upstream topic, once for a reader that suppresses by source and id. So the source is the same on all pods, and
 * a send is acknowledged only after the brokers have acknowledged its record. A send that was not acknowledged ends in a problem, and leaves nothing
 * behind that would keep it from being written when it is sent again.
 *
 * **Nothing waits in a queue here**: beyond its limits the gateway refuses. Sends of one user go to one partition in the order of their arrival.
 */
export function createUpstream(parts: UpstreamParts): Send {
  const accept = createAccept(parts.rules, { compile: parts.compile, now: parts.clock() })
  const inFlight = new InFlight(parts.maxInFlight)
  const recent = new RecentSends(parts.recent)
  const underway = new Map<string, Underway>()
  const write = createSendWriter(parts)
  parts.metrics.sendsInFlight.collect(() => inFlight.count)
  parts.metrics.recentSends.collect(() => recent.size)
  parts.metrics.rateLimitedSenders.collect(() => accept.senders())
  parts.metrics.upstreamWritable.set(1)

  const count = (outcome: SendOutcome): void => parts.metrics.sends.add(1, { outcome })
  const refuse = (problem: FrameProblem): Result<never, FrameProblem> => {
    count('refused')
    return failed(problem)
  }

  /** Answers an event that is sent again with the outcome of the first. */
  const repeat = async (first: Underway['outcome'] | Result<void, FrameProblem>): Underway['outcome'] => {
    const outcome = await first
    count(outcome.ok ? 'repeated' : 'failed')
    return outcome
  }

  return async (principal, frame) => {
    const startedMs = parts.clock()
    const allowed = check(principal, frame, accept.find(String(frame.event.attributes['type'])), parts)
    if (!allowed.ok) return refuse(allowed.error)
    const { event, rule } = allowed.value
    const [key, content] = [keyOfSend(event), contentOfSend(event)]
    const known = underway.get(key) ?? recent.find(key, startedMs)
    if (known !== null && known.content !== content) return refuse(idReused)
    if (known !== null && ('outcome' in known || known.isComplete)) return repeat('outcome' in known ? known.outcome : ok(undefined))
    // A send that is repeated takes nothing of the rate, and one that is refused for lack of room takes none either.
    if (!inFlight.enter(1)) return refuse(overloaded)
    const waitMs = rule.rateLimiter.take(principal.userId, 1, startedMs)
    if (waitMs > 0) {
      inFlight.leave(1)
      return refuse({ ...rateExceeded, retryAfterMs: waitMs })
    }
    const writing = write({ event, rule, isWritten: known !== null, key: principal.userId })
    const outcome = finish(writing, { event, rule, key, content, startedMs })
    underway.set(key, { content, outcome })
    return outcome
  }

  /** Waits for the brokers, and remembers what they have. Rejects only for a bug. */
  async function finish(writing: Promise<WriteOutcome>, send: Begun): Promise<Result<void, FrameProblem>> {
    const { event, rule, key, content, startedMs } = send
    try {
      const { isWritten, problem } = await writing
      if (isWritten) recent.remember(key, { content, isComplete: problem === null }, parts.clock())
      count(problem === null ? 'acknowledged' : 'failed')
      if (problem !== null) return failed(problem)
      parts.metrics.sendLatency.observe((parts.clock() - startedMs) / 1000)
      logAccepted(event, rule, parts)
      return ok(undefined)
    } finally {
      underway.delete(key)
      inFlight.leave(1)
    }
  }
}

interface Allowed {
  readonly event: CloudEvent
  readonly rule: ReadyRule
}

/** A send that is being written. */
interface Begun extends Allowed {
  readonly key: string
  readonly content: string
  readonly startedMs: number
}

/** Decides if the user may send the event. Pure. @param rule the first rule for events of its type */
function check(
  principal: Principal,
  { event: raw }: SentFrame,
  rule: ReadyRule | null,
  { channel, now }: Pick<UpstreamParts, 'channel' | 'now'>,
): Result<Allowed, FrameProblem> {
  if (rule === null) return failed(noRule)
  if (rule.roles !== null && !rule.roles.some((role) => principal.roles.includes(role))) return failed(noRole)
  const event = readSentEvent(raw, principal, { channel, rule, now: () => new Date(now()) })
  if (!event.ok) return event
  const mistake = rule.validate === null ? null : checkData(event.value, rule.validate)
  return mistake === null ? ok({ event: event.value, rule }) : failed({ type: 'invalid-event', detail: `${mistake}.` })
}

/** Checks the data. They are JSON of at most 64 KiB and 64 levels: the frame was parsed, and `checkEvent` has checked what came in base64. */
function checkData({ data, isBinary, datacontenttype }: CloudEvent, validate: NonNullable<ReadyRule['validate']>): string | null {
  if (data === null) return 'data: missing, and the rule for this type has a schema'
  if (isBinary || dataShape(datacontenttype) !== 'json') return 'data: must be JSON, because the rule for this type has a schema'
  return validate(JSON.parse(data.toString()))
}

/** Logs the event, so that one that no service got can be traced. Never logs its data, and names its user at debug only. */
function logAccepted(
  { id, source, attributes }: CloudEvent,
  { deliverTo }: ReadyRule,
  { isDevelopment, logger, topic }: UpstreamParts,
): void {
  const { type } = attributes
  if (isDevelopment) logger.info({ id, type, deliverTo, topic }, 'event of a client written')
  else logger.debug(() => ({ id, type, deliverTo, topic, source }), 'event of a client written')
}

const noRule: FrameProblem = {
  type: 'forbidden',
  detail: 'No rule of this channel accepts events of this type from browsers (UPSTREAM_ACCEPT). Send another type, or ask for a rule.',
}

const noRole: FrameProblem = {
  type: 'forbidden',
  detail: 'The token has none of the roles that may send events of this type (UPSTREAM_ACCEPT).',
}

const idReused: FrameProblem = {
  type: 'id-reused',
  detail: 'Another event of this user has this id. Give each event an id of its own, as crypto.randomUUID() makes it.',
}

const rateExceeded: FrameProblem = {
  type: 'too-many-requests',
  detail: 'The user has reached the rate of the rule for this type (ratePerUser). Send the event again after the pause.',
}

const overloaded: FrameProblem = {
  type: 'overloaded',
  detail: 'Too many events of clients wait for their acknowledgement (UPSTREAM_MAX_IN_FLIGHT). Send the event again after a pause.',
  retryAfterMs: 1_000,
}
