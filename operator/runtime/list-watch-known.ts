import type { Logger } from '../../program/log/logger.ts'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import { keyOf, refOf } from '../../api/object-ref.ts'
import type { WatchHandlers } from './watcher.ts'

/** The names and versions that the handlers have seen. */
export interface KnownObjects {
  /** Handles an object of a list. Calls the handler if the object has changed. */
  listed(object: KubernetesObject): void
  /** Handles the end of a list: known objects that are not in it are gone. @param seen the keys in the list */
  retain(seen: ReadonlySet<string>): void
  /** Handles an event of a watch. A replay of a known version calls no handler. */
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): void
  /** Reports that the namespace has become readable or unreadable. */
  reach(isOutOfReach: boolean): void
}

interface Known {
  readonly ref: ObjectRef
  readonly uid: string
  readonly version: string
}

/**
 * Remembers what the handlers have seen. A handler that throws is a bug. It is logged, it stops neither other handlers nor the watch, and
 * the object counts as seen.
 */
export function createKnownObjects(handlers: WatchHandlers, logger: Logger): KnownObjects {
  const known = new Map<string, Known>()

  const guard = (call: () => void, ref: ObjectRef): void => {
    try {
      call()
    } catch (error) {
      logger.error({ ...ref, err: error }, 'watch handler threw')
    }
  }
  const forget = (key: string, was: Known, last: KubernetesObject | null): void => {
    known.delete(key)
    guard(() => handlers.onDelete(was.ref, last), was.ref)
  }
  const upsert = (object: KubernetesObject): void => {
    const ref = refOf(object)
    const key = keyOf(ref)
    const { uid = '', resourceVersion: version = '' } = object.metadata
    const was = known.get(key)
    if (was !== undefined && was.uid === uid && was.version === version) return
    // Another object of the same name: the end of the first one was missed.
    if (was !== undefined && was.uid !== uid) forget(key, was, null)
    known.set(key, { ref, uid, version })
    guard(() => handlers.onUpsert(object), ref)
  }
  return {
    listed: upsert,
    retain: (seen) => {
      for (const [key, was] of known) if (!seen.has(key)) forget(key, was, null)
    },
    changed: (type, object) => {
      if (type !== 'DELETED') return upsert(object)
      const key = keyOf(refOf(object))
      const was = known.get(key)
      if (was !== undefined && was.uid === (object.metadata.uid ?? '')) forget(key, was, object)
    },
    reach: (isOutOfReach) => guard(() => handlers.onReach?.(isOutOfReach), { namespace: '', name: '' }),
  }
}

/**
 * Returns true if a version is at or before a position. Versions grow. Since Kubernetes 1.35 they are whole numbers that may be compared.
 * Versions of other forms never count as a replay.
 */
export function isReplay(version: string, position: string): boolean {
  return /^\d+$/.test(version) && /^\d+$/.test(position) && BigInt(version) <= BigInt(position)
}
