import { request } from 'node:https'
import type { ControlPlane } from '../../operator/testing/control-plane.ts'

/** A manifest, as far as its path needs it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
}

export interface Judgement {
  readonly code: number
  /** The object as it would be stored, or what is wrong with it. */
  readonly body: Readonly<Record<string, unknown>>
}

interface Options {
  /** As in the API server's paths. @default from the kind, for kinds whose plural is regular */
  readonly plural?: string
  /** The server judges and keeps nothing. @default true */
  readonly isDryRun?: boolean
}

/** Server-side apply of one object, where a field that the server does not know is an error. */
export function apply(cluster: ControlPlane, manifest: Manifest, { plural = pluralOf(manifest.kind), isDryRun = true }: Options = {}): Promise<Judgement> {
  const { apiVersion, metadata } = manifest
  const inside = metadata.namespace === undefined ? '' : `namespaces/${metadata.namespace}/`
  const query = `fieldManager=test&force=true&fieldValidation=Strict${isDryRun ? '&dryRun=All' : ''}`
  const path = `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}/${inside}${plural}/${metadata.name}?${query}`
  return ask(cluster, { method: 'PATCH', path, contentType: 'application/apply-patch+yaml', body: manifest })
}

const pluralOf = (kind: string): string => (kind.endsWith('y') ? `${kind.slice(0, -1).toLowerCase()}ies` : `${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`)

export function ask(cluster: ControlPlane, { method, path, contentType = 'application/json', body }: { readonly method: string; readonly path: string; readonly contentType?: string; readonly body: object }): Promise<Judgement> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${cluster.token}`, 'content-type': contentType }
    const asked = request(`${cluster.server}${path}`, { method, headers, ca: cluster.certificateAuthority, agent: false, timeout: 20_000 }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      // The API server answers these paths with JSON objects.
      answer.once('end', () => resolve({ code: answer.statusCode ?? 0, body: JSON.parse(text) as Judgement['body'] }))
    })
    asked.once('timeout', () => asked.destroy(new Error('no answer')))
    asked.once('error', reject)
    asked.end(JSON.stringify(body))
  })
}

/** A namespace whose pods must fit the Pod Security Standard "restricted". */
export const restrictedNamespace = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted', 'pod-security.kubernetes.io/enforce-version': 'latest' } },
})
