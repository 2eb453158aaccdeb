import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../../problem.ts'
import { failed, ok, type Result } from '../../result.ts'
import { replyJson, replyProblem } from './replies.ts'
import type { BodyReader } from './request-body.ts'

export interface TokenParts {
  /** Judges the claims, and signs a token with them. The error says which claim is wrong. Development mode only. */
  readonly issueToken: (claims: unknown) => Promise<Result<string, string>>
  readonly bodies: BodyReader
}

/** Answers `POST /dev/token`: a token for anybody, which is why it exists in development mode only. */
export function issueToken(parts: TokenParts): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const outcome = await parts.bodies.withBody({ request: request.raw, response: reply.raw }, async (body) => {
      const claims = parseJson(body)
      if (!claims.ok) return claims
      const token = await parts.issueToken(claims.value)
      return token.ok ? token : failed<Problem>({ type: 'bad-request', detail: token.error })
    })
    if (!outcome.ok) return replyProblem(reply, outcome.error)
    return replyJson(reply, 200, { token: outcome.value })
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson(body: Buffer): Result<unknown, Problem> {
  try {
    return ok(JSON.parse(utf8.decode(body)))
  } catch {
    // Not UTF-8, not JSON, or nothing at all: one answer fits them.
    return failed({
      type: 'not-json',
      detail: 'The body must be a JSON object of claims in UTF-8, like {"user_id": "u1", "org_id": "o1", "roles": ["admin"]}.',
    })
  }
}
