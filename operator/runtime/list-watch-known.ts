import type { Logger } from '../../program/log/logger.ts'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import { keyOf, refOf } from '../../api/object-ref.ts'
import type { WatchHandlers } from './watcher.ts'

/** What the handlers were told of, and no more: names and versions. */
export interface KnownObjects {
  /** An object of a list: told when it is not as it was. */
  listed(object: KubernetesObject): void
  /** A list is over: what it did not show is gone. @param seen the keys that it showed */
  retain(seen: ReadonlySet<string>): void
  /** An event of a watch. A replay of what is known already is not told again. */
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubernetesObject): void
  /** Whether the namespace can be read has changed. */
  reach(isOutOfReach: boolean): void
}

interface Known {
  readonly ref: ObjectRef
  readonly uid: string
  readonly version: string
}

/** A handler that throws is a bug, and neither the other handlers' nor the watch's: it is logged, and the object counts as told. */
export function createKnownObjects(handlers: WatchHandlers, logger: Logger): KnownObjects {
  const known = new Map<string, Known>()

  const guard = (call: () => void, ref: ObjectRef): void => {
    try {
      call()
    } catch (error) {
      logger.error({ ...ref, err: error }, 'a handler of a watch threw: this is a bug')
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
    // Of the same name, and another: the first one's end was missed.
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
 * Whether a version is at or before a position. Versions grow, and since Kubernetes 1.35 are promised to be whole numbers that may be
 * compared; from a server whose are none, nothing counts as a replay.
 */
export function isReplay(version: string, position: string): boolean {
  return /^\d+$/.test(version) && /^\d+$/.test(position) && BigInt(version) <= BigInt(position)
}
