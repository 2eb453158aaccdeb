import type { Problem } from '../request/problem.ts'
import type { AuthenticationFailure } from './authenticator.ts'

/** Returns the problem of a token that is not accepted. */
export function authenticationProblem({
  kind,
  detail,
}: AuthenticationFailure): Problem & { readonly type: 'keys-unavailable' | 'not-ready' | 'revoked' | 'unauthenticated' } {
  if (kind === 'keys-unavailable') return { type: kind, detail, retryAfterMs: 5_000 }
  if (kind === 'not-ready') return { type: kind, detail, retryAfterMs: 1_000 }
  return { type: kind === 'revoked' ? 'revoked' : 'unauthenticated', detail }
}
