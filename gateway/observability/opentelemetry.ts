import { disabledTracer } from './disabled-tracer.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Tracer } from './tracer.ts'

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
