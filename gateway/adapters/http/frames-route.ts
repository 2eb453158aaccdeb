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
}

/**
 * Answers `POST sessions/ID/frames`, docs/protocol.md section 5.3. The sender is known before a byte of the body is held. The answer is the
 * event that a WebSocket would have got; a request that does not come as far as a frame is answered with a problem.
 */
export function takeFrames({
  frames,
  metrics,
  bodies,
}: FramesParts & { readonly bodies: BodyReader }): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const { headers } = request
    const sender = await frames.authorize({
      origin: headers.origin ?? null,
      cookie: headers.cookie ?? null,
      authorization: headers.authorization ?? null,
    })
    if (!sender.ok) return replyProblem(reply, sender.error)
    if (!isStructuredEvent(headers['content-type'] ?? '')) return replyProblem(reply, wrongType)
    const answer = await bodies.withBody({ request: request.raw, response: reply.raw }, async (text) => {
      metrics.inboundFrames.add(1)
      return frames.post({ principal: sender.value, sessionId: sessionOf(request), text })
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
