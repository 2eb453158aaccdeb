import type { KubernetesObject } from '../../api/kubernetes.ts'
import type { WatchHandlers } from '../runtime/watcher.ts'
import { keyOf } from '../../api/object-ref.ts'

/** Handlers that record their calls, and report impossible sequences. */
export interface WatchRecorder {
  readonly handlers: WatchHandlers
  /** `+name`, `-name` (the end was reported), `?name` (the end was noticed by a relist), in order. */
  readonly reported: readonly string[]
  /** Objects that should exist, by all calls: key -> uid and version. */
  readonly objects: ReadonlyMap<string, string>
  /** Sentences. Empty when there is no violation. */
  readonly violations: readonly string[]
}

export function createWatchRecorder(): WatchRecorder {
  const reported: string[] = []
  const objects = new Map<string, string>()
  const versions = new Map<string, number>()
  const violations: string[] = []
  return {
    reported,
    objects,
    violations,
    handlers: {
      onUpsert: (object) => {
        const { name, namespace = '', uid = '' } = object.metadata
        const key = keyOf({ namespace, name })
        const before = objects.get(key)
        reported.push(`+${name}`)
        if (before === identityOf(object)) violations.push(`${key} was reported twice: ${before}`)
        if (before !== undefined && !before.startsWith(`${uid}@`))
          violations.push(`${key} became another object before the end of the first`)
        const version = Number(object.metadata.resourceVersion)
        if (version < (versions.get(uid) ?? 0)) violations.push(`${key} went back to version ${version}`)
        versions.set(uid, version)
        objects.set(key, identityOf(object))
      },
      onDelete: (ref, last) => {
        reported.push(`${last === null ? '?' : '-'}${ref.name}`)
        if (!objects.delete(keyOf(ref))) violations.push(`${keyOf(ref)} ended but never existed`)
      },
    },
  }
}

export function identityOf({ metadata }: KubernetesObject): string {
  return `${metadata.uid}@${metadata.resourceVersion}`
}
