import type { Authenticator, AuthenticationFailure } from '../auth/authenticator.ts'
import { refuseOrigin } from '../auth/origin-refusal.ts'
import type { Channel, Resume } from './channel.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Problem } from '../problem.ts'
import { type Cursor, decodeCursor } from '../replay/cursor.ts'
import { failed, ok, type Result } from '../result.ts'
import type { TokenBucket } from '../emit/token-bucket.ts'
import type { FoundToken, TokenPlaces } from '../auth/find-token.ts'
import type { Admission, Handshake, HandshakeRequest } from '../session/admission.ts'
import type { CloseCode } from '../session/close-codes.ts'

/**
 * Decides who may connect. The cheap questions come first, so that a flood costs little: may this page ask, does this pod take
 * anybody, is it not too fast, is there room, is the cursor one at all; then the token. What could have changed meanwhile is asked again when the session is made.
 */
export function createAdmission(parts: AdmissionParts): Admission {
  return {
    admit: async (request) => {
      const cheap = judgeRequest(request, parts)
      if (!cheap.ok) return refuse(cheap.error, parts)
      const found = parts.findToken(request)
      if (found.kind === 'absent') return refuse(unauthenticated('There is no token. Send it in the cookie, as `Authorization: Bearer`, or as subprotocol `bearer.<token>`.'), parts)
      if (found.kind === 'unusable') return refuse(unauthenticated(found.detail), parts)
      const verified = await parts.authenticator.authenticate(found.token)
      if (!verified.ok) return refuse(authenticationRefusal(verified.error), parts)
      const { principal } = verified.value
      const late = judgeRoom(principal.userId, parts)
      if (late !== null) return refuse(late, parts)
      return {
        kind: 'admitted',
        open: (socket) => {
          const limit = parts.channel.limitFor(principal.userId)
          const session = parts.channel.join(socket, principal, cheap.value)
          const notAccepting = parts.notAccepting()
          if (notAccepting !== null) session.close(closedHouse[notAccepting].close)
          else if (limit !== null) session.close(limit)
        },
      }
    },
  }
}

export interface AdmissionParts {
  readonly channel: Channel
  readonly authenticator: Authenticator
  readonly findToken: (places: TokenPlaces) => FoundToken
  readonly isOriginAllowed: (origin: string | null) => boolean
  /** Whether a refused page is told the setting with its own origin. @default false */
  readonly isDevelopment?: boolean
  readonly upgrades: TokenBucket
  /** Why nobody is admitted just now (not ready, draining); null when all is well. */
  readonly notAccepting: () => 'not-ready' | 'draining' | null
  readonly metrics: Metrics
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface Refusal {
  readonly reason: Parameters<Metrics['handshakesRefused']['add']>[1]['reason']
  readonly problem: Problem
  readonly close: CloseCode | null
}

function judgeRequest(request: HandshakeRequest, parts: AdmissionParts): Result<Resume, Refusal> {
  if (!parts.isOriginAllowed(request.origin)) return failed(foreignOrigin(request.origin, parts.isDevelopment ?? false))
  const notAccepting = parts.notAccepting()
  if (notAccepting !== null) return failed(closedHouse[notAccepting])
  const waitMs = parts.upgrades.take(1, parts.now())
  if (waitMs > 0) return failed(tooFast(waitMs))
  const room = judgeRoom(null, parts)
  if (room !== null) return failed(room)
  return parseResume(request, parts.channel)
}

function parseResume({ cursor, cursorFrom }: HandshakeRequest, channel: Channel): Result<Resume, Refusal> {
  if (cursor === null) return ok({ kind: 'plain' })
  if (cursor === 'latest' || cursor === '') return ok({ kind: 'latest' })
  const usable = judgeCursor(cursor, channel)
  if (usable.ok) return ok({ kind: 'cursor', cursor: usable.value })
  return cursorFrom === 'last-event-id' ? ok({ kind: 'unusable' }) : failed(badCursor(usable.error))
}

function judgeCursor(text: string, channel: Channel): Result<Cursor, string> {
  const decoded = decodeCursor(text)
  if (!decoded.ok) return decoded
  return channel.log.locate(decoded.value).kind === 'foreign' ? failed('The cursor is of another channel; connect with ?cursor=latest.') : decoded
}

const badCursor = (detail: string): Refusal => ({ reason: 'bad-cursor', problem: { type: 'bad-cursor', detail }, close: 'badCursor' })

/** @param userId null: before anybody is known, only the pod's limit counts */
function judgeRoom(userId: string | null, parts: AdmissionParts): Refusal | null {
  const limit = parts.channel.limitFor(userId ?? '')
  return limit === null ? null : limits[limit]
}

function refuse(refusal: Refusal, parts: AdmissionParts): Handshake {
  parts.metrics.handshakesRefused.add(1, { reason: refusal.reason })
  return { kind: 'refused', problem: refusal.problem, close: refusal.close }
}

const foreignOrigin = (origin: string | null, isDevelopment: boolean): Refusal => ({
  reason: 'origin',
  problem: refuseOrigin(origin, { isDevelopment }),
  close: null,
})

const closedHouse = {
  'not-ready': { reason: 'not-ready', problem: { type: 'not-ready', detail: 'This gateway is still reading the log, or has lost the broker. Try again soon.', retryAfterMs: 1000 }, close: 'notReady' },
  draining: { reason: 'draining', problem: { type: 'draining', detail: 'This gateway is stopping. Connect again; another one answers.', retryAfterMs: 1000 }, close: 'draining' },
} as const satisfies Record<string, Refusal>

const limits = {
  overloaded: { reason: 'overloaded', problem: { type: 'overloaded', detail: 'This gateway has as many connections as it may have (MAX_CONNECTIONS).', retryAfterMs: 5000 }, close: 'overloaded' },
  tooManyConnections: { reason: 'too-many-connections', problem: { type: 'too-many-connections', detail: 'This user has as many connections as one user may have (MAX_CONNECTIONS_PER_USER). Close one first.', retryAfterMs: 5000 }, close: 'tooManyConnections' },
} as const satisfies Record<string, Refusal>

const tooFast = (waitMs: number): Refusal => ({
  reason: 'too-many-upgrades',
  problem: { type: 'too-many-requests', detail: 'Connections are opened faster than this gateway takes them (UPGRADE_RATE_PER_S). Come back after a pause.', retryAfterMs: waitMs },
  close: 'tooManyUpgrades',
})

const unauthenticated = (detail: string): Refusal => ({ reason: 'unauthenticated', problem: { type: 'unauthenticated', detail }, close: 'unauthenticated' })

function authenticationRefusal(failure: AuthenticationFailure): Refusal {
  if (failure.kind === 'keys-unavailable') return { reason: 'keys-unavailable', problem: { type: 'keys-unavailable', detail: failure.detail, retryAfterMs: 5000 }, close: 'keysUnavailable' }
  return { ...unauthenticated(failure.detail), close: failure.kind === 'expired' ? 'tokenExpired' : 'unauthenticated' }
}
