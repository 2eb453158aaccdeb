import type { Logger } from '../../program/log/logger.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Emitter } from '../emit/authorize-emit.ts'
import type { EventPublisher, PublishFailure } from '../emit/event-publisher.ts'
import { InFlight } from '../emit/in-flight.ts'
import type { RateLimiter } from '../emit/rate-limiter.ts'
import type { Problem } from '../request/problem.ts'
import { encodeControlRecord } from './control-record.ts'
import { maxSubjects, type RevocationRequest } from './parse-revocation.ts'
import { join, type Revocation, type Revocations } from './revocations.ts'
import { type Subject, subjectKey } from './subject.ts'

/** A revocation in the control topic, as it was written. */
export interface WrittenRevocation extends Revocation {
  readonly subject: Subject
}

/** Writes revocations into the control topic. */
export interface RevocationService {
  /**
   * Resolves with ok after the brokers have acknowledged all records, and this pod has applied them. With any other result, some may be in the topic.
   * Sending the request again is safe. Rejects only for a bug.
   */
  revoke(request: RevocationRequest, context: RevocationContext): Promise<Result<readonly WrittenRevocation[], Problem>>
}

export interface RevocationContext {
  readonly by: Emitter
  /** The id of the request in log lines. */
  readonly requestId: string
}

export interface RevocationServiceParts {
  readonly publisher: Pick<EventPublisher, 'publish'>
  readonly revocations: Revocations
  /** Takes subjects of which more tokens are revoked than before. */
  readonly revoked: (subjects: readonly Subject[]) => void
  readonly rateLimiter: Pick<RateLimiter, 'take'>
  /** Most subjects that the channel may have. */
  readonly maxRevocations: number
  /** Time for which a revocation is kept, in milliseconds. */
  readonly keepMs: number
  /** Longest wait of a request for its acknowledgement, in milliseconds. */
  readonly timeoutMs: number
  readonly logger: Pick<Logger, 'info' | 'debug'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
}

/** Most subjects that wait for their acknowledgement. */
export const maxSubjectsInFlight = 4 * maxSubjects

export function createRevocationService(parts: RevocationServiceParts): RevocationService {
  const inFlight = new InFlight(maxSubjectsInFlight)
  return {
    revoke: async (request, context) => {
      const { subjects } = request
      if (!inFlight.enter(subjects.length)) return failed(overloaded)
      try {
        const waitMs = parts.rateLimiter.take(context.by.subject, subjects.length, parts.clock())
        if (waitMs > 0) return failed(rateExceeded(waitMs))
        if (!hasRoom(subjects, inFlight.count, parts)) return failed(tooMany)
        return await write(request, context, parts)
      } finally {
        inFlight.leave(subjects.length)
      }
    },
  }
}

/** @param waiting count of subjects on their way to the topic, these included */
function hasRoom(subjects: readonly Subject[], waiting: number, { revocations, maxRevocations }: RevocationServiceParts): boolean {
  const known = subjects.filter((subject) => revocations.get(subject) !== null).length
  return revocations.size + waiting - known <= maxRevocations || known === subjects.length
}

async function write(
  { subjects, issuedBeforeMs }: RevocationRequest,
  { by, requestId }: RevocationContext,
  { publisher, revocations, revoked, keepMs, timeoutMs, logger, now }: RevocationServiceParts,
): Promise<Result<readonly WrittenRevocation[], Problem>> {
  const asked: Revocation = { issuedBeforeMs, untilMs: Math.max(issuedBeforeMs, now()) + keepMs }
  const written = subjects.map((subject): WrittenRevocation => ({ subject, ...join(revocations.get(subject) ?? asked, asked) }))
  const published = await publisher.publish(
    written.map(({ subject, ...revocation }) => encodeControlRecord(subject, revocation)),
    { timeoutMs },
  )
  if (!published.ok) return failed(problemOf(published.error))
  const stronger = written.filter(({ subject, ...revocation }) => revocations.add(subject, revocation) === 'stronger')
  revoked(stronger.map(({ subject }) => subject))
  logger.info({ requestId, kind: by.kind, revoked: subjects[0]?.kind, subjects: subjects.length }, 'tokens revoked')
  logger.debug(() => ({ requestId, by: by.subject, subjects: subjects.slice(0, maxLogged).map(subjectKey) }), 'tokens revoked')
  return ok(written)
}

/** Most subjects in a log line. */
const maxLogged = 100

/** Time that a caller should wait for a broker that does not answer, in milliseconds. */
const brokerPauseMs = 2_000

function problemOf(failure: PublishFailure): Problem {
  if (failure.kind === 'refused' || failure.kind === 'too-large')
    return {
      type: 'refused-by-log',
      detail: 'The brokers refused the revocation. Ask the administrator of the gateway whether it may write to KAFKA_CONTROL_TOPIC.',
    }
  return {
    type: 'not-acknowledged',
    detail: 'The brokers have not acknowledged the revocation, which may be in force or not. Send it again.',
    retryAfterMs: brokerPauseMs,
  }
}

const overloaded: Problem = {
  type: 'overloaded',
  detail: `More than ${maxSubjectsInFlight} revocations wait for their acknowledgement. Send these again after a pause.`,
  retryAfterMs: 1_000,
}

const tooMany: Problem = {
  type: 'too-many-revocations',
  detail:
    'The channel has as many revocations as it may have (MAX_REVOCATIONS). Revoke an organization in place of its users, or raise the limit.',
}

function rateExceeded(waitMs: number): Problem {
  if (waitMs === Infinity)
    return {
      type: 'batch-too-large',
      detail: 'The request has more names than a caller may send at once (EMIT_BURST). Send them in parts.',
    }
  return {
    type: 'too-many-requests',
    detail: 'The caller has reached its rate limit (EMIT_RATE_PER_S). Send the revocations again after the pause.',
    retryAfterMs: waitMs,
  }
}
