import type { Principal } from '../audience/principal.ts'
import type { Authenticator, AuthenticationFailure } from '../auth/authenticator.ts'
import { refuseOrigin } from '../auth/origin-refusal.ts'
import type { Channel, Resume } from './channel.ts'
import type { Metrics } from '../observability/metrics.ts'
import { fixedProblem, type Problem } from '../problem.ts'
import { type Cursor, decodeCursor, maxCursorPartitions } from '../replay/cursor.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { TokenBucket } from '../emit/token-bucket.ts'
import type { FoundToken, TokenPlaces } from '../auth/find-token.ts'
import type { Admission, Handshake, HandshakeRequest } from '../session/handshake.ts'
import type { CloseCode } from '../session/close-codes.ts'

/**
 * Decides which clients may connect. The cheap checks come first, so that a flood costs little: the origin, the readiness of this pod, the presence of
 * a token, the rate, the room, the form of the cursor; then the token. Readiness and room are checked again when the session is made, because they may
 * have changed.
 *
 * Only connections with a good token take from the rate `upgrades`. A request without a usable token takes from no rate, because judging it costs
 * little. A token that is not remembered takes from the rate `newcomers` before its signature is verified: forged tokens can use up this rate only.
 * A token that is refused before its signature is verified gives its place back.
 */
