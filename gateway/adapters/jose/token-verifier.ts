import { setImmediate as nextTurn } from 'node:timers/promises'
import { messageOf } from '../../../program/message-of.ts'
import { isRecord } from '../../../program/is-record.ts'
import { maxTokenBytes, type AuthenticationFailure, type Authenticator, type VerifiedToken } from '../../auth/authenticator.ts'
import { checkClaims, type ClaimRules } from '../../auth/check-claims.ts'
import type { Claims } from '../../auth/claim-at.ts'
import { principalFromClaims, type ClaimPaths } from '../../auth/principal-from-claims.ts'
import { createClaimReporter } from '../../auth/report-claims.ts'
import { type Trust, VerifiedTokenCache } from '../../auth/verified-token-cache.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { decodePart, hasSigned, type VerificationKey } from './has-signed.ts'
import type { KeySet } from './key-set.ts'
import { findIn, type KeyHeader, type KeySource } from './key-source.ts'
import { normalizeType, readToken } from './read-token.ts'
import type { Tickets } from './tickets.ts'

export interface TokenVerifierParts {
  readonly keys: Pick<KeySource, 'current' | 'lookup'>
  /** Accepted signature algorithms. */
  readonly algorithms: readonly string[]
  /** Accepted types (`typ`); empty: any, or none. */
  readonly types: readonly string[]
  readonly rules: ClaimRules
  readonly paths: ClaimPaths
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'tokenClaimsMissing' | 'ticketsShown'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** @default hasSigned, by `node:crypto` */
  readonly check?: SignatureCheck
  /** @default there are none */
  readonly tickets?: Tickets
}

/** Returns true if the key signed the token. */
export type SignatureCheck = (token: string, key: VerificationKey) => boolean | Promise<boolean>

type Verdict = Result<VerifiedToken, AuthenticationFailure>

/** Room for every token that a pod's connections can have by default, and for 1 KiB of each. */
export const cacheLimits = { maxTokens: 16_384, maxBytes: 16_777_216 } as const

/**
 * Verifies signed JSON Web Tokens (RFC 7519, RFC 7515 compact serialization, with the advice of RFC 8725). The key is chosen by `alg` and
 * `kid` from the issuer's keys only. The headers `jwk`, `jku`, `x5c` and `x5u` are not read. A key is bound to algorithms when it is
 * imported, so that a public key cannot be taken for the secret of a symmetric algorithm.
 */
export function createTokenVerifier(parts: TokenVerifierParts): Authenticator {
  const { check = hasSigned, tickets = null } = parts
  const cache = new VerifiedTokenCache(cacheLimits)
  const report = createClaimReporter(parts)
  const believed = { algorithms: parts.algorithms, types: parts.types.map(normalizeType) }

  async function verify(token: string): Promise<Verdict> {
    const read = readToken(token, believed)
    if (!read.ok) return read
    const found = await parts.keys.lookup(read.value)
    if (found.kind === 'unavailable') return failed(keysUnavailable)
    if (found.kind === 'unknown') return failed(unknownKey(read.value))
    const signer = await findSigner(token, found.candidates, check)
    return signer === null ? failed(forged) : accept(token, signer, found.keys)
  }

  /** Accepts the token by its ticket if the key that verified it is still in use. Null: its signature must be verified. */
  function redeem(token: string, ticket: string): VerifiedToken | null {
    const read = readToken(token, believed)
    const found = read.ok ? findIn(parts.keys.current(), read.value) : null
    const signer = found === null ? null : (tickets?.signerOf(token, ticket, found.candidates) ?? null)
    parts.metrics.ticketsShown.add(1, { outcome: signer === null ? 'unknown' : 'used' })
    const verdict = found === null || signer === null ? null : accept(token, signer, found.keys)
    return verdict?.ok === true ? verdict.value : null
  }

  /** Checks everything but the signature, and remembers the token. */
  function accept(token: string, signer: VerificationKey, keys: KeySet): Verdict {
    const claims = readClaims(token)
    if (!claims.ok) return claims
    const fault = checkClaims(claims.value, parts.rules, parts.now())
    if (fault !== null) return failed(fault)
    report(claims.value)
    const read = principalFromClaims(claims.value, parts.paths)
    if (!read.ok) return read
    const ticket = tickets?.issue(token, signer) ?? null
    const verified = ticket === null ? read.value : { ...read.value, ticket }
    cache.set(token, trustIn(keys), verified)
    return ok(verified)
  }

  const trustIn = (keys: KeySet): Trust => ({ keys, secrets: tickets?.secrets ?? null })

  /** Everything was checked when the token was verified. Only its end can have come since. */
  function remembered(token: string): VerifiedToken | null {
    const keys = parts.keys.current()
    const verified = keys === null ? null : cache.get(token, trustIn(keys))
    const endsAtMs = verified?.principal.expiresAtMs ?? Infinity
    if (endsAtMs + parts.rules.clockToleranceMs > parts.now()) return verified
    cache.delete(token)
    return null
  }

  return {
    recall: (token, ticket = null) => {
      if (token.length > maxTokenBytes) return null
      return remembered(token) ?? (ticket === null || tickets === null ? null : redeem(token, ticket))
    },
    authenticate: async (token) => {
      if (token.length > maxTokenBytes) {
        return failed({ kind: 'too-large', detail: `The token has more than ${maxTokenBytes} bytes; issue smaller ones.` })
      }
      const verified = remembered(token)
      if (verified !== null) return ok(verified)
      try {
        return await verify(token)
      } catch (error) {
        // Every expected failure is a value by now. This is a bug of ours, and the token is refused.
        parts.logger.error({ error: messageOf(error) }, 'token check failed')
        return failed(forged)
      }
    },
  }
}

const forged: AuthenticationFailure = { kind: 'forged', detail: 'The signature of the token is not from the trusted issuer.' }

const keysUnavailable: AuthenticationFailure = {
  kind: 'keys-unavailable',
  detail: "The key that signed the token is unknown, and the issuer's keys cannot be fetched now. Try again soon.",
}

function unknownKey({ kid }: KeyHeader): AuthenticationFailure {
  const what = kid === undefined ? 'algorithm (`alg`)' : 'id and algorithm (`kid`, `alg`)'
  return { kind: 'forged', detail: `The trusted issuer has no key with the ${what} that the token names.` }
}

/**
 * Returns the key that signed the token; null: none did. There are several for a token without a key id. Each is tried in a turn of its own: 64 keys of the
 * slowest algorithm take longer than the event loop may be blocked.
 */
async function findSigner(token: string, candidates: readonly VerificationKey[], check: SignatureCheck): Promise<VerificationKey | null> {
  for (const [index, key] of candidates.entries()) {
    if (index > 0) await nextTurn()
    if (await check(token, key)) return key
  }
  return null
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function readClaims(token: string): Result<Claims, AuthenticationFailure> {
  try {
    const payload = decodePart(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')))
    const claims: unknown = payload === null ? null : JSON.parse(utf8.decode(payload))
    if (isRecord(claims)) return ok(claims)
  } catch {
    // Invalid UTF-8 or no JSON: the same answer as for JSON that is not an object.
  }
  return failed({ kind: 'malformed', detail: 'The claims of the token are not a JSON object.' })
}
