import { App, Chart } from 'cdk8s'
import { DevelopmentKafka } from '../../cdk8s/example/development-kafka.ts'
import type { Credentials } from '../../testing/certificates.ts'

/** An object of Kubernetes, as it is sent. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly [field: string]: unknown
}

/** Renders a list of objects for `kubectl apply`. */
export const listOf = (objects: readonly Manifest[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })

/** A namespace of the restricted level: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export const restrictedNamespace = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'latest' },
  },
})

/**
 * A pod that such a namespace admits: not root, without a token, and deleted at once. @param container of the same name; its security
 * context is added
 */
export function restrictedPod(
  { name, namespace, labels }: { readonly name: string; readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  { container, ...spec }: { readonly container: object; readonly [field: string]: unknown },
): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name,
          ...container,
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        },
      ],
      ...spec,
    },
  }
}

export const tlsSecret = (namespace: string, name: string, { certificate, key }: Credentials): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  type: 'kubernetes.io/tls',
  stringData: { 'tls.crt': certificate, 'tls.key': key },
})

/** ConfigMap with the keys of the platform's own login, for each namespace. */
export const keysName = 'login-keys'

export const keysConfigMap = (namespace: string, jwks: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: keysName, namespace },
  data: { 'jwks.json': jwks },
})

export interface Kafka {
  readonly objects: readonly Manifest[]
  readonly bootstrapServers: readonly string[]
}

/** Kafka for development, with the construct of cdk8s/example. */
export function kafkaObjects(namespace: string, { brokers, storage }: { readonly brokers: number; readonly storage?: string }): Kafka {
  const chart = new Chart(new App(), 'kafka', { disableResourceNameHashes: true })
  const { bootstrapServers } = new DevelopmentKafka(chart, 'kafka', { namespace, brokers, ...(storage === undefined ? {} : { storage }) })
  // cdk8s makes objects of Kubernetes.
  return { objects: [restrictedNamespace(namespace), ...(chart.toJson() as Manifest[])], bootstrapServers }
}
