import type { AuthenticationFailure } from './authenticator.ts'
import type { Claims } from './principal-from-claims.ts'

export interface ClaimRules {
  /** The only `iss` that is believed; null: any. */
  readonly issuer: string | null
  /** `aud` must name one of these; empty: any, or none. */
  readonly audiences: readonly string[]
  /** How far the issuer's clock and ours may be apart. */
  readonly clockToleranceMs: number
  /** Whether a token without `exp` is refused. */
  readonly requiresExpiry: boolean
}

/** Whether the registered claims of a token whose signature is good allow its use now (RFC 7519 section 4.1). Null: they do. */
export function judgeClaims(claims: Claims, rules: ClaimRules, nowMs: number): AuthenticationFailure | null {
  return judgeParties(claims, rules) ?? judgeTimes(claims, rules, nowMs)
}

function judgeParties({ iss, aud }: Claims, { issuer, audiences }: ClaimRules): AuthenticationFailure | null {
  if (issuer !== null && iss !== issuer) {
    return { kind: 'wrong-issuer', detail: 'The token is not of the issuer that is configured (JWT_ISSUER).' }
  }
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.length > 0 && !audiences.some((audience) => named.includes(audience))) {
    return {
      kind: 'wrong-audience',
      detail: 'The token is not for this gateway: `aud` names none of the audiences that are configured (JWT_AUDIENCE).',
    }
  }
  return null
}

function judgeTimes({ exp, nbf, iat }: Claims, rules: ClaimRules, nowMs: number): AuthenticationFailure | null {
  if (![exp, nbf, iat].every(isTimeOrAbsent)) {
    return { kind: 'malformed', detail: 'The claims `exp`, `nbf` and `iat` must be numbers: seconds since 1970.' }
  }
  if (exp === undefined && rules.requiresExpiry) {
    return { kind: 'missing-claim', detail: 'The claim `exp` is missing; tokens that never expire are not accepted.' }
  }
  if (isBefore(exp, nowMs - rules.clockToleranceMs)) return { kind: 'expired', detail: 'The token has expired; get a new one.' }
  if (isAfter(nbf, nowMs + rules.clockToleranceMs)) {
    return { kind: 'not-yet-valid', detail: 'The token is not valid yet (`nbf`); check the clocks of its issuer and of the gateway.' }
  }
  if (isAfter(iat, nowMs + rules.clockToleranceMs)) {
    return {
      kind: 'not-yet-valid',
      detail: 'The token was issued in the future (`iat`); check the clocks of its issuer and of the gateway.',
    }
  }
  return null
}

function isTimeOrAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}

/** A token ends at `exp`, not after it. */
function isBefore(seconds: unknown, ms: number): boolean {
  return typeof seconds === 'number' && seconds * 1000 <= ms
}

function isAfter(seconds: unknown, ms: number): boolean {
  return typeof seconds === 'number' && seconds * 1000 > ms
}
