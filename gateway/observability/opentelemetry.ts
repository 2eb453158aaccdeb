import { disabledTracer } from './disabled-tracer.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Tracer } from './tracer.ts'

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
