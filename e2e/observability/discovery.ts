/**
 * Returns what Prometheus' discovery of Kubernetes would find
 * (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config), as far as the chart's monitors use it.
 * Debian builds Prometheus without that discovery. Prometheus itself still runs the rules of `scrape-configs.ts`, which select targets and
 * name their labels.
 */
export interface TargetGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly {
      readonly name: string
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
    }[]
  }
  readonly status: { readonly podIP?: string }
}

export interface Service {
  readonly metadata: Pod['metadata']
  readonly spec: {
    readonly selector?: Readonly<Record<string, string>>
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number | string }[]
  }
}

/** Writes a Kubernetes name as Prometheus does in a label. */
export const sanitized = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_]/g, '_')

const metaLabels = (of: 'pod' | 'service', labels: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [`__meta_kubernetes_${of}_label_${sanitized(name)}`, value]))

/** Returns one target per declared port of a container: the role `pod`. */
export function podTargets(pods: readonly Pod[]): readonly TargetGroup[] {
  return pods.flatMap(({ metadata, spec, status: { podIP } }) =>
    spec.containers.flatMap(({ name: container, ports = [] }) =>
      ports.flatMap(({ name = '', containerPort }) =>
        podIP === undefined
          ? []
          : [
              {
                targets: [`${podIP}:${containerPort}`],
                labels: {
                  ...metaLabels('pod', metadata.labels),
                  __meta_kubernetes_namespace: metadata.namespace,
                  __meta_kubernetes_pod_name: metadata.name,
                  __meta_kubernetes_pod_container_name: container,
                  __meta_kubernetes_pod_container_port_name: name,
                },
              },
            ],
      ),
    ),
  )
}

/** Returns one target per pod and port of a Service: the role `endpointslice`. */
export function serviceTargets(services: readonly Service[], pods: readonly Pod[]): readonly TargetGroup[] {
  return services.flatMap(({ metadata, spec: { selector = {}, ports = [] } }) =>
    ports.flatMap(({ name = '', port, targetPort = port }) => {
      const isBehind = (pod: Pod): boolean =>
        Object.keys(selector).length > 0 && Object.entries(selector).every(([label, value]) => pod.metadata.labels?.[label] === value)
      const of = {
        ...metaLabels('service', metadata.labels),
        __meta_kubernetes_service_name: metadata.name,
        __meta_kubernetes_endpointslice_port_name: name,
      }
      return podTargets(pods.filter(isBehind))
        .filter(
          ({ targets: [address = ''], labels }) =>
            labels['__meta_kubernetes_pod_container_port_name'] === targetPort || address.endsWith(`:${targetPort}`),
        )
        .map(({ targets, labels }) => ({ targets, labels: { ...labels, ...of } }))
    }),
  )
}
