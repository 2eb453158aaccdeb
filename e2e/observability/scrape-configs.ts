import { sanitized, type TargetGroup } from './discovery.ts'

/** Part of the chart's monitors that the Prometheus operator reads: https://prometheus-operator.dev/docs/api-reference/api/ */
export interface Monitor {
  readonly kind: 'ServiceMonitor' | 'PodMonitor'
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly podTargetLabels?: readonly string[]
    readonly endpoints?: readonly Endpoint[]
    readonly podMetricsEndpoints?: readonly Endpoint[]
  }
}
interface Endpoint {
  readonly port: string
  readonly path: string
  readonly honorLabels?: boolean
}

export interface ScrapeConfig {
  readonly job_name: string
  readonly [option: string]: unknown
}

const keep = (label: string, value: string): object => ({ action: 'keep', source_labels: [label], regex: value })
const take = (label: string, target: string): object => ({ source_labels: [label], target_label: target })

/**
 * Returns what the Prometheus operator makes of a monitor of the chart. A Prometheus without it then finds the same targets and gives their
 * series the same labels.
 *
 * @param found objects of the cluster to choose from
 */
export function scrapeConfigOf({ kind, metadata, spec }: Monitor, found: readonly TargetGroup[]): ScrapeConfig {
  const isPods = kind === 'PodMonitor'
  const [endpoint] = (isPods ? spec.podMetricsEndpoints : spec.endpoints) ?? []
  if (endpoint === undefined) throw new Error(`the ${kind} of the chart has no endpoint`)
  const job = `${metadata.namespace}/${metadata.name}`
  const of = isPods ? 'pod' : 'service'
  return {
    job_name: `${isPods ? 'podMonitor' : 'serviceMonitor'}/${job}`,
    metrics_path: endpoint.path,
    honor_labels: endpoint.honorLabels ?? false,
    static_configs: found,
    relabel_configs: [
      ...Object.entries(spec.selector.matchLabels).map(([label, value]) =>
        keep(`__meta_kubernetes_${of}_label_${sanitized(label)}`, value),
      ),
      keep(isPods ? '__meta_kubernetes_pod_container_port_name' : '__meta_kubernetes_endpointslice_port_name', endpoint.port),
      take('__meta_kubernetes_namespace', 'namespace'),
      take('__meta_kubernetes_pod_name', 'pod'),
      take('__meta_kubernetes_pod_container_name', 'container'),
      ...(spec.podTargetLabels ?? []).map((label) => take(`__meta_kubernetes_pod_label_${sanitized(label)}`, sanitized(label))),
      // The operator names the job of a Service after the Service, and of pods after the monitor.
      ...(isPods ? [{ target_label: 'job', replacement: job }] : [take('__meta_kubernetes_service_name', 'job')]),
    ],
  }
}
