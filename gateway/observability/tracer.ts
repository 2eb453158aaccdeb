import type { Logger } from '../../program/log/logger.ts'

/**
 * Spans for the core: one per event, never one per delivery. Off unless `OTEL_*` turns tracing on; then every method does nothing.
 */
export interface Tracer {
  /** False: nothing is exported, and callers may skip preparing attributes. */
  readonly enabled: boolean
  /** @param parent a W3C `traceparent`; null starts a trace. A span whose parent is not sampled costs almost nothing. */
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
   * The W3C `traceparent` of this span, for its children; null when tracing is off. It travels in the transport only (the Kafka header `traceparent`).
   * An event's own `traceparent` extension belongs to its producer and is never rewritten.
   */
  readonly traceparent: string | null
  end(outcome?: { readonly attributes?: SpanAttributes; readonly error?: string }): void
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>
export type SpanName = 'emit' | 'send' | 'publish' | 'consume' | 'deliver'

export interface TracingOptions {
  /** `service.name`, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES sets another. */
  readonly serviceName: string
  /** `service.version`. */
  readonly version: string
  /** Decides whether tracing is on. The SDK reads the details (endpoint, headers, sampler, batching) from the process's own environment. */
  readonly env: TracingEnvironment
  /** Gets the SDK's messages about failed exports. @default none */
  readonly logger?: Logger
}

export type TracingEnvironment = Readonly<Record<string, string | undefined>>

export interface Tracing {
  readonly tracer: Tracer
  /** Exports the spans that wait, for at most `deadlineMs`, and ends. Idempotent; never rejects. @default 5000 */
  stop(options?: { readonly deadlineMs: number }): Promise<void>
}
