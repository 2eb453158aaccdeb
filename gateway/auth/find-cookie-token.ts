import type { Problem } from '../request/problem.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import { findToken, type FoundToken } from './find-token.ts'

/**
 * Finds the token in the cookie of a request that changes something. Browsers add the cookie by themselves, also to forms and scripts of other sites
 * (cross-site request forgery), so it counts only together with an `Origin`. The caller has refused origins that are not allowed.
 */
export function findCookieToken(
  { cookie, origin }: { readonly cookie: string | null; readonly origin: string | null },
  settings: { readonly cookieName: string },
): Result<FoundToken, Problem> {
  const found = findToken({ authorization: null, cookie, subprotocols: [] }, settings)
  return found.kind !== 'absent' && origin === null ? failed(cookieWithoutOrigin) : ok(found)
}

const cookieWithoutOrigin: Problem = {
  type: 'origin-forbidden',
  detail: 'A token in the cookie needs an Origin header on the allow-list (ALLOWED_ORIGINS). Or send the token as `Authorization: Bearer`.',
}
