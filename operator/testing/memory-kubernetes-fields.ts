import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../../program/is-record.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'

/**
 * A simplified model of the fields of server-side apply: an object is a set of leaves, and each manager owns some of them.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/ and sigs.k8s.io/structured-merge-diff
 *
 * The real server takes from its schemas which lists have keys and which maps are one value. This model knows it by the names of the fields
 * that Carillon uses.
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
/** Metadata that only the server sets, and the object's name and namespace. */
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

/** Returns the leaves that can be owned: all but the object's identity and the server's fields. */
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
    // An empty map is a leaf. An empty list is a leaf only if the list is one value.
    const isNothing =
      Array.isArray(value) && value.length === 0 && (nameAt(path) in listKeys || setLists.has(nameAt(path)) || nameAt(path) === 'ports')
    if (!isItem && !isNothing) leaves.set(keyOf(path), value)
    return
  }
  for (const [step, child] of children) collect([...path, step], child, leaves)
}

/** Null: a leaf, with any content. */
function childrenOf(path: Path, value: Json): readonly (readonly [string, Json])[] | null {
  const name = nameAt(path)
  if (Array.isArray(value)) {
    const keys = keysOfList(path, value)
    if (keys !== null) return value.map((item) => [`k:${itemKey(item as JsonMap, keys)}`, item]) // only lists of maps have keys
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

/** Merges `applied` over `live`. Fields that `applied` does not name stay. */
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
  const keyed = (list: readonly Json[]): Map<string, Json> => new Map(list.map((item) => [itemKey(item as JsonMap, keys), item])) // only lists of maps have keys
  const [had, has] = [keyed(live), keyed(applied)]
  const kept = [...had].map(([key, item]) => (has.has(key) ? mergeApplied(item, has.get(key), [...path, `k:${key}`]) : item))
  return [...kept, ...[...has].filter(([key]) => !had.has(key)).map(([, item]) => item)]
}

/** Removes leaves. Maps, lists and items that become empty are removed, too. */
export function withoutLeaves<T extends Json>(value: T, removed: ReadonlySet<string>, path: Path = []): T {
  return prune(value, removed, path) as T // removing leaves does not change the kind of a value
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

/** Returns true for a key of an item: keys alone do not keep an item in its list. */
function hasOtherLeaves(item: Json, path: Path, removed: ReadonlySet<string>): boolean {
  const leaves = new Map<string, Json>()
  collect(path, item, leaves)
  return [...leaves.keys()].some((key) => !removed.has(key))
}

function isEmpty(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0
}

/** Returns the leaves that were added, changed or removed. */
export function changedLeaves(before: Leaves, after: Leaves): { readonly set: readonly string[]; readonly removed: readonly string[] } {
  const set = [...after].filter(([key, value]) => !before.has(key) || !isDeepStrictEqual(before.get(key), value)).map(([key]) => key)
  return { set, removed: [...before.keys()].filter((key) => !after.has(key)) }
}

/** Renders leaves as a tree of steps, as in `managedFields`. */
export function fieldsV1Of(keys: Iterable<string>): Readonly<Record<string, unknown>> {
  const root: Record<string, unknown> = {}
  for (const key of keys) {
    let node = root
    for (const step of pathOf(key)) {
      node[step] ??= {}
      node = node[step] as Record<string, unknown> // set by this function
    }
  }
  return root
}

/** Returns an object's leaves without those below `status`, or only those. */
export function leavesOfSubresource(object: KubernetesObject, subresource: string | undefined): Leaves {
  return new Map([...leavesOf(object)].filter(([key]) => (pathOf(key)[0] === 'f:status') === (subresource === 'status')))
}
