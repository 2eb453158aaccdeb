/** A span, and the pod that it comes from. */
export interface TracedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Empty for the root span. */
  readonly parentSpanId: string
  readonly startMs: number
  readonly endMs: number
  readonly pod: string
  readonly node: string
}

// The JSON encoding of opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest, as far as this file reads it.
export interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[]
  }[]
}
interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string }
}
interface ExportedSpan extends Pick<TracedSpan, 'name' | 'traceId' | 'spanId'> {
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

export function spansOf(requests: readonly Exported[]): readonly TracedSpan[] {
  return requests
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ resource, scopeSpans }) => {
      const attribute = (key: string): string => resource.attributes.find((each) => each.key === key)?.value.stringValue ?? ''
      return scopeSpans
        .flatMap(({ spans }) => spans)
        .map(({ name, traceId, spanId, parentSpanId = '', startTimeUnixNano, endTimeUnixNano }) => ({
          name,
          traceId,
          spanId,
          parentSpanId,
          startMs: Number(BigInt(startTimeUnixNano) / 1000n) / 1000,
          endMs: Number(BigInt(endTimeUnixNano) / 1000n) / 1000,
          pod: attribute('k8s.pod.name'),
          node: attribute('k8s.node.name'),
        }))
    })
}

/** Returns the spans with this parent, the earliest first. */
export const childrenOf = (spans: readonly TracedSpan[], spanId: string): readonly TracedSpan[] =>
  spans.filter(({ parentSpanId }) => parentSpanId === spanId).toSorted((a, b) => a.startMs - b.startMs)

/** Renders a trace for people: each span below its parent, with its start, its duration and its pod. */
export function renderTrace(spans: readonly TracedSpan[], callerSpanId: string): string {
  const lines = linesBelow(spans, callerSpanId, '')
  const beganMs = Math.min(...lines.map(({ span }) => span.startMs))
  const width = Math.max(...lines.map(({ text }) => text.length))
  const ms = (value: number): string => `${value.toFixed(1)} ms`.padStart(10)
  return lines
    .map(
      ({ text, span }) =>
        `${text.padEnd(width)} ${ms(span.startMs - beganMs)} ${ms(span.endMs - span.startMs)}  ${span.pod} on ${span.node}`,
    )
    .join('\n')
}

function linesBelow(
  spans: readonly TracedSpan[],
  spanId: string,
  indent: string,
): readonly { readonly text: string; readonly span: TracedSpan }[] {
  return childrenOf(spans, spanId).flatMap((span) => [
    { text: `${indent}${span.name}`, span },
    ...linesBelow(spans, span.spanId, `${indent}  `),
  ])
}
