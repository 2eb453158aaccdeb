import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../../program/is-record.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'

/**
 * What server-side apply knows of fields, simplified: an object is a set of leaves, and each manager owns some of them.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/ and sigs.k8s.io/structured-merge-diff
 *
 * The real server takes from its schemas which lists have keys and which maps are one value; here the names of fields that Carillon uses tell.
 */
type Json = unknown
type JsonMap = Readonly<Record<string, Json>>

/** A step into an object: `f:name`, `k:{"name":"x"}`, `v:"x"`, or `.` for the item of a list itself. */
export type Path = readonly string[]

/** The leaves of an object by their path (as JSON), with their values. */
export type Leaves = ReadonlyMap<string, Json>

const listKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  env: ['name'],
  volumes: ['name'],
  imagePullSecrets: ['name'],
  volumeMounts: ['mountPath'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  hostAliases: ['ip'],
}

const setLists = new Set(['finalizers'])
const atomicMaps = new Set([
  'selector',
  'podSelector',
  'namespaceSelector',
  'labelSelector',
  'nodeSelector',
  'configMapKeyRef',
  'secretKeyRef',
  'fieldRef',
  'resourceFieldRef',
  'nodeSelectorTerms',
])
/** The parts of metadata that are the server's own, and what names the object. */
const serverOwned = new Set([
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
])

/** The leaves that can be owned: all but what names the object and what the server keeps. */
export function leavesOf(object: Readonly<Record<string, Json>>): Leaves {
  const leaves = new Map<string, Json>()
  for (const [name, value] of Object.entries(object)) {
    if (name === 'apiVersion' || name === 'kind') continue
    const part =
      name === 'metadata' && isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !serverOwned.has(key))) : value
    if (name === 'metadata' && isRecord(part) && Object.keys(part).length === 0) continue
    collect([`f:${name}`], part, leaves)
  }
  return leaves
}

function collect(path: Path, value: Json, leaves: Map<string, Json>): void {
  const children = childrenOf(path, value)
  const isItem = path.at(-1)?.startsWith('k:') === true
  if (isItem) leaves.set(keyOf([...path, '.']), true)
  if (children === null || children.length === 0) {
    // An empty map is a leaf, an empty list only when the list is one value.
    const isNothing =
      Array.isArray(value) && value.length === 0 && (nameAt(path) in listKeys || setLists.has(nameAt(path)) || nameAt(path) === 'ports')
    if (!isItem && !isNothing) leaves.set(keyOf(path), value)
    return
  }
  for (const [step, child] of children) collect([...path, step], child, leaves)
}

/** Null: a leaf, whatever it holds. */
function childrenOf(path: Path, value: Json): readonly (readonly [string, Json])[] | null {
  const name = nameAt(path)
  if (Array.isArray(value)) {
    const keys = keysOfList(path, value)
    if (keys !== null) return value.map((item) => [`k:${itemKey(item as JsonMap, keys)}`, item]) // keys are only of lists of maps
    return setLists.has(name) ? value.map((item) => [`v:${JSON.stringify(item)}`, item]) : null
  }
  if (!isRecord(value) || atomicMaps.has(name)) return null
  return Object.entries(value).map(([key, child]) => [`f:${key}`, child])
}

function keysOfList(path: Path, list: readonly Json[]): readonly string[] | null {
  const name = nameAt(path)
  if (!list.every(isRecord)) return null
  if (name === 'ports') {
    if (list.some((item) => 'containerPort' in item)) return ['containerPort', 'protocol']
    return path.length === 2 && path[0] === 'f:spec' ? ['port', 'protocol'] : null
  }
  const keys = listKeys[name] ?? null
  return keys !== null && list.every((item) => keys.every((key) => key in item)) ? keys : null
}

function itemKey(item: JsonMap, keys: readonly string[]): string {
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key] ?? (key === 'protocol' ? 'TCP' : null)])))
}

function nameAt(path: Path): string {
  const step = path.at(-1) ?? ''
  return step.startsWith('f:') ? step.slice(2) : ''
}

