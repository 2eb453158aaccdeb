import type { Config } from '../config/options.ts'
import type { Principal } from '../audience/principal.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { AuthenticationFailure, VerifiedToken } from './authenticator.ts'
import { claimAt, type Claims } from './claim-at.ts'

/** Paths of a principal's claims in a token. A dot enters an object, unless it is part of a claim's name. */
export type ClaimPaths = Readonly<Record<Exclude<keyof Principal, 'expiresAtMs' | 'issuedAtMs' | 'tokenId'>, string>>

export const defaultClaimPaths: ClaimPaths = {
  userId: 'user_id',
  username: 'username',
  organizationId: 'org_id',
  accountNumber: 'account_number',
  roles: 'roles',
}

/** The options that hold the paths. */
export const claimOptions = {
  userId: 'jwtClaimUserId',
  username: 'jwtClaimUsername',
  organizationId: 'jwtClaimOrganizationId',
  accountNumber: 'jwtClaimAccountNumber',
  roles: 'jwtClaimRoles',
} as const satisfies Record<keyof ClaimPaths, keyof Config>

export type ClaimPathOptions = Pick<Config, (typeof claimOptions)[keyof ClaimPaths]>

export function claimPathsFrom(options: ClaimPathOptions): ClaimPaths {
  return {
    userId: options.jwtClaimUserId,
    username: options.jwtClaimUsername,
    organizationId: options.jwtClaimOrganizationId,
    accountNumber: options.jwtClaimAccountNumber,
    roles: options.jwtClaimRoles,
  }
}

/** Limits of claims. Each session holds its principal, and a pod holds ten thousand sessions. */
export const claimLimits = { textLength: 512, listLength: 1_000 } as const

type ClaimFailure = AuthenticationFailure & { readonly kind: 'missing-claim' }
type Claim<T> = Result<T, ClaimFailure>

/**
 * Reads the principal and the scopes of a verified token. Texts may have any Unicode, and no character has a meaning. The user id is required;
 * other claims may be absent, null or empty. A claim of the wrong type, or above `claimLimits`, refuses the token, because silently dropping a
 * role would lose events.
 */
export function principalFromClaims(claims: Claims, paths: ClaimPaths): Result<VerifiedToken, ClaimFailure> {
  const texts = readTexts(claims, paths)
  if (!texts.ok) return texts
  const roles = readList(claims, paths.roles, /[\s,]+/)
  if (!roles.ok) return roles
  const scopes = readScopes(claims)
  if (!scopes.ok) return scopes
  const { userId, username, organizationId, accountNumber } = texts.value
  if (userId === null) return refuse(paths.userId, 'is missing or empty. It must be a text or a whole number')
  const ofToken = { expiresAtMs: timeOf(claims['exp']), issuedAtMs: timeOf(claims['iat']), tokenId: tokenIdOf(claims) }
  return ok({ principal: { userId, username, organizationId, accountNumber, roles: roles.value, ...ofToken }, scopes: scopes.value })
}

type Texts = Readonly<Record<Exclude<keyof ClaimPaths, 'roles'>, string | null>>

function readTexts(claims: Claims, paths: ClaimPaths): Claim<Texts> {
  const userId = readText(claims, paths.userId)
  if (!userId.ok) return userId
  const username = readText(claims, paths.username)
  if (!username.ok) return username
  const organizationId = readText(claims, paths.organizationId)
  if (!organizationId.ok) return organizationId
  const accountNumber = readText(claims, paths.accountNumber)
  if (!accountNumber.ok) return accountNumber
  return ok({ userId: userId.value, username: username.value, organizationId: organizationId.value, accountNumber: accountNumber.value })
}

function readText(claims: Claims, path: string): Claim<string | null> {
  const value = claimAt(claims, path)
  if (value === undefined || value === null || value === '') return ok(null)
  if (Number.isSafeInteger(value)) return ok(String(value))
  if (typeof value === 'number') return refuse(path, 'is a number that is not whole or has lost digits. Write it as a text')
  if (typeof value !== 'string') return refuse(path, 'is of the wrong type. It must be a text or a whole number')
  if (value.length > claimLimits.textLength) return refuse(path, `has more than ${claimLimits.textLength} characters`)
  return ok(value)
}

function readList(claims: Claims, path: string, separator: RegExp): Claim<readonly string[]> {
  const value = claimAt(claims, path) ?? []
  const entries: readonly unknown[] | null = typeof value === 'string' ? value.split(separator) : Array.isArray(value) ? value : null
  if (entries === null || !entries.every((entry) => typeof entry === 'string')) {
    return refuse(path, 'is of the wrong type. It must be an array of texts, or one text')
  }
  if (entries.length > claimLimits.listLength) return refuse(path, `has more than ${claimLimits.listLength} entries`)
  if (entries.some((entry) => entry.length > claimLimits.textLength)) {
    return refuse(path, `has an entry of more than ${claimLimits.textLength} characters`)
  }
  return ok([...new Set(entries)].filter((entry) => entry !== ''))
}

/** Reads `scope`, a text with blanks (RFC 8693 section 4.2), and `scp` of other issuers. Either may be an array. */
function readScopes(claims: Claims): Claim<readonly string[]> {
  const scope = readList(claims, 'scope', / +/)
  if (!scope.ok) return scope
  const scp = readList(claims, 'scp', / +/)
  if (!scp.ok) return scp
  return ok([...new Set([...scope.value, ...scp.value])])
}

/** Returns a time of a token in milliseconds; null: it is absent. */
function timeOf(seconds: unknown): number | null {
  return typeof seconds === 'number' ? Math.min(Math.floor(seconds * 1000), Number.MAX_SAFE_INTEGER) : null
}

/** Returns the id by which the token can be revoked. An id that no revocation can name does not refuse the token. */
function tokenIdOf({ jti }: Claims): string | null {
  if (Number.isSafeInteger(jti)) return String(jti)
  return typeof jti === 'string' && jti !== '' && jti.length <= claimLimits.textLength ? jti : null
}

function refuse(path: string, what: string): Claim<never> {
  return failed({ kind: 'missing-claim', detail: `The claim \`${path}\` ${what}.` })
}
