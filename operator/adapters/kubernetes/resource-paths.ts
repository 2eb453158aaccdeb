import type { ObjectRef, ResourceType } from '../../../api/kubernetes.ts'
import type { ListOptions, WatchOptions } from '../../runtime/kubernetes-api.ts'

/** Renders the query. Entries without a value are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** Returns the path of all objects of a type, in one namespace or in all (undefined). */
export function collectionPath(type: ResourceType, namespace: string | undefined): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`
  const scope = type.isNamespaced && namespace !== undefined && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${scope}/${type.plural}`
}

/** Returns the discovery path of a group: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api */
export function groupPath(group: string): string {
  return `/apis/${group}`
}

export function objectPath(type: ResourceType, ref: ObjectRef, subresource?: string): string {
  if (type.isNamespaced && ref.namespace === '') throw new TypeError(`${type.plural} are namespaced, and ${ref.name} has no namespace`)
  const path = `${collectionPath(type, ref.namespace)}/${encodeURIComponent(ref.name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

export function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  if (given.length === 0) return path
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`
}

export function listQuery(options: ListOptions): Query {
  return {
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: options.continueToken,
    // A continue token contains its version. The server refuses both together.
    resourceVersion: options.continueToken === undefined ? options.resourceVersion : undefined,
  }
}

export function watchQuery(options: WatchOptions): Query {
  return {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: options.resourceVersion,
    timeoutSeconds: options.timeoutSeconds,
    labelSelector: options.labelSelector,
  }
}
