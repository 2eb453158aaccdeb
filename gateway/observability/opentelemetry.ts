import type { Tracing, TracingEnvironment, TracingOptions } from './tracer.ts'
import { disabledTracer } from './disabled-tracer.ts'

/** Each of these variables turns tracing on, unless another turns it off. */
const askingVariables = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_CONFIG_FILE',
] as const

/** Returns true when the standard variables turn tracing on. OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none win over all others. */
export function wantsTracing(env: TracingEnvironment): boolean {
  const value = (name: string): string => (env[name] ?? '').trim()
  if (value('OTEL_SDK_DISABLED').toLowerCase() === 'true' || value('OTEL_TRACES_EXPORTER') === 'none') return false
  return askingVariables.some((name) => value(name) !== '')
}

/**
 * Starts tracing as the standard OTEL_* variables configure it: OTLP over http/protobuf unless OTEL_EXPORTER_OTLP_PROTOCOL is http/json or grpc.
 *
 * Tracing is off when no variable turns it on, or when the SDK cannot start with its configuration. In the first case the SDK is not loaded, which
 * saves half a second and 60 MB. The SDK registers itself with the process: start it once, and again only after `stop`.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  if (!wantsTracing(options.env)) return { tracer: disabledTracer, stop: async () => {} }
  const { startSdk } = await import('./opentelemetry-sdk.ts')
  return startSdk(options)
}