export function createAdmission(parts: AdmissionParts): Admission {
  const judge = createTokenJudge(parts)
  return {
    admit: async (request) => {
      const found = judgeRequest(request, parts)
      if (!found.ok) return refuse(found.error, parts)
      const remembered = parts.authenticator.remembers?.(found.value) ?? false
      const resume = judgeTurn(request, remembered ? parts.upgrades : parts.newcomers, parts)
      if (!resume.ok) return refuse(resume.error, parts)
      const principal = remembered ? await judge.remembered(found.value) : await judge.newcomer(found.value)
      if (!principal.ok) return refuse(principal.error, parts)
      const { userId } = principal.value
      const late = judgeRoom(userId, parts)
      if (late !== null) return refuse(late, parts)
      return {
        kind: 'admitted',
        open: (socket) => {
          const limit = parts.channel.limitFor(userId)
          const session = parts.channel.join(socket, principal.value, resume.value)
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
  /** Whether the refusal of a page names the setting with its origin. @default false */
  readonly isDevelopment?: boolean
  /** The rate of connections with a good token. */
  readonly upgrades: TokenBucket
  /** The rate of tokens that must be verified first. */
  readonly newcomers: TokenBucket
  /** Tokens that may be verified at a time: each may wait for the keys of the issuer. */
  readonly maxVerifications: number
  /** Returns why no client is admitted just now (not ready, draining); null when clients are admitted. */
  readonly notAccepting: () => 'not-ready' | 'draining' | null
  readonly metrics: Metrics
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface TokenJudge {
  /** Judges a token whose verification is remembered. */
  readonly remembered: (token: string) => Promise<Result<Principal, Refusal>>
  /** Verifies a token, and then takes its place in the rate of good tokens. */
  readonly newcomer: (token: string) => Promise<Result<Principal, Refusal>>
}

function createTokenJudge({ authenticator, upgrades, newcomers, maxVerifications, now }: AdmissionParts): TokenJudge {
  let verifications = 0
  const remembered = async (token: string): Promise<Result<Principal, Refusal>> => {
    const verified = await authenticator.authenticate(token)
    return verified.ok ? ok(verified.value.principal) : failed(authenticationRefusal(verified.error))
  }
  const newcomer = async (token: string): Promise<Result<Principal, Refusal>> => {
    const verified = await authenticator.authenticate(token)
    if (!verified.ok) {
      if (costsNothing.has(verified.error.kind)) newcomers.giveBack(1)
      return failed(authenticationRefusal(verified.error))
    }
    const waitMs = upgrades.take(1, now())
    return waitMs > 0 ? failed(tooFast(waitMs)) : ok(verified.value.principal)
  }
  return {
    remembered,
    newcomer: async (token) => {
      if (verifications >= maxVerifications) return failed(tooManyVerifications)
      verifications += 1
      try {
        return await newcomer(token)
      } finally {
        verifications -= 1
      }
    },
  }
}

/** Failures that are seen before a signature is verified. */
const costsNothing: ReadonlySet<AuthenticationFailure['kind']> = new Set(['malformed', 'too-large', 'algorithm'])

interface Refusal {
  readonly reason: Parameters<Metrics['handshakesRefused']['add']>[1]['reason']
  readonly problem: Problem
  readonly close: CloseCode | null
}

/** Checks what needs neither a rate nor the token's content. @returns the token */
function judgeRequest(request: HandshakeRequest, parts: AdmissionParts): Result<string, Refusal> {
  if (!parts.isOriginAllowed(request.origin)) return failed(foreignOrigin(request.origin, parts.isDevelopment ?? false))
  const notAccepting = parts.notAccepting()
  if (notAccepting !== null) return failed(closedHouse[notAccepting])
  const found = parts.findToken(request)
  if (found.kind === 'absent') return failed(withoutToken)
  return found.kind === 'unusable' ? failed(unauthenticated(found.detail)) : ok(found.token)
}

function judgeTurn(request: HandshakeRequest, rate: TokenBucket, parts: AdmissionParts): Result<Resume, Refusal> {
  const waitMs = rate.take(1, parts.now())
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
  // A topic with more partitions than cursors are made for still gives out cursors, and they count.
  const decoded = decodeCursor(text, Math.max(maxCursorPartitions, channel.log.positions.length))
  if (!decoded.ok) return decoded
  return channel.log.locate(decoded.value).kind === 'foreign'
    ? failed('The cursor is of another channel; connect with ?cursor=latest.')
    : decoded
}

const badCursor = (detail: string): Refusal => ({ reason: 'bad-cursor', problem: { type: 'bad-cursor', detail }, close: 'badCursor' })

/** Checks the limits of connections. @param userId null: the user is not known yet, so only the pod's limit counts */
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
  'not-ready': {
    reason: 'not-ready',
    problem: fixedProblem({
      type: 'not-ready',
      detail: 'This gateway is still reading the log, or has lost the broker. Try again soon.',
      retryAfterMs: 1000,
    }),
    close: 'notReady',
  },
  draining: {
    reason: 'draining',
    problem: fixedProblem({
      type: 'draining',
      detail: 'This gateway is stopping. Connect again; another one answers.',
      retryAfterMs: 1000,
    }),
    close: 'draining',
  },
} as const satisfies Record<string, Refusal>

const limits = {
  overloaded: {
    reason: 'overloaded',
    problem: fixedProblem({
      type: 'overloaded',
      detail: 'This gateway has as many connections as it may have (MAX_CONNECTIONS). Try again after a pause.',
      retryAfterMs: 5000,
    }),
    close: 'overloaded',
  },
  tooManyConnections: {
    reason: 'too-many-connections',
    problem: fixedProblem({
      type: 'too-many-connections',
      detail: 'This user has as many connections as one user may have (MAX_CONNECTIONS_PER_USER). Close one first.',
      retryAfterMs: 5000,
    }),
    close: 'tooManyConnections',
  },
} as const satisfies Record<string, Refusal>

const tooFast = (waitMs: number): Refusal => ({
  reason: 'too-many-upgrades',
  problem: {
    type: 'too-many-requests',
    detail: 'Connections are opened faster than this gateway takes them (UPGRADE_RATE_PER_S). Come back after a pause.',
    retryAfterMs: waitMs,
  },
  close: 'tooManyUpgrades',
})

const tooManyVerifications: Refusal = {
  reason: 'overloaded',
  problem: fixedProblem({
    type: 'overloaded',
    detail: 'More tokens are being verified than this gateway can verify just now (UPGRADE_BURST). Try again after a pause.',
    retryAfterMs: 5000,
  }),
  close: 'overloaded',
}

const withoutToken: Refusal = {
  reason: 'unauthenticated',
  problem: fixedProblem({
    type: 'unauthenticated',
    detail: 'There is no token. Send it in the cookie, as `Authorization: Bearer`, or as subprotocol `bearer.<token>`.',
  }),
  close: 'unauthenticated',
}

const unauthenticated = (detail: string): Refusal => ({
  reason: 'unauthenticated',
  problem: { type: 'unauthenticated', detail },
  close: 'unauthenticated',
})

function authenticationRefusal(failure: AuthenticationFailure): Refusal {
  if (failure.kind === 'keys-unavailable')
    return {
      reason: 'keys-unavailable',
      problem: { type: 'keys-unavailable', detail: failure.detail, retryAfterMs: 5000 },
      close: 'keysUnavailable',
    }
  return { ...unauthenticated(failure.detail), close: failure.kind === 'expired' ? 'tokenExpired' : 'unauthenticated' }
}
