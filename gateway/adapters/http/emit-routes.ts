import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { EmitAuthorizer, EmitCredentials } from '../../emit/emit-authorizer.ts'
import type { EmitContext, EmitService } from '../../emit/emit-service.ts'
import type { Problem } from '../../problem.ts'
import { ok, type Result } from '../../result.ts'
import { replyJson, replyProblem } from './replies.ts'
import type { BodyReader } from './request-body.ts'

export interface EmitParts<Event extends EmittedEvent> {
  readonly authorizer: EmitAuthorizer
  readonly emitService: EmitService<Event>
  readonly decoders: EmitDecoders<Event>
  readonly bodies: BodyReader
}

/** What an answer says of an event, and what its trace may continue. */
export interface EmittedEvent {
  readonly id: string
  readonly source: string
}

/** How a body becomes events. Pure. */
export interface EmitDecoders<Event> {
  message(body: Buffer): Result<Event, Problem>
  events(headers: IncomingHttpHeaders, body: Buffer): Result<DecodedEvents<Event>, Problem>
}

export interface DecodedEvents<Event> {
  /** At least one. */
  readonly events: readonly Event[]
  /** A batch is answered with a list, also when it has one event. */
  readonly isBatch: boolean
}

/**
 * Answers `POST emit-message` and `POST events`, docs/protocol.md section 7. Who asks is known before a byte of the body is held, and 202 is said only
 * after the log has acknowledged (G7).
 */
export function emitEvents<Event extends EmittedEvent>(parts: EmitParts<Event>, api: EmitContext['api']): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const decode = (request: FastifyRequest, body: Buffer): Result<DecodedEvents<Event>, Problem> => {
    if (api === 'events') return parts.decoders.events(request.headers, body)
    const message = parts.decoders.message(body)
    return message.ok ? ok({ events: [message.value], isBatch: false }) : message
  }
  return async (request, reply) => {
    const authorized = await parts.authorizer.authorize(readCredentials(request.headers))
    if (!authorized.ok) return replyProblem(reply, authorized.error)
    const context = { emitter: authorized.value, api, traceparent: readTraceparent(request.headers) }
    const outcome = await parts.bodies.withBody({ request: request.raw, response: reply.raw }, async (body) => {
      const decoded = decode(request, body)
      if (!decoded.ok) return decoded
      const emitted = await parts.emitService.emit(decoded.value.events, context)
      return emitted.ok ? decoded : emitted
    })
    if (!outcome.ok) return replyProblem(reply, outcome.error)
    return replyJson(reply, 202, describe(outcome.value))
  }
}

function describe({ events, isBatch }: DecodedEvents<EmittedEvent>): unknown {
  const references = events.map(({ id, source }) => ({ id, source }))
  return isBatch ? { events: references } : references[0]
}

function readCredentials(headers: IncomingHttpHeaders): EmitCredentials {
  const xRhIdentity = headers['x-rh-identity']
  return {
    origin: headers.origin ?? null,
    cookie: headers.cookie ?? null,
    authorization: headers.authorization ?? null,
    xRhIdentity: typeof xRhIdentity === 'string' ? xRhIdentity : null,
  }
}

/** W3C Trace Context, section 3.2; what is malformed is ignored, as section 4.3 asks. */
const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

function readTraceparent({ traceparent }: IncomingHttpHeaders): string | null {
  return typeof traceparent === 'string' && traceparentPattern.test(traceparent) ? traceparent : null
}
