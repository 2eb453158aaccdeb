import { hash } from 'node:crypto'
import { maxTokenBytes, type AuthenticationFailure, type Authenticator, type VerifiedToken } from '../auth/authenticator.ts'
import type { Principal } from '../audience/principal.ts'
import { failed, ok, type Result } from '../../program/result.ts'

export interface MemoryAuthenticator extends Authenticator {
  /** Returns a token for a principal: `memory.<number>.<proof>`, until the principal's `expiresAtMs`. */
  issue(principal: Principal, scopes?: readonly string[]): string
  /** Sets the answer to every later call, for any token; null ends it. */
  failWith(failure: AuthenticationFailure | null): void
}

/**
 * The memory double of the JWT authenticators: it accepts the tokens that it has issued itself.
 * @param options.now milliseconds since the epoch
 */
export function createMemoryAuthenticator({ now = Date.now }: { readonly now?: () => number } = {}): MemoryAuthenticator {
  const issued: VerifiedToken[] = []
  let ordered: AuthenticationFailure | null = null

  function verify(token: string): Result<VerifiedToken, AuthenticationFailure> {
    if (ordered !== null) return failed(ordered)
    if (token.length > maxTokenBytes) return failed({ kind: 'too-large', detail: `The token has more than ${maxTokenBytes} bytes.` })
    const [, number] = /^memory\.(\d+)\.[\w-]+$/.exec(token) ?? []
    if (number === undefined) return failed({ kind: 'malformed', detail: 'The token is not from the memory authenticator.' })
    const verified = issued[Number(number)]
    if (verified === undefined || token !== tokenOf(Number(number), verified)) {
      return failed({ kind: 'forged', detail: 'The memory authenticator has not issued this token.' })
    }
    if ((verified.principal.expiresAtMs ?? Infinity) <= now()) return failed({ kind: 'expired', detail: 'The token has expired.' })
    return ok(verified)
  }

  return {
    authenticate: (token) => Promise.resolve(verify(token)),
    issue: (principal, scopes = []) => {
      const verified = { principal, scopes }
      issued.push(verified)
      return tokenOf(issued.length - 1, verified)
    },
    failWith: (failure) => {
      ordered = failure
    },
  }
}

function tokenOf(number: number, verified: VerifiedToken): string {
  return `memory.${number}.${hash('sha256', JSON.stringify([number, verified]), 'base64url')}`
}
