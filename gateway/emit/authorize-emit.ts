import type { AuthenticationFailure, Authenticator, VerifiedToken } from '../auth/authenticator.ts'
import { findToken, type FoundToken, type TokenPlaces } from '../auth/find-token.ts'
import type { OriginPolicy } from '../auth/origin-policy.ts'
import { refuseOrigin } from '../auth/origin-refusal.ts'
import type { Problem } from '../problem.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { parseXRhIdentity, type RhIdentity } from './x-rh-identity.ts'

/** Says who an emit request comes from, and whether they may emit at all. Never rejects. */
export interface EmitAuthorizer {
  authorize(request: EmitCredentials): Promise<Result<Emitter, Problem>>
}

export interface EmitCredentials {
  readonly origin: string | null
  readonly cookie: string | null
  readonly authorization: string | null
  /** The `x-rh-identity` header: base64 of JSON. */
  readonly xRhIdentity: string | null
}

/** Whose rate is counted. */
export interface Emitter {
  /** Unique per emitter and bounded in length; never logged above debug. */
  readonly subject: string
  readonly kind: 'jwt' | 'x-rh-identity' | 'development'
}

export interface EmitAuthorizerParts {
  readonly originPolicy: OriginPolicy
  readonly authenticator: Authenticator
  /** A token may emit when it has one of these. */
  readonly scopes: readonly string[]
  /** Whether a proxy sets `x-rh-identity` and nobody else can reach us. Otherwise the header is ignored: anybody could write it. */
  readonly trustXRhIdentity: boolean
  readonly isDevelopment: boolean
  readonly cookieName: string
}

type Answer = Result<Emitter, Problem>

/**
 * Decides who may emit. A foreign page may not, whatever it has. Of the credentials the one that was given most deliberately decides
 * alone: the `Authorization` header, then a trusted `x-rh-identity`, then the cookie, which a browser adds by itself.
 *
 * Because it does so for other sites' forms and scripts, too (cross-site request forgery), a cookie counts only together with an
 * allowed `Origin`. Browsers send one with every POST of a script; a client without one can send its token in the header.
 */
export function createEmitAuthorizer(parts: EmitAuthorizerParts): EmitAuthorizer {
  const find = (place: Partial<TokenPlaces>): FoundToken => findToken({ ...noPlaces, ...place }, { cookieName: parts.cookieName })
  return {
    authorize: async ({ origin, authorization, xRhIdentity, cookie }) => {
      if (!parts.originPolicy(origin)) return failed(refuseOrigin(origin, parts))
      const inHeader = find({ authorization })
      if (parts.isDevelopment) return authorizeInDevelopment(inHeader, parts)
      if (inHeader.kind !== 'absent') return authorizeFound(inHeader, parts)
      if (xRhIdentity !== null && parts.trustXRhIdentity) return authorizeIdentity(xRhIdentity)
      const inCookie = find({ cookie })
      return inCookie.kind !== 'absent' && origin === null ? failed(cookieWithoutOrigin) : authorizeFound(inCookie, parts)
    },
  }
}

const noPlaces: TokenPlaces = { authorization: null, cookie: null, subprotocols: [] }

/**
 * Lets every program of this machine emit, with any scopes or without a token. A bad token in the header is refused as in production: otherwise
 * the program would fail there first. The cookie is not read: browsers add it by themselves, and another program may have set it.
 */
async function authorizeInDevelopment(inHeader: FoundToken, parts: EmitAuthorizerParts): Promise<Answer> {
  if (inHeader.kind === 'unusable') return failed(unauthenticated(inHeader.detail))
  const verified = inHeader.kind === 'found' ? await parts.authenticator.authenticate(inHeader.token) : null
  return verified === null || verified.ok ? ok({ kind: 'development', subject: 'development' }) : failed(problemOf(verified.error))
}

async function authorizeFound(found: FoundToken, parts: EmitAuthorizerParts): Promise<Answer> {
  if (found.kind === 'absent') return failed(unauthenticated(howToAuthenticate(parts.trustXRhIdentity)))
  if (found.kind === 'unusable') return failed(unauthenticated(found.detail))
  const verified = await parts.authenticator.authenticate(found.token)
  return verified.ok ? authorizeToken(verified.value, parts.scopes) : failed(problemOf(verified.error))
}

function authorizeToken({ principal, scopes }: VerifiedToken, sufficient: readonly string[]): Answer {
  if (scopes.some((scope) => sufficient.includes(scope))) return ok({ kind: 'jwt', subject: `jwt:${principal.userId}` })
  return failed({
    type: 'forbidden',
    detail: `The token is good, but has no scope that allows to emit. It needs one of: ${sufficient.join(', ')} (in \`scope\` or \`scp\`).`,
  })
}

function authorizeIdentity(header: string): Answer {
  const identity = parseXRhIdentity(header)
  if (!identity.ok) return failed({ type: 'bad-request', detail: identity.error })
  return ok({ kind: 'x-rh-identity', subject: subjectOf(identity.value) })
}

/** As JSON, so that no name can be made that looks like another's type and organization. */
function subjectOf({ type, organizationId, name }: RhIdentity): string {
  return `x-rh-identity:${JSON.stringify([type, organizationId, name])}`
}

function problemOf(failure: AuthenticationFailure): Problem {
  if (failure.kind !== 'keys-unavailable') return unauthenticated(failure.detail)
  return { type: 'keys-unavailable', detail: failure.detail, retryAfterMs: 5_000 }
}

const unauthenticated = (detail: string): Problem => ({ type: 'unauthenticated', detail })

function howToAuthenticate(trustsXRhIdentity: boolean): string {
  const proxied = trustsXRhIdentity ? ' Or have the proxy set x-rh-identity.' : ''
  return `Nothing says who emits. Send a token as \`Authorization: Bearer\`, or in the cookie together with an allowed Origin.${proxied}`
}

const cookieWithoutOrigin: Problem = {
  type: 'origin-forbidden',
  detail: 'A token in the cookie counts only together with an Origin on the allow-list. Send the token as `Authorization: Bearer`.',
}
