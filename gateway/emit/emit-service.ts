import { audienceKind } from '../audience/audience.ts'
import type { CloudEvent } from '../event/cloud-event.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Span, Tracer } from '../observability/tracer.ts'
import type { Problem } from '../request/problem.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Emitter } from './authorize-emit.ts'
import type { EventPublisher, PublishFailure } from './event-publisher.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import { InFlight } from './in-flight.ts'
import type { RateLimiter } from './rate-limiter.ts'

/** Puts decoded and authorized events into the topic. */
export interface EmitService {
  /**
   * Resolves with ok after the brokers have acknowledged all events, never before (G7). With any other result, some events may be in the topic.
   * Emitting all again with the same source and id is safe.
   *
   * Rejects only for a bug. Problems: too-many-requests, overloaded, batch-too-large, event-too-large, not-acknowledged, refused-by-log.
   * @param events at least one; they are appended in this order
   */
  emit(events: readonly CloudEvent[], context: EmitContext): Promise<Result<void, Problem>>
}

export interface EmitContext {
  readonly emitter: Emitter
  readonly api: 'emit-message' | 'events'
  /** The W3C trace context of the request; null: none. */
  readonly traceparent: string | null
  /** The id of the request in log lines. */
  readonly requestId: string
}

export interface EmitServiceParts {
  readonly publisher: EventPublisher
  /** Counts the rate of each emitter, by `clock`. */
  readonly rateLimiter: Pick<RateLimiter, 'take'>
  /** Makes the record of an event. @param transport.traceparent for the headers of the record; the event's own is never rewritten */
  readonly encode: (event: CloudEvent, transport: { readonly traceparent: string | null }) => OutgoingRecord
  /** Most events of this pod that wait for their acknowledgement at a time. */
  readonly maxInFlight: number
  /** Longest wait of one emit for its acknowledgement, in milliseconds. */
  readonly timeoutMs: number
  readonly tracer: Tracer
  readonly logger: Pick<Logger, 'debug'>
  readonly metrics: Pick<Metrics, 'emitted' | 'emitLatency' | 'emitInFlight' | 'logWritable'>
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
}

export function createEmitService(parts: EmitServiceParts): EmitService {
  const inFlight = new InFlight(parts.maxInFlight)
  parts.metrics.emitInFlight.collect(() => inFlight.count)
  parts.metrics.logWritable.set(1)
  return {
    emit: async (events, context) => {
      const startedMs = parts.clock()
      if (!inFlight.fits(events.length)) return failed(batchTooLarge(parts.maxInFlight))
      if (!inFlight.enter(events.length)) return failed(overloaded)
      try {
        // The rate comes second, so that a refusal for lack of room costs the emitter none of it.
        const waitMs = parts.rateLimiter.take(context.emitter.subject, events.length, startedMs)
        if (waitMs > 0) return failed(rateExceeded(waitMs))
        const published = await (parts.tracer.enabled ? publishTraced : publish)(events, context, parts)
        reportWritable(published, parts)
        if (!published.ok) return failed(problemOf(published.error))
      } finally {
        inFlight.leave(events.length)
      }
      parts.metrics.emitted.add(events.length, { api: context.api })
      parts.metrics.emitLatency.observe((parts.clock() - startedMs) / 1000)
      logEvents(events, context, parts.logger)
      return ok(undefined)
    },
  }
}

/** Logs each event, so that an event that reached no browser can be traced. Never logs its data or a name of its audience. */
function logEvents(events: readonly CloudEvent[], { api, requestId }: EmitContext, logger: EmitServiceParts['logger']): void {
  for (const { id, source, attributes, audience } of events)
    logger.debug(() => ({ requestId, api, id, source, type: attributes['type'], audience: audienceKind(audience) }), 'event emitted')
}

