import { claimAt } from '../auth/claim-at.ts'
import { failed, ok, type Result } from '../../program/result.ts'

/** Who sent a request, as the proxy in front of us has found out. */
export interface RhIdentity {
  readonly type: RhIdentityType
  /** The user, service account, machine or certificate; unique within its type and organization. */
  readonly name: string
  readonly organizationId: string | null
  readonly accountNumber: string | null
}

/** The largest header that is looked at, in bytes. */
export const maxXRhIdentityBytes = 16_384

const maxTextLength = 256

/** Kinds of identities, and the members that name one: the first that is there counts. */
const identityTypes = {
  User: ['user.user_id', 'user.username'],
  ServiceAccount: ['service_account.client_id', 'service_account.username'],
  System: ['system.cn', 'system.cluster_id'],
  Associate: ['associate.rhatUUID', 'associate.email'],
  X509: ['x509.subject_dn'],
} as const satisfies Record<string, readonly [string, ...string[]]>

export type RhIdentityType = keyof typeof identityTypes

/**
 * Reads an `x-rh-identity` header: base64 of `{"identity": {"type", "org_id", "account_number", "user": {...} | "service_account": {...}
 * | ...}}`. Nothing in it is signed; whether it may be believed is decided elsewhere. A header of old proxies has no `type` and is a
 * user's, and its organization may be in `internal`.
 * @returns the error says what was expected, and repeats nothing of the header
 */
export function parseXRhIdentity(header: string): Result<RhIdentity, string> {
  if (header.length > maxXRhIdentityBytes) return failed(`The x-rh-identity header has more than ${maxXRhIdentityBytes} bytes.`)
  const identity = decode(header)
  if (!identity.ok) return identity
  const type = typeOf(identity.value)
  if (type === null) {
    return failed(
      `The x-rh-identity header has an identity of a type that is not known here; known are ${Object.keys(identityTypes).join(', ')}.`,
    )
  }
  const texts = [...identityTypes[type], 'org_id', 'internal.org_id', 'account_number']
  const bad = texts.find((path) => !isTextOrAbsent(claimAt(identity.value, path)))
  if (bad !== undefined) {
    return failed(`The member identity.${bad} of the x-rh-identity header must be a text of at most ${maxTextLength} characters.`)
  }
  const name = firstText(identity.value, identityTypes[type])
  if (name === null) {
    return failed(
      `The x-rh-identity header names nobody: identity.${identityTypes[type].join(' or identity.')} was expected for type ${type}.`,
    )
  }
  return ok({
    type,
    name,
    organizationId: firstText(identity.value, ['org_id', 'internal.org_id']),
    accountNumber: firstText(identity.value, ['account_number']),
  })
}

/** Both alphabets of RFC 4648, with or without padding. */
function decode(header: string): Result<unknown, string> {
  if (!/^[\w+/-]+={0,2}$/.test(header)) return failed('The x-rh-identity header is not base64.')
  const json = parseJson(Buffer.from(header, 'base64'))
  const identity = claimAt(json, 'identity')
  if (typeof identity === 'object' && identity !== null) return ok(identity)
  return failed('The x-rh-identity header is not base64 of JSON with an object `identity`.')
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined // invalid UTF-8, or no JSON; the caller says what was expected
  }
}

function typeOf(identity: unknown): RhIdentityType | null {
  const type = claimAt(identity, 'type') ?? 'User'
  return typeof type === 'string' && isKnown(type) ? type : null
}

function isKnown(type: string): type is RhIdentityType {
  return Object.hasOwn(identityTypes, type)
}

function isTextOrAbsent(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= maxTextLength
  return value === undefined || value === null || Number.isSafeInteger(value)
}

/** Numbers are texts, too: old proxies send ids as such. */
function firstText(identity: unknown, paths: readonly string[]): string | null {
  const values = paths.map((path) => claimAt(identity, path) ?? '')
  const text = values.find((value) => value !== '')
  return text === undefined ? null : String(text)
}
