import type { AuthenticationFailure } from './authenticator.ts'
import { claimAt, type Claims } from './claim-at.ts'

export interface ClaimRules {
  /** The only `iss` that is believed; null: any. */
  readonly issuer: string | null
  /** `aud` must name one of these; empty: any, or none. */
  readonly audiences: readonly string[]
  /** Path of the claim that must name one of them in a token without `aud`; empty: such a token is refused. */
  readonly audienceClaim: string
  /** How far the issuer's clock and ours may be apart. */
  readonly clockToleranceMs: number
  /** Whether a token without `exp` is refused. */
  readonly requiresExpiry: boolean
}

/** Whether the registered claims of a token whose signature is good allow its use now (RFC 7519 section 4.1). Null: they do. */
export function judgeClaims(claims: Claims, rules: ClaimRules, nowMs: number): AuthenticationFailure | null {
  return judgeParties(claims, rules) ?? judgeTimes(claims, rules, nowMs)
}

function judgeParties(claims: Claims, { issuer, audiences, audienceClaim }: ClaimRules): AuthenticationFailure | null {
  if (issuer !== null && claims['iss'] !== issuer) {
    return { kind: 'wrong-issuer', detail: 'The token is not of the issuer that is configured (JWT_ISSUER).' }
  }
  if (audiences.length === 0) return null
  // A token with `aud` is judged by `aud` alone: the client that asked for a token does not tell for which service the token is.
  const isAddressed = Object.hasOwn(claims, 'aud') || audienceClaim === ''
  const named = isAddressed ? claims['aud'] : claimAt(claims, audienceClaim)
  const names: readonly unknown[] = Array.isArray(named) ? named : [named]
  if (audiences.some((audience) => names.includes(audience))) return null
  return isAddressed ? wrongAudience(claims['aud'] === undefined) : wrongClient(audienceClaim)
}

const wrongAudience = (isAbsent: boolean): AuthenticationFailure => ({
  kind: 'wrong-audience',
  detail: isAbsent
    ? 'The token has no `aud`. Have the issuer add one of the audiences that are configured (JWT_AUDIENCE), or set JWT_AUDIENCE_CLAIM.'
    : 'The token is not for this gateway: `aud` names none of the audiences that are configured (JWT_AUDIENCE).',
})

const wrongClient = (audienceClaim: string): AuthenticationFailure => ({
  kind: 'wrong-audience',
  detail: `The token has no \`aud\`, and \`${audienceClaim}\` names none of the audiences that are configured (JWT_AUDIENCE, JWT_AUDIENCE_CLAIM).`,
})

function judgeTimes({ exp, nbf, iat }: Claims, rules: ClaimRules, nowMs: number): AuthenticationFailure | null {
  if (![exp, nbf, iat].every(isTimeOrAbsent)) {
    return { kind: 'malformed', detail: 'The claims `exp`, `nbf` and `iat` must be numbers: seconds since 1970.' }
  }
  if (exp === undefined && rules.requiresExpiry) {
    return { kind: 'missing-claim', detail: 'The claim `exp` is missing; tokens that never expire are not accepted.' }
  }
  if (isBefore(exp, nowMs - rules.clockToleranceMs)) return { kind: 'expired', detail: 'The token has expired; get a new one.' }
  if (isAfter(nbf, nowMs + rules.clockToleranceMs)) {
    return { kind: 'not-yet-valid', detail: `The token is not valid yet (\`nbf\`); ${remedyFor(nbf)}` }
  }
  if (isAfter(iat, nowMs + rules.clockToleranceMs)) {
    return { kind: 'not-yet-valid', detail: `The token was issued in the future (\`iat\`); ${remedyFor(iat)}` }
  }
  return null
}

const remedyFor = (time: unknown): string =>
  isInMilliseconds(time)
    ? 'it is in milliseconds, and seconds since 1970 were expected.'
    : 'check the clocks of its issuer and of the gateway.'

/** Tells whether a time can only be in milliseconds, or in a smaller unit: in seconds it lies beyond the year 5000. */
export function isInMilliseconds(time: unknown): boolean {
  return typeof time === 'number' && time >= 1e11
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
