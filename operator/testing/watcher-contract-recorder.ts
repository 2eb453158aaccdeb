import type { KubernetesObject } from '../../api/kubernetes.ts'
import type { WatchHandlers } from '../runtime/watcher.ts'
import { keyOf } from '../../api/object-ref.ts'

/** Handlers that remember what they were told, and object to what makes no sense. */
export interface WatchRecorder {
  readonly handlers: WatchHandlers
  /** `+name`, `-name` (the end was told), `?name` (the end was noticed), in order. */
  readonly told: readonly string[]
  /** What should be there, by all that was told: key -> uid and version. */
  readonly objects: ReadonlyMap<string, string>
  /** Sentences; none when all is well. */
  readonly objections: readonly string[]
}

export function createWatchRecorder(): WatchRecorder {
  const told: string[] = []
  const objects = new Map<string, string>()
  const versions = new Map<string, number>()
  const objections: string[] = []
  return {
    told,
    objects,
    objections,
    handlers: {
      onUpsert: (object) => {
        const { name, namespace = '', uid = '' } = object.metadata
        const key = keyOf({ namespace, name })
        const before = objects.get(key)
        told.push(`+${name}`)
        if (before === identityOf(object)) objections.push(`${key} was told twice: ${before}`)
        if (before !== undefined && !before.startsWith(`${uid}@`))
          objections.push(`${key} became another object without the end of the first`)
        const version = Number(object.metadata.resourceVersion)
        if (version < (versions.get(uid) ?? 0)) objections.push(`${key} went back to version ${version}`)
        versions.set(uid, version)
        objects.set(key, identityOf(object))
      },
      onDelete: (ref, last) => {
        told.push(`${last === null ? '?' : '-'}${ref.name}`)
        if (!objects.delete(keyOf(ref))) objections.push(`${keyOf(ref)} ended without having been`)
      },
    },
  }
}

export function identityOf({ metadata }: KubernetesObject): string {
  return `${metadata.uid}@${metadata.resourceVersion}`
}
