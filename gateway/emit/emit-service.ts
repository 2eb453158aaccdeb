import { audienceKind } from '../audience/audience.ts'
import type { CloudEvent } from '../event/cloud-event.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Span, Tracer } from '../observability/tracer.ts'
import type { Problem } from '../problem.ts'
import { failed, ok, type Result } from '../../program/result.ts'
import type { Emitter } from './authorize-emit.ts'
import type { EventPublisher, OutgoingRecord, PublishFailure } from './event-publisher.ts'
import { InFlight } from './in-flight.ts'
import type { RateLimiter } from './rate-limiter.ts'

/** Puts events that were decoded and allowed into the log. */
export interface EmitService {
  /**
   * Resolves with ok after the log has acknowledged all of the events, never before (G7). Any other outcome means that some may be in the
   * log and some not; emitting them again with the same source and id is safe.
   *
   * Never rejects but for a bug. Problems: too-many-requests, overloaded, batch-too-large, event-too-large, not-acknowledged,
   * refused-by-log.
   * @param events at least one; they are appended in this order
   */
  emit(events: readonly CloudEvent[], context: EmitContext): Promise<Result<void, Problem>>
}

export interface EmitContext {
  readonly emitter: Emitter
  readonly api: 'emit-message' | 'events'
  /** The W3C trace context that the request came with; null when it has none. */
  readonly traceparent: string | null
  /** The id by which the request is found in the log. */
  readonly requestId: string
}

export interface EmitServiceParts {
  readonly publisher: EventPublisher
  /** Counts the rate of each emitter, by `clock`. */
  readonly rateLimiter: Pick<RateLimiter, 'take'>
  /** @param transport.traceparent goes into the headers of the record; the event's own is never rewritten */
  readonly encode: (event: CloudEvent, transport: { readonly traceparent: string | null }) => OutgoingRecord
  /** Events of this pod that may wait for their acknowledgement at a time. */
  readonly maxInFlight: number
  /** How long one emit waits for its acknowledgement. */
  readonly timeoutMs: number
  readonly tracer: Tracer
  readonly logger: Pick<Logger, 'debug'>
  readonly metrics: Pick<Metrics, 'emitted' | 'emitLatency' | 'emitInFlight' | 'logWritable'>
  /** Milliseconds of a clock that does not run backwards. */
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
        // After the place in the queue was won: whoever is refused for want of room has not spent their rate on it.
        const waitMs = parts.rateLimiter.take(context.emitter.subject, events.length, startedMs)
        if (waitMs > 0) return failed(rateExceeded(waitMs))
        const published = await publishTraced(events, context, parts)
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

/** Logs each event, so that one that reached no browser can be found. Never logs its data or a name of its audience. */
function logEvents(events: readonly CloudEvent[], { api, requestId }: EmitContext, logger: EmitServiceParts['logger']): void {
  for (const { id, source, attributes, audience } of events)
    logger.debug(() => ({ requestId, api, id, source, type: attributes['type'], audience: audienceKind(audience) }), 'event emitted')
}

/** One span for the request, and one per event below it: its context travels with the record. */
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
    // With tracing off the spans have no context of their own, and the caller's is passed on.
    const records = events.map((event, index) =>
      parts.encode(event, { traceparent: publishSpans[index]?.traceparent ?? context.traceparent }),
    )
    const published = await parts.publisher.publish(records, { timeoutMs: parts.timeoutMs })
    endAll(spans, published.ok ? null : `${published.error.kind}: ${published.error.detail}`)
    return published
  } catch (bug) {
    endAll(spans, 'something broke in the gateway')
    throw bug
  }
}

function endAll(spans: readonly Span[], error: string | null): void {
  for (const span of spans) span.end(error === null ? {} : { error })
}

/** Tells the gauge. A record that is too large says nothing about the log. */
function reportWritable(published: Result<void, PublishFailure>, { metrics }: Pick<EmitServiceParts, 'metrics'>): void {
  if (published.ok) metrics.logWritable.set(1)
  else if (published.error.kind !== 'too-large') metrics.logWritable.set(0)
}

/** How long a client should wait for a broker that does not answer, in milliseconds: about as long as a new leader takes to be chosen. */
const brokerPauseMs = 2000

/** The publisher's own words are for the trace: they may name brokers. */
function problemOf(failure: PublishFailure): Problem {
  switch (failure.kind) {
    case 'too-large':
      return {
        type: 'event-too-large',
        detail: 'The log does not take an event of this size. Send a reference to what is large, and not the thing itself.',
      }
    case 'refused':
      return { type: 'refused-by-log', detail: `${failure.isPartial ? refusedInPart : refusedWhole} ${refusalRemedy}` }
    case 'timeout':
    case 'unavailable':
      return {
        type: 'not-acknowledged',
        detail:
          'The log has not acknowledged: the events may be in it, or not. Send them again, which is safe with the same source and id.',
        retryAfterMs: brokerPauseMs,
      }
  }
}

const refusedWhole = 'The log refused the events. It has none of them.'
const refusedInPart = 'The log refused an event. It has others of this request, or may have them.'
const refusalRemedy =
  'Ask the operator of this gateway: its log says why. Then send all of them again, which is safe with the same source and id.'

const overloaded: Problem = {
  type: 'overloaded',
  detail: 'As many events as may (EMIT_MAX_IN_FLIGHT) wait for the acknowledgement of the log. Send the events again after a pause.',
  retryAfterMs: 1000,
}

const batchTooLarge = (max: number): Problem => ({
  type: 'batch-too-large',
  detail: `A batch may have at most ${max} events here (EMIT_MAX_IN_FLIGHT). Send it in parts.`,
})

function rateExceeded(waitMs: number): Problem {
  if (waitMs === Infinity) {
    return { type: 'batch-too-large', detail: 'The batch has more events than an emitter may send at once (EMIT_BURST). Send it in parts.' }
  }
  return {
    type: 'too-many-requests',
    detail: 'This emitter sends faster than it may (EMIT_RATE_PER_S). Send the events again after the pause.',
    retryAfterMs: waitMs,
  }
}
