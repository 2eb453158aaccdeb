import { randomUUID } from 'node:crypto'
import type { Options } from '../../config/options.ts'
import type { CloudEvent } from '../../event/cloud-event.ts'
import { describeProblems } from '../../event/describe-problems.ts'
import { decodeEmitMessage } from '../../event/emit-message.ts'
import { decodeHttpEvents, type DecodedRequest, type HttpBindingFailure, type HttpEventsRequest } from '../../event/http-binding.ts'
import type { Problem } from '../../request/problem.ts'
import { failed, type Result } from '../../../program/result.ts'

/** Reads emit requests. Describes their faults in the words of the problem table. */
export function createEmitDecoders(options: EmitDecoderOptions): EmitRequestDecoders {
  const limits = { maxEventBytes: options.maxEventBytes, maxAudienceNames: options.maxAudienceSize, maxBatch: options.emitMaxBatch }
  const now = (): Date => new Date()
  return {
    message: (body) => orProblem(decodeEmitMessage(body, { limits, newId: randomUUID, now })),
    events: (headers, body) => orProblem(decodeHttpEvents({ headers, body }, limits, now)),
  }
}

export type EmitDecoderOptions = Pick<Options, 'maxEventBytes' | 'maxAudienceSize' | 'emitMaxBatch'>

export interface EmitRequestDecoders {
  message(body: Buffer): Result<CloudEvent, Problem>
  events(headers: HttpEventsRequest['headers'], body: Buffer): Result<DecodedRequest, Problem>
}

function orProblem<T>(decoded: Result<T, HttpBindingFailure>): Result<T, Problem> {
  return decoded.ok ? decoded : failed(problemOf(decoded.error))
}

function problemOf(failure: HttpBindingFailure): Problem {
  switch (failure.kind) {
    case 'invalid-event':
      return {
        type: 'invalid-event',
        detail: describeProblems(failure.problems),
        members: { errors: failure.problems.slice(0, maxListed) },
      }
    case 'invalid-batch':
      return { type: 'invalid-batch', detail: failure.detail, members: { events: listEvents(failure.events) } }
    default:
      return { type: failure.kind, detail: failure.detail }
  }
}

/** An answer does not grow with the faults of the request beyond what people read. This is the limit on its problems. */
const maxListed = 100

type WrongEvents = Extract<HttpBindingFailure, { readonly kind: 'invalid-batch' }>['events']

function listEvents(events: WrongEvents): WrongEvents {
  let room = maxListed
  return events.slice(0, maxListed).flatMap(({ index, problems }) => {
    const listed = problems.slice(0, room)
    room -= listed.length
    return listed.length === 0 ? [] : [{ index, problems: listed }]
  })
}
