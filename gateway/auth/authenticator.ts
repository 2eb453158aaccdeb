import type { Principal } from '../audience/principal.ts'
import type { Result } from '../../program/result.ts'

/** The largest token that is looked at, in bytes. Node's own limit on the whole head of a request is as large. */
export const maxTokenBytes = 16_384

/** Tells who a token is, and believes nothing that is not signed. Never rejects; bounded in time, also when keys must be fetched. */
export interface Authenticator {
  authenticate(token: string): Promise<Result<VerifiedToken, AuthenticationFailure>>
  /** Tells whether `authenticate` would believe the token without verifying it again. Absent: `authenticate` always verifies. */
  remembers?(token: string): boolean
}

export interface VerifiedToken {
  readonly principal: Principal
  /** From `scope` (space separated) or `scp` (array or string). */
  readonly scopes: readonly string[]
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
  /** What was wrong and what was expected; never the token or a claim's value. */
  readonly detail: string
}
