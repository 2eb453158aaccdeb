import type { Problem } from '../problem.ts'
import type { Result } from '../../program/result.ts'

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
