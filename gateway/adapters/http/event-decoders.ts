import type { IncomingHttpHeaders } from 'node:http'
import type { Options } from '../../config/options.ts'
import type { EventProblem, IncomingEvent } from '../../event/cloud-event.ts'
import { decodeEmitMessage } from '../../event/emit-message.ts'
import { type DecodedRequest, decodeHttpEvents, type HttpBindingFailure } from '../../event/http-binding.ts'
import type { Problem } from '../../problem.ts'
import { failed, ok, type Result } from '../../result.ts'

export interface DecoderParts {
  readonly options: Pick<Options, 'maxEventBytes' | 'emitMaxBatch' | 'maxAudienceSize'>
  /** For a message without an id. */
  readonly newId: () => string
  /** For an event without a time. */
  readonly now: () => Date
}

/** How the body of each emit endpoint becomes events, or a problem that says what is wrong with it. */
export interface EventDecoders {
  emitMessage(headers: IncomingHttpHeaders, body: Buffer): Result<DecodedRequest, Problem>
  emitEvents(headers: IncomingHttpHeaders, body: Buffer): Result<DecodedRequest, Problem>
}

export function createEventDecoders({ options, newId, now }: DecoderParts): EventDecoders {
  const limits = { maxEventBytes: options.maxEventBytes, maxAudienceNames: options.maxAudienceSize, maxBatch: options.emitMaxBatch }
  return {
    emitMessage: (_headers, body) => {
      const decoded = decodeEmitMessage(body, { limits, newId, now })
      return decoded.ok ? ok({ events: [decoded.value], isBatch: false }) : failed(problemOf(decoded.error))
    },
    emitEvents: (headers, body) => {
      const decoded = decodeHttpEvents({ headers, body }, limits, now)
      return decoded.ok ? decoded : failed(problemOf(decoded.error))
    },
  }
}

/** The transport's context of a request that has none of its own: that of its only event, which stays as it is. */
export function ownTraceparent(events: readonly IncomingEvent[]): string | null {
  return events.length === 1 ? (events[0]?.event.attributes['traceparent'] ?? null) : null
}

function problemOf(failure: HttpBindingFailure): Problem {
  switch (failure.kind) {
    case 'unsupported-media-type':
    case 'not-json':
    case 'event-too-large':
    case 'batch-too-large':
      return { type: failure.kind, detail: failure.detail }
    case 'invalid-event':
      return { type: 'invalid-event', detail: `${describe(failure.problems)} Nothing was emitted.`, members: { problems: shorten(failure.problems) } }
    case 'invalid-batch':
      return { type: 'invalid-batch', detail: failure.detail, members: { events: shorten(failure.events).map(({ index, problems }) => ({ index, problems: shorten(problems) })) } }
  }
}

/** An answer is not larger for being about more mistakes than a person reads. */
const maxListed = 100
const shorten = <T>(problems: readonly T[]): readonly T[] => problems.slice(0, maxListed)

const maxDescribed = 3

function describe(problems: readonly EventProblem[]): string {
  const sentences = problems.slice(0, maxDescribed).map(({ attribute, detail }) => (attribute === null ? detail : `\`${attribute}\`: ${detail}`))
  const more = problems.length - sentences.length
  return more > 0 ? `${sentences.join(' ')} And ${more} more.` : sentences.join(' ')
}
