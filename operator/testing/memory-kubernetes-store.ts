import type { KubernetesObject, ObjectRef, ResourceType } from '../../api/kubernetes.ts'
import { keyOf } from '../../api/object-ref.ts'
import type { Manager } from './memory-kubernetes-managers.ts'

/** An object with the data that only the server has. */
export interface StoredObject {
  readonly object: KubernetesObject
  readonly managers: readonly Manager[]
}

/** One entry of the server's history. */
export interface StoredChange {
  readonly version: number
  readonly typeKey: string
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** The object after the change. For DELETED the last state, with the version of the deletion. */
  readonly object: KubernetesObject
  readonly before: KubernetesObject | null
}

/** Objects, their versions and their history, without any rule of the API. */
export interface MemoryStore {
  /** Version of the last change. */
  version(): number
  get(type: ResourceType, ref: ObjectRef): StoredObject | null
  /** Returns the objects in the order of namespace and name, as etcd does. */
  all(type: ResourceType): readonly StoredObject[]
  everything(): readonly { readonly type: ResourceType; readonly stored: StoredObject }[]
  /** Stores an object. @returns the object with its new version */
  put(type: ResourceType, stored: StoredObject): KubernetesObject
  remove(type: ResourceType, ref: ObjectRef): void
  /** Returns the changes since a version. Null: that version was compacted. */
  changesSince(version: number): readonly StoredChange[] | null
  /** Forgets the history. */
  compact(): void
  /** Calls the listener for each change. @returns a function that ends it */
  onChange(listener: (change: StoredChange) => void): () => void
}

export function typeKeyOf({ group, plural }: Pick<ResourceType, 'group' | 'plural'>): string {
  return `${plural}.${group}`
}

/** Creates a store. @param maxHistory maximum number of changes in the history */
export function createMemoryStore(maxHistory = 100_000): MemoryStore {
  const kinds = new Map<string, { readonly type: ResourceType; readonly objects: Map<string, StoredObject> }>()
  const listeners = new Set<(change: StoredChange) => void>()
  let history: StoredChange[] = []
  let version = 100 // not 0: a test must not use a version as a count
  let compactedAt = 0

  const objectsOf = (type: ResourceType): Map<string, StoredObject> => {
    const key = typeKeyOf(type)
    const found = kinds.get(key)?.objects ?? new Map<string, StoredObject>()
    if (!kinds.has(key)) kinds.set(key, { type, objects: found })
    return found
  }
  const notify = (change: StoredChange): void => {
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
      notify({ version, typeKey: typeKeyOf(type), type: before === null ? 'ADDED' : 'MODIFIED', object: kept, before })
      return kept
    },
    remove: (type, ref) => {
      const objects = objectsOf(type)
      const found = objects.get(keyOf(ref))
      if (found === undefined) return
      objects.delete(keyOf(ref))
      notify({ version: version + 1, typeKey: typeKeyOf(type), type: 'DELETED', object: at(found.object), before: found.object })
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
