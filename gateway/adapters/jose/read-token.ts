import { decodeProtectedHeader } from 'jose'
import type { AuthenticationFailure } from '../../auth/authenticator.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { KeyHeader } from './key-source.ts'

/** Three parts of base64url with dots between them; the last is empty in an unsigned token, which is refused for its algorithm. */
const compactPattern = /^[\w-]+\.[\w-]*\.[\w-]*$/

export interface BelievedHeaders {
  readonly algorithms: readonly string[]
  /** The types that are believed, as `normalizeType` returns them; empty: any type, or none. */
  readonly types: readonly string[]
}

/** Evens out the spelling of a token's type (RFC 7515 section 4.1.9): a media type, in any case, whose `application/` may be left out. */
export function normalizeType(type: string): string {
  return type.toLowerCase().replace(/^application\/(?=[^/]*$)/, '')
}

/**
 * What of a token's header decides which keys to try; nothing of it is verified. Everything else in it is ignored, or refuses the token.
 */
export function readToken(token: string, { algorithms, types }: BelievedHeaders): Result<KeyHeader, AuthenticationFailure> {
  if (!compactPattern.test(token)) {
    return malformed('It is no signed JSON Web Token: three parts of base64url with dots between them were expected.')
  }
  const header = decodeHeader(token)
  if (header === null) return malformed('The header of the token is no JSON object.')
  const { alg, kid, crit, typ } = header
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    return failed({
      kind: 'algorithm',
      detail: `The token is not signed with an algorithm that is believed here (JWT_ALGORITHMS: ${algorithms.join(', ')}).`,
    })
  }
  if (types.length > 0 && !(typeof typ === 'string' && types.includes(normalizeType(typ)))) {
    return failed({
      kind: 'wrong-type',
      detail: `The token is not of a type (\`typ\`) that is believed here (JWT_TYPES: ${types.join(', ')}).`,
    })
  }
  if (crit !== undefined) return malformed('The token demands extensions (`crit`) that are not known here.')
  if (kid !== undefined && typeof kid !== 'string') return malformed('The key id of the token (`kid`) is no text.')
  return ok({ alg, kid })
}

function decodeHeader(token: string): Readonly<Record<string, unknown>> | null {
  try {
    return decodeProtectedHeader(token)
  } catch {
    return null // damaged base64url, no JSON, no object
  }
}

function malformed(detail: string): Result<never, AuthenticationFailure> {
  return failed({ kind: 'malformed', detail })
}
