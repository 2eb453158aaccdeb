import type { Tracing, TracingEnvironment, TracingOptions } from './tracer.ts'
import { disabledTracer } from './disabled-tracer.ts'

/** Variables any of which turns tracing on, as long as nothing turns it off. */
const askingVariables = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
  'OTEL_CONFIG_FILE',
] as const

/** Whether the standard variables ask for traces. OTEL_SDK_DISABLED=true and OTEL_TRACES_EXPORTER=none say no, whatever else is set. */
export function wantsTracing(env: TracingEnvironment): boolean {
  const value = (name: string): string => (env[name] ?? '').trim()
  if (value('OTEL_SDK_DISABLED').toLowerCase() === 'true' || value('OTEL_TRACES_EXPORTER') === 'none') return false
  return askingVariables.some((name) => value(name) !== '')
}

/**
 * Tracing as the standard OTEL_* variables want it: OTLP over http/protobuf unless OTEL_EXPORTER_OTLP_PROTOCOL says http/json or grpc.
 * Off, without even loading the SDK (half a second, 60 MB), when nothing asks for it, or when the SDK cannot start as it is configured.
 * The SDK registers itself with the process: start it once, and again only after `stop`.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  if (!wantsTracing(options.env)) return { tracer: disabledTracer, stop: async () => {} }
  const { startSdk } = await import('./opentelemetry-sdk.ts')
  return startSdk(options)
}
