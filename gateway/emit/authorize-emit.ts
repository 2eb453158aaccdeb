import { authenticationProblem } from '../auth/authentication-problem.ts'
import type { Authenticator, VerifiedToken } from '../auth/authenticator.ts'
import { findCookieToken } from '../auth/find-cookie-token.ts'
import { findToken, type FoundToken } from '../auth/find-token.ts'
import type { OriginPolicy } from '../auth/origin-policy.ts'
import { refuseOrigin } from '../auth/origin-refusal.ts'
import type { Problem } from '../request/problem.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { parseXRhIdentity, type RhIdentity } from './x-rh-identity.ts'

/** Decides who emits, and if they may. Never rejects. */
export interface EmitAuthorizer {
  /** Answers at once if no token must be verified. */
  authorize(request: EmitCredentials): Result<Emitter, Problem> | Promise<Result<Emitter, Problem>>
}

export interface EmitCredentials {
  readonly origin: string | null
  readonly cookie: string | null
  readonly authorization: string | null
  /** The `x-rh-identity` header: base64 of JSON. */
  readonly xRhIdentity: string | null
}

/** The sender of an emit request, whose rate is counted. */
export interface Emitter {
  /** Name of the emitter: unique, bounded in length, never logged above debug. */
  readonly subject: string
  readonly kind: 'jwt' | 'x-rh-identity' | 'development'
}

export interface EmitAuthorizerParts {
  readonly originPolicy: OriginPolicy
  readonly authenticator: Authenticator
  /** What the caller may do, for the refusal. @default emitting */
  readonly purpose?: 'emitting' | 'revoking tokens'
  /** Scopes that allow it. A token needs one of them. */
  readonly scopes: readonly string[]
  /** True: a proxy sets `x-rh-identity`, and all requests come through it. Otherwise the header is ignored, because any client could write it. */
  readonly trustXRhIdentity: boolean
  readonly isDevelopment: boolean
  readonly cookieName: string
}

type Authorized = Result<Emitter, Problem>
type Authorizing = Authorized | Promise<Authorized>

/**
 * Makes the check of emit requests. A page of a foreign origin may never emit. The most deliberate credential decides alone: the `Authorization`
 * header, then a trusted `x-rh-identity`, then the cookie.
 * The cookie counts only with an allowed `Origin` (`find-cookie-token.ts`), which browsers send with every POST of a script.
 */
export function createEmitAuthorizer(parts: EmitAuthorizerParts): EmitAuthorizer {
  return {
    authorize: ({ origin, authorization, xRhIdentity, cookie }) => {
      if (!parts.originPolicy(origin)) return failed(refuseOrigin(origin, parts))
      const inHeader = findToken({ authorization, cookie: null, subprotocols: [] }, parts)
      if (parts.isDevelopment) return authorizeInDevelopment(inHeader, parts)
      if (inHeader.kind !== 'absent') return authorizeFound(inHeader, parts)
      if (xRhIdentity !== null && parts.trustXRhIdentity) return authorizeIdentity(xRhIdentity)
      const inCookie = findCookieToken({ cookie, origin }, parts)
      return inCookie.ok ? authorizeFound(inCookie.value, parts) : inCookie
    },
  }
}

/**
 * Lets every program of this machine emit, with any scopes or without a token. A bad token in the header is refused, because the program would
 * fail in production. The cookie is not read, because browsers add it by themselves and another program may have set it.
 */
async function authorizeInDevelopment(inHeader: FoundToken, parts: EmitAuthorizerParts): Promise<Authorized> {
  if (inHeader.kind === 'unusable') return failed(unauthenticated(inHeader.detail))
  const verified = inHeader.kind === 'found' ? await parts.authenticator.authenticate(inHeader.token) : null
  return verified === null || verified.ok
    ? ok({ kind: 'development', subject: 'development' })
    : failed(authenticationProblem(verified.error))
}

function authorizeFound(found: FoundToken, parts: EmitAuthorizerParts): Authorizing {
  if (found.kind === 'absent') return failed(unauthenticated(howToAuthenticate(parts.trustXRhIdentity)))
  if (found.kind === 'unusable') return failed(unauthenticated(found.detail))
  const known = parts.authenticator.recall?.(found.token) ?? null
  return known === null ? authorizeUnknown(found.token, parts) : authorizeToken(known, parts)
}

async function authorizeUnknown(token: string, parts: EmitAuthorizerParts): Promise<Authorized> {
  const verified = await parts.authenticator.authenticate(token)
  return verified.ok ? authorizeToken(verified.value, parts) : failed(authenticationProblem(verified.error))
}

function authorizeToken(
  { principal, scopes }: VerifiedToken,
  { scopes: sufficient, purpose = 'emitting' }: EmitAuthorizerParts,
): Authorized {
  if (scopes.some((scope) => sufficient.includes(scope))) return ok({ kind: 'jwt', subject: `jwt:${principal.userId}` })
  return failed({
    type: 'forbidden',
    detail: `The token has no scope that allows ${purpose}. It needs one of: ${sufficient.join(', ')} (in \`scope\` or \`scp\`).`,
  })
}

function authorizeIdentity(header: string): Authorized {
  const identity = parseXRhIdentity(header)
  if (!identity.ok) return failed({ type: 'bad-request', detail: identity.error })
  return ok({ kind: 'x-rh-identity', subject: subjectOf(identity.value) })
}

/** Writes the subject as JSON, so that a name cannot imitate another type and organization. */
function subjectOf({ type, organizationId, name }: RhIdentity): string {
  return `x-rh-identity:${JSON.stringify([type, organizationId, name])}`
}

const unauthenticated = (detail: string): Problem => ({ type: 'unauthenticated', detail })

function howToAuthenticate(trustsXRhIdentity: boolean): string {
  const proxied = trustsXRhIdentity ? ' Or have the proxy set x-rh-identity.' : ''
  return `The request has no credentials. Send a token as \`Authorization: Bearer\`, or in the cookie together with an allowed Origin.${proxied}`
}
