import type { PodVariable } from '../../../cdk8s/operands/operand-input.ts'
import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { tracingVariables } from '../../../api/v1alpha1/schema/gateway-options.ts'

/** Where a pod is, in the words of OpenTelemetry: https://opentelemetry.io/docs/specs/semconv/resource/k8s/ */
const place: readonly PodVariable[] = [
  { name: 'POD_NAME', field: 'metadata.name' },
  { name: 'POD_NAMESPACE', field: 'metadata.namespace' },
  { name: 'NODE_NAME', field: 'spec.nodeName' },
]
const attributes = 'k8s.pod.name=$(POD_NAME),k8s.namespace.name=$(POD_NAMESPACE),k8s.node.name=$(NODE_NAME)'

/** The variables that `spec.tracing` stands for. */
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

/** What the channel writes into `gateway.env`, without empty values, and `spec.tracing` behind it. */
export function variablesOfTracing(spec: Pick<StoredSpec, 'tracing' | 'gateway'>): ReadonlyMap<string, string> {
  return new Map([...tracingOfSpec(spec), ...writtenVariables(spec)])
}

/** What the channel writes into `gateway.env`, without empty values. */
export function writtenVariables({ gateway }: Pick<StoredSpec, 'gateway'>): ReadonlyMap<string, string> {
  return new Map((gateway.env ?? []).filter(({ value }) => value !== '').map(({ name, value }) => [name, value]))
}

/**
 * The variables of tracing that a channel sets, and with them which pod it is that a span comes from: an event is in one trace with all the
 * pods that read it. Without any the pods get nothing, so that channels that are not traced stay as they are.
 *
 * @param users what the channel sets, without empty values
 */
export function tracingOfPod(users: ReadonlyMap<string, string>): readonly PodVariable[] {
  const set = tracingVariables.flatMap((name) => {
    const value = users.get(name)
    return value === undefined || name === 'OTEL_RESOURCE_ATTRIBUTES' ? [] : [{ name, value }]
  })
  const theirs = users.get('OTEL_RESOURCE_ATTRIBUTES')
  if (set.length === 0 && theirs === undefined) return []
  // Kubernetes puts in the values of what stands before. What a channel says comes last, and wins.
  return [...place, ...set, { name: 'OTEL_RESOURCE_ATTRIBUTES', value: theirs === undefined ? attributes : `${attributes},${theirs}` }]
}
