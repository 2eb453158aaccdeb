import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { EmitAuthorizer } from '../../emit/authorize-emit.ts'
import type { EmitContext, EmitService } from '../../emit/emit-service.ts'
import { createEmitDecoders, type EmitDecoderOptions } from './emit-decoders.ts'
import type { CloudEvent } from '../../event/cloud-event.ts'
import type { DecodedRequest } from '../../event/http-binding.ts'
import type { Problem } from '../../request/problem.ts'
import { ok, type Result } from '../../../program/result.ts'
import { readCredentials } from './credentials.ts'
import { distinctHeaders } from './distinct-headers.ts'
import { readPreference } from './preferences.ts'
import { replyEmpty, replyJson, replyProblem } from './replies.ts'
import type { BodyReader } from './request-body.ts'

export interface EmitParts {
  readonly authorizer: EmitAuthorizer
  readonly emitService: EmitService
  readonly options: EmitDecoderOptions
  readonly bodies: BodyReader
  /** Returns a number that changes with each revocation. */
  readonly rightsVersion: () => number
}

/**
 * Answers `POST emit-message` and `POST events`, docs/protocol.md section 7. The caller is known before a byte of the body is held. The
 * answer 202 is sent only after Kafka has acknowledged (G7). A caller that prefers so gets 202 without a body. A refusal is always a
 * problem.
 */
export function emitEvents(
  parts: EmitParts,
  api: EmitContext['api'],
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const decoders = createEmitDecoders(parts.options)
  const decode = (request: IncomingMessage, body: Buffer): Result<DecodedRequest, Problem> => {
    if (api === 'events') return decoders.events(distinctHeaders(request), body)
    const message = decoders.message(body)
    return message.ok ? ok({ events: [message.value], isBatch: false }) : message
  }
  return async (request, reply) => {
    const rights = parts.rightsVersion()
    const credentials = readCredentials(request.headers)
    const authorized = await parts.authorizer.authorize(credentials)
    if (!authorized.ok) return replyProblem(reply, authorized.error)
    const outcome = await parts.bodies.withBody({ request: request.raw, response: reply.raw }, async (body) => {
      const decoded = decode(request.raw, body)
      if (!decoded.ok) return decoded
      const { events } = decoded.value
      if (events.length === 0) return decoded
      // The body may have taken a while, and the token may be revoked since.
      const by = parts.rightsVersion() === rights ? authorized : await parts.authorizer.authorize(credentials)
      if (!by.ok) return by
      const traceparent = wellFormed(request.headers['traceparent']) ?? wellFormed(ownTraceparent(events))
      const emitted = await parts.emitService.emit(events, { emitter: by.value, api, traceparent, requestId: request.id })
      return emitted.ok ? decoded : emitted
    })
    if (!outcome.ok) return replyProblem(reply, outcome.error)
    const { isMinimal, applied } = readPreference(request.headers['prefer']?.toString())
    if (applied !== null) reply.header('preference-applied', applied)
    return isMinimal ? replyEmpty(reply, 202) : replyJson(reply, 202, describe(outcome.value))
  }
}

/** A batch is answered with a list, also with one event or none. */
function describe({ events, isBatch }: DecodedRequest): unknown {
  const references = events.map(({ id, source }) => ({ id, source }))
  return isBatch ? { events: references } : references[0]
}

/** W3C Trace Context, section 3.2. A malformed header is ignored, as section 4.3 asks. */
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** Returns the context of a request without one: that of its only event, which stays unchanged. */
function ownTraceparent(events: readonly CloudEvent[]): unknown {
  return events.length === 1 ? events[0]?.attributes['traceparent'] : null
}

function wellFormed(traceparent: unknown): string | null {
  return typeof traceparent === 'string' && traceparentPattern.test(traceparent) ? traceparent : null
}
