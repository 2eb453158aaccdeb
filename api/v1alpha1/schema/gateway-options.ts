import { operatorOwnedOptions } from '../option-fields.ts'
import { options, type OptionName } from '../../../gateway/config/options.ts'

/**
 * Standard variables of tracing that `spec.gateway.env` may set as well (docs/observability.md). Variables that hold credentials
 * (`OTEL_EXPORTER_OTLP_HEADERS`) are left out: a channel holds no secrets, and a collector in the cluster adds them. So are variables that name files,
 * which a pod does not have.
 */
export const tracingVariables = [
  'OTEL_SDK_DISABLED',
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_LOG_LEVEL',
  'OTEL_TRACES_EXPORTER',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TIMEOUT',
  'OTEL_EXPORTER_OTLP_COMPRESSION',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT',
  'OTEL_EXPORTER_OTLP_TRACES_COMPRESSION',
  'OTEL_BSP_SCHEDULE_DELAY',
  'OTEL_BSP_EXPORT_TIMEOUT',
  'OTEL_BSP_MAX_QUEUE_SIZE',
  'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
] as const

/** Variables of the gateway's options that `spec.gateway.env` may set. */
// The table is a literal, so Object.keys returns exactly its keys.
export const settableOptions: readonly string[] = (Object.keys(options) as OptionName[])
  .filter((name) => !operatorOwnedOptions.has(name))
  .map((name) => options[name].env)

/**
 * Variables that `spec.gateway.env` could set in earlier releases, and their replacements. Stored channels may still have them. A rule refuses them,
 * and not the list of values, so the operator understands such a channel and says what to change.
 */
export const retiredVariables: Readonly<Record<string, string>> = {
  KAFKA_CLIENT_ID: 'the operator sets it, the same for all channels',
  KAFKA_DLQ: 'use topic.deadLetters.enabled',
  KAFKA_DLQ_TOPIC: 'use topic.deadLetters.name',
}

/** Variables that `spec.gateway.env` may set. */
export const settableVariables: readonly string[] = [...settableOptions, ...tracingVariables]

/** Variables that a stored channel may have there. */
export const understoodVariables: readonly string[] = [...settableVariables, ...Object.keys(retiredVariables)]
