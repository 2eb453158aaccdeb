import { randomUUID } from 'node:crypto'
import type { Options } from '../config/options.ts'
import type { IncomingEvent } from '../event/cloud-event.ts'
import { decodeEmitMessage } from '../event/emit-message.ts'
import { decodeHttpEvents, type DecodedRequest, type HttpBindingFailure, type HttpEventsRequest } from '../event/http-binding.ts'
import type { Problem } from '../problem.ts'
import { failed, type Result } from '../result.ts'

/** Reads emit requests, and says what is wrong with them in the words of the problem table. */
export function createEmitDecoders(options: Pick<Options, 'maxEventBytes' | 'maxAudienceSize' | 'emitMaxBatch'>): EmitRequestDecoders {
  const limits = { maxEventBytes: options.maxEventBytes, maxAudienceNames: options.maxAudienceSize, maxBatch: options.emitMaxBatch }
  const now = (): Date => new Date()
  return {
    message: (body) => orProblem(decodeEmitMessage(body, { limits, newId: randomUUID, now })),
    events: (headers, body) => orProblem(decodeHttpEvents({ headers, body }, limits, now)),
  }
}

export interface EmitRequestDecoders {
  message(body: Buffer): Result<IncomingEvent, Problem>
  events(headers: HttpEventsRequest['headers'], body: Buffer): Result<DecodedRequest, Problem>
}

function orProblem<T>(decoded: Result<T, HttpBindingFailure>): Result<T, Problem> {
  return decoded.ok ? decoded : failed(problemOf(decoded.error))
}

function problemOf(failure: HttpBindingFailure): Problem {
  switch (failure.kind) {
    case 'invalid-event':
      return { type: 'invalid-event', detail: failure.problems.map(({ attribute, detail }) => (attribute === null ? detail : `${attribute} ${detail}`)).join(' '), members: { errors: failure.problems } }
    case 'invalid-batch':
      return { type: 'invalid-batch', detail: failure.detail, members: { events: failure.events } }
    default:
      return { type: failure.kind, detail: failure.detail }
  }
}
