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
export type SpanName = 'emit' | 'publish' | 'consume' | 'deliver'
