import type { FastifyReply, FastifyRequest } from 'fastify'
import { isStructuredEvent } from '../../event/http-binding.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { fixedProblem } from '../../request/problem.ts'
import type { HttpFrames } from '../../session/http-frames.ts'
import { replyEvent, replyProblem } from './replies.ts'
import type { BodyReader } from './request-body.ts'

export interface FramesParts {
  readonly frames: HttpFrames
  readonly metrics: Pick<Metrics, 'inboundFrames'>
  /** Returns a number that changes with each revocation. */
  readonly rightsVersion: () => number
}

/**
 * Answers `POST sessions/ID/frames`, docs/protocol.md section 5.3. The sender is known before a byte of the body is held. The answer is the
 * event that a WebSocket would have got; a request that does not come as far as a frame is answered with a problem.
 */
export function takeFrames({
  frames,
  metrics,
  rightsVersion,
  bodies,
}: FramesParts & { readonly bodies: BodyReader }): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const { headers } = request
    const rights = rightsVersion()
    const credentials = {
      origin: headers.origin ?? null,
      cookie: headers.cookie ?? null,
      authorization: headers.authorization ?? null,
    }
    const sender = await frames.authorize(credentials)
    if (!sender.ok) return replyProblem(reply, sender.error)
    if (!isStructuredEvent(headers['content-type'] ?? '')) return replyProblem(reply, wrongType)
    const answer = await bodies.withBody({ request: request.raw, response: reply.raw }, async (text) => {
      metrics.inboundFrames.add(1)
      // The body may have taken a while, and the token may be revoked since.
      const by = rightsVersion() === rights ? sender : await frames.authorize(credentials)
      return by.ok ? frames.post({ principal: by.value, sessionId: sessionOf(request), text }) : by
    })
    return answer.ok ? replyEvent(reply, answer.value) : replyProblem(reply, answer.error)
  }
}

function sessionOf({ params }: FastifyRequest): string {
  const { session } = params as { readonly session: string } // the router calls the handler for paths with this parameter alone
  return session
}

const wrongType = fixedProblem({
  type: 'unsupported-media-type',
  detail: 'A frame is one CloudEvent in the JSON format. Send it with `Content-Type: application/cloudevents+json`.',
})
