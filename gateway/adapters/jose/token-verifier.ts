import { messageOf } from '../../../program/message-of.ts'
import { compactVerify, errors, type CryptoKey } from 'jose'
import { isRecord } from '../../../program/is-record.ts'
import { maxTokenBytes, type AuthenticationFailure, type Authenticator, type VerifiedToken } from '../../auth/authenticator.ts'
import { checkClaims, type ClaimRules } from '../../auth/check-claims.ts'
import type { Claims } from '../../auth/claim-at.ts'
import { principalFromClaims, type ClaimPaths } from '../../auth/principal-from-claims.ts'
import { createClaimReporter } from '../../auth/report-claims.ts'
import { VerifiedTokenCache } from '../../auth/verified-token-cache.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { Metrics } from '../../observability/metrics.ts'
import type { KeyHeader, KeySource } from './key-source.ts'
import { normalizeType, readToken } from './read-token.ts'

export interface TokenVerifierParts {
  readonly keys: Pick<KeySource, 'current' | 'lookup'>
  /** Accepted signature algorithms. */
  readonly algorithms: readonly string[]
  /** Accepted types (`typ`); empty: any, or none. */
  readonly types: readonly string[]
  readonly rules: ClaimRules
  readonly paths: ClaimPaths
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'tokenClaimsMissing'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

type Verdict = Result<VerifiedToken, AuthenticationFailure>

/** Room for every token that a pod's connections can have by default, and for 1 KiB of each. */
export const cacheLimits = { maxTokens: 16_384, maxBytes: 16_777_216 } as const

/**
 * Verifies signed JSON Web Tokens (RFC 7519, RFC 7515 compact serialization, with the advice of RFC 8725). The key is chosen by `alg` and
 * `kid` from the issuer's keys only. The headers `jwk`, `jku`, `x5c` and `x5u` are not read. A key is bound to algorithms when it is
 * imported, so that a public key cannot be taken for the secret of a symmetric algorithm.
 */
export function createTokenVerifier(parts: TokenVerifierParts): Authenticator {
  const cache = new VerifiedTokenCache(cacheLimits)
  const report = createClaimReporter(parts)
  const believed = { algorithms: parts.algorithms, types: parts.types.map(normalizeType) }

  async function verify(token: string): Promise<Verdict> {
    const read = readToken(token, believed)
    if (!read.ok) return read
    const found = await parts.keys.lookup(read.value)
    if (found.kind === 'unavailable') return failed(keysUnavailable)
    if (found.kind === 'unknown') return failed(unknownKey(read.value))
    const claims = await verifySignature(token, found.candidates)
    if (!claims.ok) return claims
    const fault = checkClaims(claims.value, parts.rules, parts.now())
    if (fault !== null) return failed(fault)
    report(claims.value)
    const verified = principalFromClaims(claims.value, parts.paths)
    if (verified.ok) cache.set(token, found.keys, verified.value)
    return verified
  }

  /** Everything was checked when the token was verified. Only its end can have come since. */
  function remembered(token: string): VerifiedToken | null {
    const keys = parts.keys.current()
    const verified = keys === null ? null : cache.get(token, keys)
    const endsAtMs = verified?.principal.expiresAtMs ?? Infinity
    if (endsAtMs + parts.rules.clockToleranceMs > parts.now()) return verified
    cache.delete(token)
    return null
  }

  return {
    forget: (token) => cache.delete(token),
    remembers: (token) => token.length <= maxTokenBytes && remembered(token) !== null,
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

/** Returns the claims of the token if one of the keys signed it. */
async function verifySignature(token: string, candidates: readonly CryptoKey[]): Promise<Result<Claims, AuthenticationFailure>> {
  for (const key of candidates) {
    const payload = await verifyWith(token, key)
    if (payload !== null) return parseClaims(payload)
  }
  return failed(forged)
}

async function verifyWith(token: string, key: CryptoKey): Promise<Uint8Array | null> {
  try {
    return (await compactVerify(token, key)).payload
  } catch (error) {
    // The signature is not of this key, or is not a signature (damaged base64url).
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}

function parseClaims(payload: Uint8Array): Result<Claims, AuthenticationFailure> {
  try {
    const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    if (isRecord(claims)) return ok(claims)
  } catch {
    // Invalid UTF-8 or no JSON: the same answer as for JSON that is not an object.
  }
  return failed({ kind: 'malformed', detail: 'The claims of the token are not a JSON object.' })
}
