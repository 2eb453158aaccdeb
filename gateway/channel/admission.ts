import type { Authenticator, AuthenticationFailure, VerifiedToken } from '../auth/authenticator.ts'
import { findToken, type FoundToken } from '../auth/find-token.ts'
import { refuseOrigin } from '../auth/origin-refusal.ts'
import { TokenBucket, type TokenBucketLimits } from '../emit/token-bucket.ts'
import { type FilterBounds, filtersAreOff, parseFilters } from '../filter/dialects.ts'
import type { Filter } from '../filter/filter.ts'
import type { FilterLimit } from '../filter/intern.ts'
import type { Metrics } from '../observability/metrics.ts'
import { type Cursor, decodeCursor, maxCursorPartitions } from '../replay/cursor.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Admission, Admitted, HandshakeRequest, Resume } from '../session/handshake.ts'
import { countRefusal, type Refusal, type RefusalName, refusal, refusalBecause, refusalWith } from '../session/refusals.ts'
import type { Channel } from './channel.ts'

/**
 * The handshake in nine steps. Cheap checks come first, so that a flood costs little.
 *
 * 1. The transport reads the request (`ws/upgrade-request.ts`, `http/stream-route.ts`). A WebSocket request has a deadline from here on.
 * 2. The origin must be allowed.
 * 3. The pod must accept clients: it is ready and not draining.
 * 4. The request must have a text that can be a token.
 * 5. The rate must allow one more: `upgrades` for a token that is remembered or has a good ticket, `newcomers` for any other.
 * 6. The pod must have room.
 * 7. The cursor must be one of this channel, and the filters must be well-formed and fit the limits.
 * 8. The token must be good, and its user must have room. A newcomer takes from `upgrades` now.
 * 9. The transport accepts, and `Channel.join` makes the session. It repeats steps 3, 6, 7 and 8 without the token, and finds the cursor's place.
 *
 * Two rates, because forged tokens must not use up the rate of good ones. A token whose signature must be verified takes from `newcomers` before
 * that. It gets its place back if it is refused before that. A request that fails a step before 5 costs little and
 * takes from no rate.
 */
export function createAdmission(parts: AdmissionParts): Admission {
  const tokens = createTokenChecks(parts)
  const decide = async (request: HandshakeRequest): Promise<Result<Omit<Admitted, 'kind'>, Refusal>> => {
    const found = checkRequest(request, parts)
    if (!found.ok) return found
    const { rate, verify } = tokens(found.value, request.ticket)
    const waitMs = rate.take(1, parts.now())
    if (waitMs > 0) return failed(refusalWith('tooManyUpgrades', { retryAfterMs: waitMs }))
    const resume = checkPlace(request, parts.channel)
    if (!resume.ok) return resume
    const filter = readFilter(request, parts)
    if (!filter.ok) return filter
    const verified = await verify()
    if (!verified.ok) return verified
    const { principal, ticket = null } = verified.value
    const limit = parts.channel.limitFor(principal.userId) ?? filterLimit(filter.value, principal.userId, parts.channel)
    return limit === null
      ? ok({ principal, resume: resume.value, cursors: request.cursors, filter: filter.value, ticket })
      : failed(refusal(limit))
  }
  return {
    admit: async (request) => {
      const decided = await decide(request)
      if (decided.ok) return { kind: 'admitted', ...decided.value }
      countRefusal(decided.error, parts.metrics)
      return decided.error
    },
  }
}

