import type { PodVariable } from '../../../cdk8s/operands/operand-input.ts'
import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { tracingVariables } from '../../../api/v1alpha1/schema/gateway-options.ts'

/** Variables for the resource attributes of a pod: https://opentelemetry.io/docs/specs/semconv/resource/k8s/ */
const place: readonly PodVariable[] = [
  { name: 'POD_NAME', field: 'metadata.name' },
  { name: 'POD_NAMESPACE', field: 'metadata.namespace' },
  { name: 'NODE_NAME', field: 'spec.nodeName' },
]
const attributes = 'k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE),k8s.node.name=$(NODE_NAME)'

/** Returns the variables that follow from `spec.tracing`. */
function tracingOfSpec({ tracing }: Pick<StoredSpec, 'tracing'>): readonly (readonly [string, string])[] {
  if (tracing === undefined) return []
  const { endpoint, protocol, samplePercent } = tracing
  const sampler =
    samplePercent === undefined
      ? []
      : [['OTEL_TRACES_SAMPLER', 'parentbased_traceidratio'] as const, ['OTEL_TRACES_SAMPLER_ARG', String(samplePercent / 100)] as const]
  return [
    ['OTEL_EXPORTER_OTLP_ENDPOINT', endpoint],
    ...(protocol === undefined ? [] : [['OTEL_EXPORTER_OTLP_PROTOCOL', protocol] as const]),
    ...sampler,
  ]
}

/** Returns the variables of `spec.tracing`, overridden by those of `gateway.env` that are not empty. */
export function variablesOfTracing(spec: Pick<StoredSpec, 'tracing' | 'gateway'>): ReadonlyMap<string, string> {
  return new Map([...tracingOfSpec(spec), ...writtenVariables(spec)])
}

/** Returns the variables of `gateway.env` that are not empty. */
export function writtenVariables({ gateway }: Pick<StoredSpec, 'gateway'>): ReadonlyMap<string, string> {
  return new Map((gateway.env ?? []).filter(({ value }) => value !== '').map(({ name, value }) => [name, value]))
}

/**
 * Returns the variables of tracing that a channel sets, and those that identify the pod of a span. The spans of all pods that read an event are in one trace.
 * Without a variable of tracing the pods get none of them, so channels without tracing do not change.
 *
 * @param users variables of the channel, without empty values
 */
export function tracingOfPod(users: ReadonlyMap<string, string>): readonly PodVariable[] {
  const set = tracingVariables.flatMap((name) => {
    const value = users.get(name)
    return value === undefined || name === 'OTEL_RESOURCE_ATTRIBUTES' ? [] : [{ name, value }]
  })
  const theirs = users.get('OTEL_RESOURCE_ATTRIBUTES')
  if (set.length === 0 && theirs === undefined) return []
  // Kubernetes substitutes variables that are defined earlier. The channel's attributes come last, and win.
  return [...place, ...set, { name: 'OTEL_RESOURCE_ATTRIBUTES', value: theirs === undefined ? attributes : `${attributes},${theirs}` }]
}
