import type { Logger } from '../../program/log/logger.ts'
import type { Principal } from '../audience/principal.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Options } from '../config/options.ts'
import type { EventPublisher } from '../emit/event-publisher.ts'
import type { RateLimiter } from '../emit/rate-limiter.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { RecordSource } from '../replay/record-source.ts'
import { type ControlObserver, ControlReader } from './control-reader.ts'
import { ControlUpkeep } from './control-upkeep.ts'
import { createRevocationService, type RevocationService } from './revocation-service.ts'
import { Revocations } from './revocations.ts'
import { createRevokingAuthenticator } from './revoking-authenticator.ts'
import type { Subject } from './subject.ts'

/** The control topic of a channel. */
export interface ControlLog {
  readonly source: RecordSource
  readonly publisher: EventPublisher
}

/** The revocations of a pod, and all that reads and writes them. */
export interface Revocation {
  /** Refuses revoked tokens. */
  readonly authenticator: Authenticator
  readonly isRevoked: (principal: Principal) => boolean
  /** Returns a number that changes with each revocation. */
  readonly version: () => number
  /** null: the gateway has no control topic, so no token can be revoked. */
  readonly service: RevocationService | null
  /** Reads the control topic. Resolves when reading has begun. */
  start(): Promise<void>
  stop(options: { readonly deadlineMs: number }): Promise<void>
}

export interface RevocationParts {
  /** null: there is none. */
  readonly control: ControlLog | null
  readonly authenticator: Authenticator
  readonly options: Pick<Options, 'maxRevocations' | 'revocationKeepMs' | 'jwtClockToleranceMs' | 'kafkaProduceTimeoutMs'>
  /** Ends the sessions of subjects of which more tokens are revoked than before. */
  readonly revoked: (subjects: readonly Subject[]) => void
  readonly rateLimiter: Pick<RateLimiter, 'take'>
  readonly observer: ControlObserver
  readonly metrics: Metrics
  readonly logger: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/** Room of the table beyond what requests may fill: several pods may accept the last ones at once. */
const roomFactor = 2

/** Puts the parts together. Starts nothing. */
export function createRevocation(parts: RevocationParts): Revocation {
  const { control, options, metrics } = parts
  if (control === null) return withoutControl(parts)
  const revocations = new Revocations({ maxEntries: roomFactor * options.maxRevocations, now: parts.now })
  const reader = new ControlReader({ ...parts, revocations })
  const upkeep = new ControlUpkeep({
    ...parts,
    revocations,
    reader,
    publisher: control.publisher,
    timeoutMs: options.kafkaProduceTimeoutMs,
  })
  metrics.revocations.collect(() => revocations.size)
  metrics.revocationsLag.collect(() => reader.lag)
  return {
    authenticator: createRevokingAuthenticator({
      ...parts,
      revocations,
      hasRead: () => reader.hasRead,
      keepMs: options.revocationKeepMs,
      toleranceMs: options.jwtClockToleranceMs,
    }),
    isRevoked: (principal) => revocations.matches(principal),
    version: () => revocations.version,
    service: createRevocationService({
      ...parts,
      publisher: control.publisher,
      revocations,
      maxRevocations: options.maxRevocations,
      // A token is accepted for the tolerance after its end.
      keepMs: options.revocationKeepMs + options.jwtClockToleranceMs,
      timeoutMs: options.kafkaProduceTimeoutMs,
    }),
    start: async () => {
      await control.source.start(reader, { sinceMs: 0 })
      upkeep.start()
    },
    stop: async (deadline) => {
      upkeep.stop()
      await Promise.all([control.source.stop(), control.publisher.stop(deadline)])
    },
  }
}

function withoutControl({ authenticator, observer, metrics }: RevocationParts): Revocation {
  metrics.revocationsHealthy.set(1)
  return {
    authenticator,
    isRevoked: () => false,
    version: () => 0,
    service: null,
    start: () => Promise.resolve(observer.caughtUp()),
    stop: () => Promise.resolve(),
  }
}
