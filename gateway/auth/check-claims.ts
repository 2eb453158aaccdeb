import type { AuthenticationFailure } from './authenticator.ts'
import { claimAt, type Claims } from './claim-at.ts'

export interface ClaimRules {
  /** The only trusted `iss`; null: any. */
  readonly issuer: string | null
  /** Audiences, one of which `aud` must name; empty: `aud` is not checked. */
  readonly audiences: readonly string[]
  /** Path of the claim that must name an audience in a token without `aud`; empty: such a token is refused. */
  readonly audienceClaim: string
  /** Largest difference between the issuer's clock and the gateway's, in milliseconds. */
  readonly clockToleranceMs: number
  /** True: a token without `exp` is refused. */
  readonly requiresExpiry: boolean
}

/** Checks the registered claims of a token with a valid signature (RFC 7519 section 4.1). Null: they allow its use now. */
export function checkClaims(claims: Claims, rules: ClaimRules, nowMs: number): AuthenticationFailure | null {
  return checkParties(claims, rules) ?? checkTimes(claims, rules, nowMs)
}

function checkParties(claims: Claims, { issuer, audiences, audienceClaim }: ClaimRules): AuthenticationFailure | null {
  if (issuer !== null && claims['iss'] !== issuer) {
    return { kind: 'wrong-issuer', detail: 'The token is not of the configured issuer (JWT_ISSUER).' }
  }
  if (audiences.length === 0) return null
  // `aud` alone decides if it is present: the client that requested a token does not show for which service the token is.
  const isAddressed = Object.hasOwn(claims, 'aud') || audienceClaim === ''
  const named = isAddressed ? claims['aud'] : claimAt(claims, audienceClaim)
  const names: readonly unknown[] = Array.isArray(named) ? named : [named]
  if (audiences.some((audience) => names.includes(audience))) return null
  return isAddressed ? wrongAudience(claims['aud'] === undefined) : wrongClient(audienceClaim)
}

const wrongAudience = (isAbsent: boolean): AuthenticationFailure => ({
  kind: 'wrong-audience',
  detail: isAbsent
    ? 'The token has no `aud`. Have the issuer add one of the configured audiences (JWT_AUDIENCE), or set JWT_AUDIENCE_CLAIM.'
    : 'The token is not for this gateway: `aud` has none of the configured audiences (JWT_AUDIENCE).',
})

const wrongClient = (audienceClaim: string): AuthenticationFailure => ({
  kind: 'wrong-audience',
  detail: `The token has no \`aud\`, and \`${audienceClaim}\` has none of the configured audiences (JWT_AUDIENCE, JWT_AUDIENCE_CLAIM).`,
})

function checkTimes({ exp, nbf, iat }: Claims, rules: ClaimRules, nowMs: number): AuthenticationFailure | null {
  if (![exp, nbf, iat].every(isTimeOrAbsent)) {
    return { kind: 'malformed', detail: 'The claims `exp`, `nbf` and `iat` must be numbers: seconds since 1970.' }
  }
  if (exp === undefined && rules.requiresExpiry) {
    return { kind: 'missing-claim', detail: 'The claim `exp` is missing. Tokens must expire.' }
  }
  if (isBefore(exp, nowMs - rules.clockToleranceMs)) return { kind: 'expired', detail: 'The token has expired. Get a new token.' }
  if (isAfter(nbf, nowMs + rules.clockToleranceMs)) {
    return { kind: 'not-yet-valid', detail: `The token is not valid yet (\`nbf\`). ${remedyFor(nbf)}` }
  }
  if (isAfter(iat, nowMs + rules.clockToleranceMs)) {
    return { kind: 'not-yet-valid', detail: `The token was issued in the future (\`iat\`). ${remedyFor(iat)}` }
  }
  return null
}

const remedyFor = (time: unknown): string =>
  isInMilliseconds(time)
    ? 'The time is in milliseconds. It must be in seconds since 1970.'
    : 'Check the clocks of its issuer and of the gateway.'

/** Returns true for a time that can only be in milliseconds, or in a smaller unit: in seconds it lies beyond the year 5000. */
export function isInMilliseconds(time: unknown): boolean {
  return typeof time === 'number' && time >= 1e11
}

function isTimeOrAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && Number.isFinite(value))
}

/** Returns true if a time has come. A token ends at `exp`, not after it. */
function isBefore(seconds: unknown, ms: number): boolean {
  return typeof seconds === 'number' && seconds * 1000 <= ms
}

function isAfter(seconds: unknown, ms: number): boolean {
  return typeof seconds === 'number' && seconds * 1000 > ms
}
