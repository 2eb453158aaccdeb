import type { Logger } from '../../program/log/logger.ts'

/**
 * Spans, as the core needs them. Off (every method does nothing) unless `OTEL_*` asks for an exporter. One span per event, never per
 * delivery.
 */
export interface Tracer {
  /** False: nothing is exported, callers may skip preparing attributes. */
  readonly enabled: boolean
  /** @param parent a W3C `traceparent`; null begins a trace. A parent that is not sampled makes a span that costs next to nothing. */
  startSpan(
    name: SpanName,
    options: {
      readonly parent: string | null
      readonly kind: 'server' | 'producer' | 'consumer' | 'internal'
      readonly attributes?: SpanAttributes
    },
  ): Span
}

export interface Span {
  /**
   * The W3C `traceparent` of this span, for its children; null when tracing is off. It travels in the transport (the Kafka header
   * `traceparent`) and nowhere else: an event's own `traceparent` extension belongs to whoever made the event, and is never rewritten.
   */
  readonly traceparent: string | null
  end(outcome?: { readonly attributes?: SpanAttributes; readonly error?: string }): void
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>
export type SpanName = 'emit' | 'publish' | 'consume' | 'deliver'

export interface TracingOptions {
  /** `service.name`, where neither OTEL_SERVICE_NAME nor OTEL_RESOURCE_ATTRIBUTES says another. */
  readonly serviceName: string
  /** `service.version`. */
  readonly version: string
  /** Decides whether tracing is on. The SDK reads the details (endpoint, headers, sampler, batching) from the process's own environment. */
  readonly env: TracingEnvironment
  /** Hears what goes wrong with exporting. @default nobody */
  readonly logger?: Logger
}

export type TracingEnvironment = Readonly<Record<string, string | undefined>>

export interface Tracing {
  readonly tracer: Tracer
  /** Exports what is waiting, for `deadlineMs` at the most, and ends. Idempotent; never rejects. @default 5000 */
  stop(options?: { readonly deadlineMs: number }): Promise<void>
}
