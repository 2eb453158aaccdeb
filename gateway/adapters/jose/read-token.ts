import { decodeProtectedHeader } from 'jose'
import type { AuthenticationFailure } from '../../auth/authenticator.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { KeyHeader } from './key-source.ts'

/** Three parts of base64url with dots between them. The last is empty in an unsigned token, which is refused for its algorithm. */
const compactPattern = /^[\w-]+\.[\w-]*\.[\w-]*$/

export interface BelievedHeaders {
  readonly algorithms: readonly string[]
  /** Accepted types, as `normalizeType` returns them; empty: any type, or none. */
  readonly types: readonly string[]
}

/** Normalizes the spelling of a token's type (RFC 7515 section 4.1.9): a media type in any case, whose `application/` may be left out. */
export function normalizeType(type: string): string {
  return type.toLowerCase().replace(/^application\/(?=[^/]*$)/, '')
}

/**
 * The members of a token's header that decide which keys to try. None of them is verified. Every other member is ignored, or refuses the
 * token.
 */
export function readToken(token: string, { algorithms, types }: BelievedHeaders): Result<KeyHeader, AuthenticationFailure> {
  if (!compactPattern.test(token)) {
    return malformed('The token is not a signed JSON Web Token: three parts of base64url with dots between them were expected.')
  }
  const header = decodeHeader(token)
  if (header === null) return malformed('The header of the token is not a JSON object.')
  const { alg, kid, crit, typ } = header
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    return failed({
      kind: 'algorithm',
      detail: `The signature algorithm of the token is not accepted (JWT_ALGORITHMS: ${algorithms.join(', ')}).`,
    })
  }
  if (types.length > 0 && !(typeof typ === 'string' && types.includes(normalizeType(typ)))) {
    return failed({
      kind: 'wrong-type',
      detail: `The type (\`typ\`) of the token is not accepted (JWT_TYPES: ${types.join(', ')}).`,
    })
  }
  if (crit !== undefined) return malformed('The token demands extensions (`crit`) that are not supported.')
  if (kid !== undefined && typeof kid !== 'string') return malformed('The key id of the token (`kid`) is not a text.')
  return ok({ alg, kid })
}

function decodeHeader(token: string): Readonly<Record<string, unknown>> | null {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return null // damaged base64url, not JSON, not an object
  }
}

function malformed(detail: string): Result<never, AuthenticationFailure> {
  return failed({ kind: 'malformed', detail })
}
