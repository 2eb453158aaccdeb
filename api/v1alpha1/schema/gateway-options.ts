import { operatorOwnedOptions } from '../option-fields.ts'
import { options, type OptionName } from '../../../gateway/config/options.ts'

/**
 * The standard variables of tracing that `spec.gateway.env` may set as well (docs/observability.md). Those that hold credentials (`OTEL_EXPORTER_OTLP_HEADERS`)
 * are not among them: a channel holds no secrets, and a collector of the cluster adds them. Nor are those that name files, which a pod does not have.
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

/** The gateway's options that `spec.gateway.env` may set. */
// Object.keys of the table gives exactly its keys: it is a literal and has no others.
export const settableOptions: readonly string[] = (Object.keys(options) as OptionName[])
  .filter((name) => !operatorOwnedOptions.has(name))
  .map((name) => options[name].env)

/**
 * Variables that `spec.gateway.env` could set in earlier releases, and what takes their place. Stored channels may have them still: they are refused by a
 * rule, not by the list of values, so that such a channel is understood and told what to change.
 */
export const retiredVariables: Readonly<Record<string, string>> = {
  KAFKA_CLIENT_ID: 'the operator sets it, the same for all channels',
  KAFKA_DLQ: 'use topic.deadLetters.enabled',
  KAFKA_DLQ_TOPIC: 'use topic.deadLetters.name',
}

/** All variables that `spec.gateway.env` may set. */
export const settableVariables: readonly string[] = [...settableOptions, ...tracingVariables]

/** All variables that a stored channel may have there. */
export const understoodVariables: readonly string[] = [...settableVariables, ...Object.keys(retiredVariables)]
