import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import { keyOf } from '../../api/object-ref.ts'
import type { Manager } from './memory-kubernetes-managers.ts'

/** An object with what only the server knows. */
export interface StoredObject {
  readonly object: KubernetesObject
  readonly managers: readonly Manager[]
}

/** One line of the server's history. */
export interface StoredChange {
  readonly version: number
  readonly typeKey: string
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** The object afterwards; for DELETED the last state, with the version of the deletion. */
  readonly object: KubernetesObject
  readonly before: KubernetesObject | null
}

/** Objects, their versions and their history, without any rule of the API. */
export interface MemoryStore {
  /** Of the last change. */
  version(): number
  get(type: ResourceType, ref: ObjectRef): StoredObject | null
  /** In the order of namespace and name, as etcd has them. */
  all(type: ResourceType): readonly StoredObject[]
  everything(): readonly { readonly type: ResourceType; readonly stored: StoredObject }[]
  /** @returns the object with its new version */
  put(type: ResourceType, stored: StoredObject): KubernetesObject
  remove(type: ResourceType, ref: ObjectRef): void
  /** Null: that version is compacted away. */
  changesSince(version: number): readonly StoredChange[] | null
  /** Forgets the history. */
  compact(): void
  /** @returns what ends it */
  onChange(listener: (change: StoredChange) => void): () => void
}

export function typeKeyOf({ group, plural }: Pick<ResourceType, 'group' | 'plural'>): string {
  return `${plural}.${group}`
}

/** @param maxHistory how many changes are remembered at most */
export function createMemoryStore(maxHistory = 100_000): MemoryStore {
  const kinds = new Map<string, { readonly type: ResourceType; readonly objects: Map<string, StoredObject> }>()
  const listeners = new Set<(change: StoredChange) => void>()
  let history: StoredChange[] = []
  let version = 100 // so that nobody takes a version for a count
  let compactedAt = 0

  const objectsOf = (type: ResourceType): Map<string, StoredObject> => {
    const key = typeKeyOf(type)
    const found = kinds.get(key)?.objects ?? new Map<string, StoredObject>()
    if (!kinds.has(key)) kinds.set(key, { type, objects: found })
    return found
  }
  const tell = (change: StoredChange): void => {
    history.push(change)
    if (history.length > maxHistory) compactedAt = history.shift()?.version ?? compactedAt
    for (const listener of listeners) listener(change)
  }
  const at = (object: KubernetesObject): KubernetesObject => {
    version += 1
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
  }
  return {
    version: () => version,
    get: (type, ref) => objectsOf(type).get(keyOf(ref)) ?? null,
    all: (type) => sorted(objectsOf(type)),
    everything: () => [...kinds.values()].flatMap(({ type, objects }) => sorted(objects).map((stored) => ({ type, stored }))),
    put: (type, { object, managers }) => {
      const objects = objectsOf(type)
      const key = keyOf({ namespace: object.metadata.namespace ?? '', name: object.metadata.name })
      const before = objects.get(key)?.object ?? null
      const kept = at(object)
      objects.set(key, { object: kept, managers })
      tell({ version, typeKey: typeKeyOf(type), type: before === null ? 'ADDED' : 'MODIFIED', object: kept, before })
      return kept
    },
    remove: (type, ref) => {
      const objects = objectsOf(type)
      const found = objects.get(keyOf(ref))
      if (found === undefined) return
      objects.delete(keyOf(ref))
      tell({ version: version + 1, typeKey: typeKeyOf(type), type: 'DELETED', object: at(found.object), before: found.object })
    },
    changesSince: (since) => (since < compactedAt ? null : history.filter((change) => change.version > since)),
    compact: () => {
      history = []
      compactedAt = version
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function sorted(objects: ReadonlyMap<string, StoredObject>): readonly StoredObject[] {
  return [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored)
}