/** Publishes without spans. The caller's trace context is passed on. */
function publish(
  events: readonly CloudEvent[],
  transport: Pick<EmitContext, 'traceparent'>,
  { publisher, encode, timeoutMs }: EmitServiceParts,
): Promise<Result<void, PublishFailure>> {
  return publisher.publish(
    events.map((event) => encode(event, transport)),
    { timeoutMs },
  )
}

/** Publishes with one span for the request, and below it one per event, whose context travels with the record. */
async function publishTraced(
  events: readonly CloudEvent[],
  context: EmitContext,
  parts: EmitServiceParts,
): Promise<Result<void, PublishFailure>> {
  const emitSpan = parts.tracer.startSpan('emit', {
    parent: context.traceparent,
    kind: 'server',
    attributes: { 'carillon.api': context.api, 'carillon.events': events.length },
  })
  const publishSpans = events.map(() => parts.tracer.startSpan('publish', { parent: emitSpan.traceparent, kind: 'producer' }))
  const spans = [...publishSpans, emitSpan]
  try {
    const records = events.map((event, index) =>
      parts.encode(event, { traceparent: publishSpans[index]?.traceparent ?? context.traceparent }),
    )
    const published = await parts.publisher.publish(records, { timeoutMs: parts.timeoutMs })
    endAll(spans, published.ok ? null : `${published.error.kind}: ${published.error.detail}`)
    return published
  } catch (bug) {
    endAll(spans, 'internal error in the gateway')
    throw bug
  }
}

function endAll(spans: readonly Span[], error: string | null): void {
  for (const span of spans) span.end(error === null ? {} : { error })
}

/** Sets the gauge. A record that is too large says nothing about the brokers. */
function reportWritable(published: Result<void, PublishFailure>, { metrics }: Pick<EmitServiceParts, 'metrics'>): void {
  if (published.ok) metrics.logWritable.set(1)
  else if (published.error.kind !== 'too-large') metrics.logWritable.set(0)
}

/** Time that a client should wait for a broker that does not answer, in milliseconds: about as long as the election of a leader. */
const brokerPauseMs = 2000

/** Returns the problem of a failure. The publisher's own text goes only to the trace, because it may name brokers. */
function problemOf(failure: PublishFailure): Problem {
  switch (failure.kind) {
    case 'too-large':
      return {
        type: 'event-too-large',
        detail: 'The event is too large for the topic. Send a reference to the large data in place of the data.',
      }
    case 'refused':
      return { type: 'refused-by-log', detail: `${failure.isPartial ? refusedInPart : refusedWhole} ${refusalRemedy}` }
    case 'timeout':
    case 'unavailable':
      return {
        type: 'not-acknowledged',
        detail:
          'The brokers have not acknowledged the events, which may be in the topic or not. Send them again: with the same source and id this is safe.',
        retryAfterMs: brokerPauseMs,
      }
  }
}

const refusedWhole = 'The brokers refused the events. None of them is in the topic.'
const refusedInPart = 'The brokers refused an event. Other events of this request are, or may be, in the topic.'
const refusalRemedy =
  'Ask the administrator of the gateway: its log lines have the reason. Then send all events again: with the same source and id this is safe.'

const overloaded: Problem = {
  type: 'overloaded',
  detail: 'Too many events wait for their acknowledgement (EMIT_MAX_IN_FLIGHT). Send the events again after a pause.',
  retryAfterMs: 1000,
}

const batchTooLarge = (max: number): Problem => ({
  type: 'batch-too-large',
  detail: `The batch has more than ${max} events (EMIT_MAX_IN_FLIGHT). Send it in parts.`,
})

function rateExceeded(waitMs: number): Problem {
  if (waitMs === Infinity) {
    return { type: 'batch-too-large', detail: 'The batch has more events than an emitter may send at once (EMIT_BURST). Send it in parts.' }
  }
  return {
    type: 'too-many-requests',
    detail: 'The emitter has reached its rate limit (EMIT_RATE_PER_S). Send the events again after the pause.',
    retryAfterMs: waitMs,
  }
}
