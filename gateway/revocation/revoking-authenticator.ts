import type { AuthenticationFailure, Authenticator, VerifiedToken } from '../auth/authenticator.ts'
import type { Metrics } from '../observability/metrics.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Revocations } from './revocations.ts'

export interface RevokingAuthenticatorParts {
  readonly authenticator: Authenticator
  readonly revocations: Pick<Revocations, 'matches'>
  /** Returns true once all revocations have been read that there were at the start. */
  readonly hasRead: () => boolean
  /** Time for which a revocation is kept, in milliseconds. */
  readonly keepMs: number
  /** Difference of clocks that is tolerated, in milliseconds. */
  readonly toleranceMs: number
  readonly metrics: Pick<Metrics, 'revokedTokensRefused'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Refuses revoked tokens, for all that tokens are used for: this is the one place where a token is checked against the revocations. They are asked
 * after the token was verified, because a revocation may have arrived in between.
 *
 * A gateway that starts accepts no token before it has read the revocations. Handshakes are refused until then because it is not ready; emits and
 * frames over HTTP reach it as well.
 *
 * A revocation is forgotten after `keepMs`. So a token is accepted only for as long after its issue, whatever its `exp` is. Otherwise a revoked
 * token with a long life would be accepted again.
 */
export function createRevokingAuthenticator(parts: RevokingAuthenticatorParts): Authenticator {
  const { authenticator, metrics } = parts
  return {
    authenticate: async (token) => {
      const verified = await authenticator.authenticate(token)
      if (!verified.ok) return verified
      const checked = checkRevoked(verified.value, parts)
      if (checked.ok || checked.error.kind !== 'revoked') return checked
      metrics.revokedTokensRefused.add(1)
      return checked
    },
    // A revoked token is not recalled. So a client that insists takes from the rate of unknown tokens.
    recall: (token, ticket) => {
      const verified = authenticator.recall?.(token, ticket) ?? null
      const checked = verified === null ? null : checkRevoked(verified, parts)
      return checked?.ok === true ? checked.value : null
    },
  }
}

function checkRevoked(
  verified: VerifiedToken,
  { revocations, hasRead, keepMs, toleranceMs, now }: RevokingAuthenticatorParts,
): Result<VerifiedToken, AuthenticationFailure> {
  const { principal } = verified
  if (revocations.matches(principal)) return failed(revoked)
  if (!hasRead()) return failed(unread)
  if (principal.issuedAtMs === null) return ok(verified)
  const endsAtMs = principal.issuedAtMs + keepMs
  if (endsAtMs + toleranceMs <= now()) return failed(tooOld)
  if (principal.expiresAtMs !== null && principal.expiresAtMs <= endsAtMs) return ok(verified)
  return ok({ ...verified, principal: { ...principal, expiresAtMs: endsAtMs } })
}

const revoked: AuthenticationFailure = { kind: 'revoked', detail: 'The token was revoked. Get a new token.' }
const unread: AuthenticationFailure = {
  kind: 'not-ready',
  detail: 'The gateway is starting and has not read the revocations yet, so it accepts no token. Try again soon.',
}
const tooOld: AuthenticationFailure = {
  kind: 'expired',
  detail: 'The token was issued too long ago (REVOCATION_KEEP_MS). Get a new token.',
}
