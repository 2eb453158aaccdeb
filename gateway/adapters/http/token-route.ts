import type { FastifyReply, FastifyRequest } from 'fastify'
import { repeatsMember } from '../../audience/repeated-members.ts'
import type { Problem } from '../../request/problem.ts'
import { parseBody } from '../../event/parse-body.ts'
import { failed, type Result } from '../../../program/result.ts'
import { replyJson, replyProblem } from './replies.ts'
import type { BodyReader } from './request-body.ts'

export interface TokenParts {
  /** Checks the claims, and signs a token with them. The error names the wrong claim. Development mode only. */
  readonly issueToken: (claims: unknown) => Promise<Result<string, string>>
  readonly bodies: BodyReader
}

/** Answers `POST /dev/token` with a token for any user. It therefore exists in development mode only. */
export function issueToken(parts: TokenParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const outcome = await parts.bodies.withBody({ request: request.raw, response: reply.raw }, async (body) => {
      const claims = parseBody(body)
      if (!claims.ok) return failed<Problem>({ type: claims.error.kind, detail: `${claims.error.detail} ${expectedBody}` })
      if (repeatsMember(body, claims.value))
        return failed<Problem>({
          type: 'bad-request',
          detail: `A claim is there twice, and only one of the two would count. ${expectedBody}`,
        })
      const token = await parts.issueToken(claims.value)
      return token.ok ? token : failed<Problem>({ type: 'bad-request', detail: token.error })
    })
    if (!outcome.ok) return replyProblem(reply, outcome.error)
    return replyJson(reply, 200, { token: outcome.value })
  }
}

const expectedBody = 'Send a JSON object of claims, like {"user_id": "u1", "org_id": "o1", "roles": ["admin"]}.'
