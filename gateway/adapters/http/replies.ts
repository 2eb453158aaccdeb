import type { FastifyError, FastifyReply } from 'fastify'
import { type Problem, type ProblemType, renderProblem, withRequestId } from '../../request/problem.ts'
import { badPercentEncoding } from '../../request/request-target.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** Type of the problem that was answered, for the log line; null: the answer was not a problem. */
    problem: ProblemType | null
  }
}

/**
 * Sends a problem as the whole answer.
 * @param headers headers of this problem only, such as `allow`
 */
export function replyProblem(reply: FastifyReply, problem: Problem, headers: Readonly<Record<string, string>> = {}): FastifyReply {
  const answer = withRequestId(renderProblem(problem), reply.request.id)
  reply.problem = problem.type
  return reply
    .code(answer.status)
    .headers({ ...answer.headers, ...headers })
    .send(answer.body)
}

/** Sends JSON that no cache may keep. */
export function replyJson(reply: FastifyReply, status: number, value: unknown): FastifyReply {
  // Text leaves in one write with the headers. The router adds no charset to JSON that it does not serialize itself, and JSON has none.
  return reply.code(status).headers(jsonHeaders).serializer(String).send(JSON.stringify(value))
}

/** Sends an answer without a body. No cache may keep it. */
export function replyEmpty(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').send()
}

/** Sends JSON that was serialized before and is shared by all connections. No cache may keep it. */
export function replyBytes(reply: FastifyReply, status: number, json: Buffer): FastifyReply {
  return reply.code(status).headers(jsonHeaders).send(json)
}

/** Sends an event in the JSON format. No cache may keep it. */
export function replyEvent(reply: FastifyReply, json: Buffer): FastifyReply {
  return reply
    .code(200)
    .headers({ ...jsonHeaders, 'content-type': 'application/cloudevents+json' })
    .send(json)
}

const jsonHeaders = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const

/**
 * Returns the problem of an exception of the router or the server. Null: the exception is a bug of ours, and its text is for the log alone.
 */
export function problemOfError(error: FastifyError): Problem | null {
  const status = error.statusCode ?? 500
  if (status >= 500) return null
  if (error.code === 'FST_ERR_BAD_URL') return badPercentEncoding
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') return longSessionId
  if (status === 413) return { type: 'body-too-large', detail: 'The body is larger than the limit. Send less at once.' }
  if (status === 415) return { type: 'unsupported-media-type', detail: 'The Content-Type header is not one that this endpoint takes.' }
  return { type: 'bad-request', detail: 'The request is malformed.' }
}

const longSessionId: Problem = {
  type: 'bad-request',
  detail: 'The id of a session in the path is too long. Send `session` of the first control event unchanged.',
}
