import { claimAt } from '../auth/claim-at.ts'
import { failed, ok, type Result } from '../../program/result.ts'

/** The sender of a request, as the proxy in front of the gateway has found out. */
export interface RhIdentity {
  readonly type: RhIdentityType
  /** Name of the user, service account, machine or certificate. Unique within its type and organization. */
  readonly name: string
  readonly organizationId: string | null
  readonly accountNumber: string | null
}

/** Largest header that is read, in bytes. */
export const maxXRhIdentityBytes = 16_384

const maxTextLength = 256

/** Types of identities, and the members that name one. The first that is present counts. */
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
 * | ...}}`. It is not signed, so the caller must trust the proxy. A header of old proxies has no `type`: it is a user's, and its organization may be
 * in `internal`.
 * @returns the error names the expected form, and never quotes the header
 */
export function parseXRhIdentity(header: string): Result<RhIdentity, string> {
  if (header.length > maxXRhIdentityBytes) return failed(`The x-rh-identity header has more than ${maxXRhIdentityBytes} bytes.`)
  const identity = decode(header)
  if (!identity.ok) return identity
  const type = typeOf(identity.value)
  if (type === null) {
    return failed(`The x-rh-identity header has an identity of an unknown type. The types are ${Object.keys(identityTypes).join(', ')}.`)
  }
  const texts = [...identityTypes[type], 'org_id', 'internal.org_id', 'account_number']
  const bad = texts.find((path) => !isTextOrAbsent(claimAt(identity.value, path)))
  if (bad !== undefined) {
    return failed(`The member identity.${bad} of the x-rh-identity header must be a text of at most ${maxTextLength} characters.`)
  }
  const name = firstText(identity.value, identityTypes[type])
  if (name === null) {
    return failed(`The x-rh-identity header has no name: type ${type} needs identity.${identityTypes[type].join(' or identity.')}.`)
  }
  return ok({
    type,
    name,
    organizationId: firstText(identity.value, ['org_id', 'internal.org_id']),
    accountNumber: firstText(identity.value, ['account_number']),
  })
}

/** Decodes base64 in both alphabets of RFC 4648, with or without padding. */
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
    return undefined // invalid UTF-8, or not JSON; the caller's error names the expected form
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

/** Returns the first text. A number counts as a text, because old proxies send ids as numbers. */
function firstText(identity: unknown, paths: readonly string[]): string | null {
  const values = paths.map((path) => claimAt(identity, path) ?? '')
  const text = values.find((value) => value !== '')
  return text === undefined ? null : String(text)
}