export interface AdmissionParts {
  readonly channel: Pick<Channel, 'closedBecause' | 'limitFor' | 'log' | 'filters'>
  readonly authenticator: Authenticator
  readonly cookieName: string
  readonly isOriginAllowed: (origin: string | null) => boolean
  /** Adds the setting that would allow the origin to its refusal. @default false */
  readonly isDevelopment?: boolean
  /** The rate of `upgrades` and of `newcomers`, each on its own. */
  readonly rate: TokenBucketLimits
  /** Most tokens verified at a time. Each may wait for the keys of the issuer. */
  readonly maxVerifications: number
  /** Bounds of the filters of one session, and of the distinct filters of all. 0 of these: no session may have filters. */
  readonly filters: FilterBounds & { readonly maxDistinct: number }
  readonly metrics: Pick<Metrics, 'handshakesRefused'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Steps 2 to 4. @returns the text that stands in the place of a token */
function checkRequest(request: HandshakeRequest, parts: AdmissionParts): Result<string, Refusal> {
  const { isOriginAllowed, isDevelopment = false, channel, cookieName } = parts
  if (!isOriginAllowed(request.origin)) return failed(refusalBecause('foreignOrigin', refuseOrigin(request.origin, { isDevelopment })))
  const closed = channel.closedBecause()
  if (closed !== null) return failed(refusal(closed))
  return checkPresence(findToken(request, { cookieName }))
}

function checkPresence(found: FoundToken): Result<string, Refusal> {
  if (found.kind === 'absent') return failed(refusal('noToken'))
  return found.kind === 'unusable' ? failed(refusalWith('unauthenticated', { detail: found.detail })) : ok(found.token)
}

/** Steps 6 and 7. The user is not known yet, so only the limit of the pod counts. */
function checkPlace(request: HandshakeRequest, channel: AdmissionParts['channel']): Result<Resume, Refusal> {
  const limit = channel.limitFor('')
  return limit === null ? readResume(request, channel) : failed(refusal(limit))
}

function readResume({ cursor, cursorFrom }: HandshakeRequest, channel: Pick<Channel, 'log'>): Result<Resume, Refusal> {
  if (cursor === null) return ok({ kind: 'plain' })
  if (cursor === 'latest' || cursor === '') return ok({ kind: 'latest' })
  if (cursor === 'earliest') return ok({ kind: 'earliest' })
  const usable = readCursor(cursor, channel)
  if (usable.ok) return ok({ kind: 'cursor', cursor: usable.value })
  return cursorFrom === 'last-event-id' ? ok({ kind: 'unusable' }) : failed(refusalWith('badCursor', { detail: usable.error }))
}

function readCursor(text: string, { log }: Pick<Channel, 'log'>): Result<Cursor, string> {
  // The channel gives out cursors for a topic with more partitions than the limit, too, and takes them back.
  const decoded = decodeCursor(text, Math.max(maxCursorPartitions, log.positions.length))
  if (!decoded.ok) return decoded
  return log.locate(decoded.value).kind === 'foreign' ? failed('The cursor is of another channel. Connect with ?cursor=latest.') : decoded
}

/** The other half of step 7. */
function readFilter(
  { filters: [text, another] }: HandshakeRequest,
  { channel, filters: bounds }: AdmissionParts,
): Result<Filter | null, Refusal> {
  if (text === undefined) return ok(null)
  if (another !== undefined)
    return failed(refusalWith('badFilters', { detail: 'filters: the query has more than one. Put all filters into one array.' }))
  if (bounds.maxDistinct === 0) return failed(refusalWith('badFilters', { detail: filtersAreOff }))
  const parsed = parseFilters(text, bounds)
  if (!parsed.ok) return failed(refusalWith('badFilters', { detail: parsed.error }))
  const limit = filterLimit(parsed.value, null, channel)
  return limit === null ? parsed : failed(refusal(limit))
}

/** @param userId null: not known yet, so only the limit of the pod counts */
function filterLimit(filter: Filter | null, userId: string | null, { filters }: Pick<Channel, 'filters'>): FilterLimit | null {
  return filter === null ? null : filters.limitFor(filter, userId)
}

interface TokenCheck {
  /** The rate that a connection with this token takes from. */
  readonly rate: TokenBucket
  /** Verifies the token (step 8). A newcomer then takes from the rate of good tokens. */
  readonly verify: () => Promise<Result<VerifiedToken, Refusal>> | Result<VerifiedToken, Refusal>
}

function createTokenChecks({
  authenticator,
  rate,
  maxVerifications,
  now,
}: AdmissionParts): (token: string, ticket: string | null) => TokenCheck {
  const upgrades = new TokenBucket({ ...rate, now: now() })
  const newcomers = new TokenBucket({ ...rate, now: now() })
  let verifications = 0
  const verifyNewcomer = async (token: string): Promise<Result<VerifiedToken, Refusal>> => {
    const verified = await authenticator.authenticate(token)
    if (!verified.ok) {
      if (failuresBeforeSignature.has(verified.error.kind)) newcomers.giveBack(1)
      return failed(authenticationRefusal(verified.error))
    }
    const waitMs = upgrades.take(1, now())
    return waitMs > 0 ? failed(refusalWith('tooManyUpgrades', { retryAfterMs: waitMs })) : verified
  }
  const verifyBounded = async (token: string): Promise<Result<VerifiedToken, Refusal>> => {
    if (verifications >= maxVerifications) return failed(refusal('tooManyVerifications'))
    verifications += 1
    try {
      return await verifyNewcomer(token)
    } finally {
      verifications -= 1
    }
  }
  return (token, ticket) => {
    const recalled = authenticator.recall?.(token, ticket) ?? null
    return recalled === null ? { rate: newcomers, verify: () => verifyBounded(token) } : { rate: upgrades, verify: () => ok(recalled) }
  }
}

/** Failures that are found before a signature is verified. */
const failuresBeforeSignature: ReadonlySet<AuthenticationFailure['kind']> = new Set(['malformed', 'too-large', 'algorithm'])

function authenticationRefusal({ kind, detail }: AuthenticationFailure): Refusal {
  return refusalWith(refusalOfKind[kind] ?? 'unauthenticated', { detail })
}

/** Failures that have a refusal of their own. */
const refusalOfKind: Partial<Record<AuthenticationFailure['kind'], RefusalName>> = {
  'keys-unavailable': 'keysUnavailable',
  'not-ready': 'notReady',
  expired: 'tokenExpired',
  revoked: 'revoked',
}
