import type { Principal } from '../audience/principal.ts'
import { authenticationProblem } from '../auth/authentication-problem.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import { findCookieToken } from '../auth/find-cookie-token.ts'
import { findToken } from '../auth/find-token.ts'
import type { OriginPolicy } from '../auth/origin-policy.ts'
import { refuseOrigin } from '../auth/origin-refusal.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Problem } from '../request/problem.ts'
import type { ControlEvent } from '../session/control-events.ts'
import type { FrameCredentials, HttpFrames } from '../session/http-frames.ts'
import type { Session } from '../session/session.ts'
import type { Inbound } from './inbound.ts'

export interface HttpFramesParts {
  readonly authenticator: Pick<Authenticator, 'authenticate'>
  readonly originPolicy: OriginPolicy
  readonly cookieName: string
  readonly isDevelopment: boolean
  /** Returns the session of this pod with this id; null: there is none. */
  readonly find: (sessionId: string) => Session | null
  readonly inbound: Pick<Inbound, 'post'>
  /** Returns a control event as JSON. */
  readonly describe: (event: ControlEvent) => Buffer
}

/**
 * A send needs the sender alone, so each pod takes it. A command needs the session, which one pod has. Another pod cannot tell a session of
 * that pod from one that never was: it refuses the command, and the client connects again.
 */
export function createHttpFrames(parts: HttpFramesParts): HttpFrames {
  return {
    authorize: (credentials) => authorize(credentials, parts),
    post: async ({ principal, sessionId, text }) => {
      const found = parts.find(sessionId)
      if (found !== null && found.principal.userId !== principal.userId) return failed(otherUser)
      const session = found?.isClosed === true ? null : found
      const answer = await parts.inbound.post({ principal, session, text })
      if (answer === null) return failed(unknownSession)
      return ok(answer.kind === 'event' ? parts.describe(answer.event) : answer.json)
    },
  }
}

/** The token in the header wins over that of the cookie. */
async function authorize({ origin, cookie, authorization }: FrameCredentials, parts: HttpFramesParts): Promise<Result<Principal, Problem>> {
  if (!parts.originPolicy(origin)) return failed(refuseOrigin(origin, parts))
  const inHeader = findToken({ authorization, cookie: null, subprotocols: [] }, parts)
  const found = inHeader.kind === 'absent' ? findCookieToken({ cookie, origin }, parts) : ok(inHeader)
  if (!found.ok) return found
  if (found.value.kind === 'absent') return failed(noToken)
  if (found.value.kind === 'unusable') return failed({ type: 'unauthenticated', detail: found.value.detail })
  const verified = await parts.authenticator.authenticate(found.value.token)
  return verified.ok ? ok(verified.value.principal) : failed(authenticationProblem(verified.error))
}

const noToken: Problem = {
  type: 'unauthenticated',
  detail:
    'The request has no token. Send that of the session as `Authorization: Bearer`, or in the cookie together with an allowed Origin.',
}
const otherUser: Problem = {
  type: 'forbidden',
  detail: 'The session is of another user than the token. Send a token of the user who opened the session.',
}
const unknownSession: Problem = {
  type: 'unknown-session',
  detail:
    'This pod has no such session: it has ended, or another pod has it. In place of the command, connect again with ?filters= and the new token.',
}
