import type { Principal } from '../audience/principal.ts'
import type { Result } from '../../program/result.ts'

/** Largest token that is read, in bytes. Node's own limit on the whole head of a request is as large. */
export const maxTokenBytes = 16_384

/** Verifies tokens and returns their principal. Never rejects. Bounded in time, even if keys must be fetched. */
export interface Authenticator {
  authenticate(token: string): Promise<Result<VerifiedToken, AuthenticationFailure>>
  /**
   * Returns what `authenticate` would, at once, if the signature need not be verified; null: `authenticate` must be asked. Absent: it always verifies.
   * @param ticket the ticket that came with the token; null: none did
   */
  recall?(token: string, ticket?: string | null): VerifiedToken | null
}

export interface VerifiedToken {
  readonly principal: Principal
  /** Scopes from `scope` (space separated) or `scp` (array or string). */
  readonly scopes: readonly string[]
  /** Tells the pods of the channel that the signature of this token is good. Absent: there are no tickets. */
  readonly ticket?: string
}

export interface AuthenticationFailure {
  readonly kind:
    | 'malformed'
    | 'forged'
    | 'expired'
    | 'not-yet-valid'
    | 'wrong-issuer'
    | 'wrong-audience'
    | 'algorithm'
    | 'wrong-type'
    | 'missing-claim'
    | 'too-large'
    | 'keys-unavailable'
    | 'revoked'
    /** The gateway has not read the revocations yet, so it accepts no token. */
    | 'not-ready'
  /** A sentence about the problem and the expected form; never the token or a claim's value. */
  readonly detail: string
}
