import type { Principal } from '../audience/principal.ts'
import { authenticationProblem } from '../auth/authentication-problem.ts'
import { type Authenticator, maxTokenBytes } from '../auth/authenticator.ts'
import { isRecord } from '../../program/is-record.ts'
import { failed, ok } from '../../program/result.ts'
import type { FrameProblem, TokenAnswer } from '../session/control-events.ts'
import type { Session } from '../session/session.ts'
import type { Command } from './inbound.ts'

/** Type of the command, docs/protocol.md. */
export const renewTokenType = 'dev.carillon.token'

export interface RenewTokenParts {
  readonly authenticator: Pick<Authenticator, 'authenticate'>
  /** Gives the session the rights of the token, and confirms it. @returns the confirmation */
  readonly renew: (session: Session, principal: Principal, answer: TokenAnswer) => Buffer | null
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Makes the command that replaces the token of a session: `{"token": "..."}`. The token must be of the same user. Its rights hold from the cursor of the
 * confirmation on. A token that is refused changes nothing.
 */
export function createRenewToken({ authenticator, renew, now }: RenewTokenParts): Command {
  return async (session, { id, data }) => {
    const token = isRecord(data) ? data['token'] : undefined
    if (typeof token !== 'string' || token === '' || token.length > maxTokenBytes) return failed(noToken)
    if (/^bearer\s/i.test(token)) return failed(withScheme)
    const verified = await authenticator.authenticate(token)
    if (!verified.ok) return failed(authenticationProblem(verified.error))
    const { principal, ticket = null } = verified.value
    if (principal.userId !== session.principal.userId) return failed(otherUser)
    const expiresInMs = principal.expiresAtMs === null ? null : Math.max(0, principal.expiresAtMs - now())
    return ok(renew(session, principal, { id, expiresInMs, ...(ticket === null ? {} : { ticket }) }))
  }
}

const noToken: FrameProblem = {
  type: 'bad-request',
  detail: `data must be {"token": "<token>"}, with a token of at most ${maxTokenBytes} characters.`,
}
const withScheme: FrameProblem = { type: 'bad-request', detail: 'data.token begins with "Bearer ". Send the token alone.' }
const otherUser: FrameProblem = {
  type: 'forbidden',
  detail: 'The token is of another user than the connection. Open another connection for that user.',
}
