import { askCluster, type ClusterAnswer } from '../../operator/testing/ask-cluster.ts'
import type { ControlPlane } from '../../testing/control-plane/control-plane.ts'

/** A manifest, as far as its path needs it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly [field: string]: unknown
}

interface Options {
  /** The server checks the object and stores nothing. @default true */
  readonly isDryRun?: boolean
}

/** Server-side apply of one object, where a field that the server does not know is an error. */
export function apply(cluster: ControlPlane, manifest: Manifest, { isDryRun = true }: Options = {}): Promise<ClusterAnswer> {
  const { apiVersion, kind, metadata } = manifest
  const inside = metadata.namespace === undefined ? '' : `namespaces/${metadata.namespace}/`
  const query = `fieldManager=test&force=true&fieldValidation=Strict${isDryRun ? '&dryRun=All' : ''}`
  const path = `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/${inside}${pluralOf(kind)}/${metadata.name}?${query}`
  return askCluster(cluster, { method: 'PATCH', path, contentType: 'application/apply-patch+yaml', body: manifest })
}

/** Paths of kinds with a regular plural. */
function pluralOf(kind: string): string {
  const name = kind.toLowerCase()
  if (name.endsWith('y')) return `${name.slice(0, -1)}ies`
  return name.endsWith('s') ? `${name}es` : `${name}s`
}

/** A namespace whose pods must fit the Pod Security Standard "restricted". */
export const restrictedNamespace = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'latest' },
  },
})
