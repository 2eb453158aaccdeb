import {
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  diag,
  isSpanContextValid,
  metrics,
  propagation,
  trace,
  type Span as SdkSpan,
  type Tracer as SdkTracer,
  type Context,
} from '@opentelemetry/api'
import { startNodeSdk } from '@opentelemetry/sdk-node'
import { disabledTracer } from './disabled-tracer.ts'
import type { Logger } from '../../program/log/logger.ts'
import { withDeadline } from '../../program/waiting.ts'
import type { Tracing, TracingEnvironment, TracingOptions, Span, Tracer } from './tracer.ts'
import { formatTraceparent, parseTraceparent, type TraceContext } from '../request/traceparent.ts'

/** Starts the SDK; only `startTracing` imports this file, because importing it loads the SDK. */
export function startSdk({ serviceName, version, env, logger }: TracingOptions): Tracing {
  const sdk = startNodeSdk({
    logLevel: 'error',
    resourceAttributes: resourceAttributes(env, { serviceName, version }),
    // Traces alone: metrics are scraped, logs are written to standard output, and no library is instrumented.
    metricReaders: [],
    logRecordProcessors: [],
    propagators: [],
  })
  if (logger !== undefined) diag.setLogger(diagnosticsTo(logger), { logLevel: diagnosticsLevel(env), suppressOverrideMessage: true })
  const sdkTracer = trace.getTracer(serviceName, version)
  // The SDK itself logs why it did not start. It then makes spans without an identity.
  const hasStarted = isSpanContextValid(sdkTracer.startSpan('probe').spanContext())
  let stopped: Promise<void> | null = null
  return {
    tracer: hasStarted ? createTracer(sdkTracer, { passesUnsampledOn: followsParent(env) }) : disabledTracer,
    stop: ({ deadlineMs } = { deadlineMs: 5_000 }) => (stopped ??= shutDown(sdk.shutdown, deadlineMs, logger)),
  }
}

/**
 * Cuts the command line to the program, because the SDK would send its options, too. The version is the gateway's. All other attributes may come from
 * the environment.
 */
function resourceAttributes(
  env: TracingEnvironment,
  { serviceName, version }: { readonly serviceName: string; readonly version: string },
): Record<string, string | string[]> {
  const isNamed = (env['OTEL_SERVICE_NAME'] ?? '') !== '' || /(^|,)\s*service\.name\s*=/.test(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '')
  return {
    ...(isNamed ? {} : { 'service.name': serviceName }),
    'service.version': version,
    'process.command_args': process.argv.slice(0, 2),
  }
}

/** Returns true for the default sampler and its variants, which sample no span whose parent is not sampled. A configuration file may choose any sampler. */
function followsParent(env: TracingEnvironment): boolean {
  const sampler = env['OTEL_TRACES_SAMPLER'] ?? ''
  return (sampler === '' || sampler.startsWith('parentbased_')) && (env['OTEL_CONFIG_FILE'] ?? '') === ''
}

/** @param passesUnsampledOn an unsampled parent is handed on as it is: no span, no new id, no question to the sampler */
function createTracer(sdkTracer: SdkTracer, { passesUnsampledOn }: { readonly passesUnsampledOn: boolean }): Tracer {
  return {
    enabled: true,
    startSpan: (name, { parent, kind, attributes }) => {
      const remote = parent === null ? null : parseTraceparent(parent)
      if (remote !== null && !remote.isSampled && passesUnsampledOn) return passedOn(remote)
      return recorded(
        sdkTracer.startSpan(name, { kind: spanKinds[kind], ...(attributes === undefined ? {} : { attributes }) }, contextOf(remote)),
      )
    },
  }
}

const spanKinds = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const

function contextOf(parent: TraceContext | null): Context {
  if (parent === null) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.isSampled ? 1 : 0,
    isRemote: true,
  })
}

const nothingToEnd = (): void => {}
const passedOn = (parent: TraceContext): Span => ({ traceparent: formatTraceparent(parent), end: nothingToEnd })

function recorded(span: SdkSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    traceparent: formatTraceparent({ traceId, spanId, isSampled: (traceFlags & 1) === 1 }),
    end: ({ attributes, error } = {}) => {
      if (attributes !== undefined) span.setAttributes(attributes)
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error })
      span.end()
    },
  }
}

/** Ends with the deadline: an exporter whose collector is gone retries for longer than a pod may take to stop. */
async function shutDown(shutdown: () => Promise<void>, deadlineMs: number, logger: Logger | undefined): Promise<void> {
  const ended = shutdown().then(
    () => 'done' as const,
    (error: unknown) => ({ error }),
  )
  const outcome = await withDeadline(ended, deadlineMs, () => 'late' as const)
  if (outcome !== 'done') logger?.warn({ deadlineMs, ...(outcome === 'late' ? {} : { err: outcome.error }) }, 'last spans not exported')
  for (const api of [trace, context, propagation, metrics, diag]) api.disable()
}

/** Returns the writer of the SDK's own messages, which include failed exports and their reasons. */
function diagnosticsTo(logger: Logger): Parameters<typeof diag.setLogger>[0] {
  const write = (severity: 'debug' | 'info' | 'warn' | 'error') => (message: string) =>
    logger[severity]({ component: 'opentelemetry', diagnostic: message }, 'message of the tracing SDK')
  return { verbose: write('debug'), debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

function diagnosticsLevel(env: TracingEnvironment): DiagLogLevel {
  switch ((env['OTEL_LOG_LEVEL'] ?? '').trim().toLowerCase()) {
    case 'none':
      return DiagLogLevel.NONE
    case 'error':
      return DiagLogLevel.ERROR
    case 'info':
      return DiagLogLevel.INFO
    case 'debug':
      return DiagLogLevel.DEBUG
    case 'verbose':
    case 'all':
      return DiagLogLevel.ALL
    default:
      return DiagLogLevel.WARN
  }
}