export function keyOf(path: Path): string {
  return JSON.stringify(path)
}

export function pathOf(key: string): Path {
  return JSON.parse(key) as Path // made by keyOf
}

/** Everything of `applied` over `live`; what `applied` does not name stays. */
export function mergeApplied(live: Json, applied: Json, path: Path = []): Json {
  if (Array.isArray(live) && Array.isArray(applied)) return mergeLists(live, applied, path)
  if (!isRecord(live) || !isRecord(applied) || (path.length > 0 && atomicMaps.has(nameAt(path)))) return applied
  const merged: Record<string, Json> = { ...live }
  for (const [name, value] of Object.entries(applied)) {
    merged[name] = name in live ? mergeApplied(live[name], value, [...path, `f:${name}`]) : value
  }
  return merged
}

function mergeLists(live: readonly Json[], applied: readonly Json[], path: Path): Json {
  if (setLists.has(nameAt(path))) return [...live, ...applied.filter((item) => !live.includes(item))]
  const keys = keysOfList(path, [...live, ...applied])
  if (keys === null) return applied
  const keyed = (list: readonly Json[]): Map<string, Json> => new Map(list.map((item) => [itemKey(item as JsonMap, keys), item])) // as above
  const [had, has] = [keyed(live), keyed(applied)]
  const kept = [...had].map(([key, item]) => (has.has(key) ? mergeApplied(item, has.get(key), [...path, `k:${key}`]) : item))
  return [...kept, ...[...has].filter(([key]) => !had.has(key)).map(([, item]) => item)]
}

/** The same without some leaves; a map, a list or an item that is empty then goes as well. */
export function withoutLeaves<T extends Json>(value: T, removed: ReadonlySet<string>, path: Path = []): T {
  return prune(value, removed, path) as T // removing leaves leaves the kind of a value as it is
}

function prune(value: Json, removed: ReadonlySet<string>, path: Path): Json {
  const children =
    path.length === 0 && isRecord(value)
      ? Object.entries(value).map(([name, child]) => [`f:${name}`, child] as const)
      : childrenOf(path, value)
  if (children === null) return value
  const kept = children.flatMap(([step, child]) => {
    const at = [...path, step]
    if (removed.has(keyOf(at))) return []
    const pruned = prune(child, removed, at)
    const isItemGone = removed.has(keyOf([...at, '.'])) && !hasOtherLeaves(pruned, at, removed)
    return isItemGone || (isEmpty(pruned) && !isEmpty(child)) ? [] : [[step, pruned] as const]
  })
  if (Array.isArray(value)) return kept.map(([, child]) => child)
  return Object.fromEntries(kept.map(([step, child]) => [step.slice(2), child]))
}

/** What names an item within its list does not keep it there. */
function hasOtherLeaves(item: Json, path: Path, removed: ReadonlySet<string>): boolean {
  const leaves = new Map<string, Json>()
  collect(path, item, leaves)
  return [...leaves.keys()].some((key) => !removed.has(key))
}

function isEmpty(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0
}

/** Which leaves are new, other or gone. */
export function changedLeaves(before: Leaves, after: Leaves): { readonly set: readonly string[]; readonly removed: readonly string[] } {
  const set = [...after].filter(([key, value]) => !before.has(key) || !isDeepStrictEqual(before.get(key), value)).map(([key]) => key)
  return { set, removed: [...before.keys()].filter((key) => !after.has(key)) }
}

/** As in `managedFields`: a tree of steps. */
export function fieldsV1Of(keys: Iterable<string>): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = {}
  for (const key of keys) {
    let node = root
    for (const step of pathOf(key)) {
      node[step] ??= {}
      node = node[step] as Record<string, unknown> // put there by this function
    }
  }
  return root
}

/** An object's leaves without those that only `status` has, or the other way round. */
export function leavesOfSubresource(object: KubernetesObject, subresource: string | undefined): Leaves {
  return new Map([...leavesOf(object)].filter(([key]) => (pathOf(key)[0] === 'f:status') === (subresource === 'status')))
}
