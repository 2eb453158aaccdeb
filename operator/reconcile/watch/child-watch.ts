import { channelLabel } from '../../../api/labels.ts'
import { apiGroup, channelKind } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, ObjectRef, ResourceType } from '../../../api/kubernetes.ts'
import type { Priority } from '../../runtime/priority.ts'
import type { WatchHandlers } from '../../runtime/watcher.ts'
import { keyOf, refOf } from '../../../api/object-ref.ts'
import type { ChildEchoes } from './child-echoes.ts'

export interface ChildWatchParts {
  readonly children: ChildEchoes
  readonly enqueue: (channel: ObjectRef, priority: Priority) => void
  readonly hasSynced: () => boolean
}

/**
 * Turns the events of one kind of children into work for their channels. Objects of the first list are only noted: every channel is
 * reconciled after it anyway.
 */
export function createChildHandlers(type: ResourceType, { children, enqueue, hasSynced }: ChildWatchParts): WatchHandlers {
  /** Channel of each child, by the child's name: a deletion that only a relist noticed comes without the object. */
  const owners = new Map<string, ObjectRef>()
  return {
    onUpsert(object) {
      const channel = channelOf(object)
      if (channel === null) return
      owners.set(keyOf(refOf(object)), channel)
      const isNews = children.seen(channel, object)
      if (isNews && hasSynced()) enqueue(channel, 'child')
    },
    onDelete(ref, last) {
      const key = keyOf(ref)
      const channel = owners.get(key) ?? (last === null ? null : channelOf(last))
      owners.delete(key)
      if (channel !== null && children.gone(channel, type.kind, ref.name)) enqueue(channel, 'child')
    },
  }
}

/** Returns the channel that controls the object. If the owner reference was removed, returns the channel in the object's label. */
function channelOf({ metadata }: KubernetesObject): ObjectRef | null {
  const owner = metadata.ownerReferences?.find(
    ({ kind, apiVersion, controller }) => kind === channelKind && apiVersion.startsWith(`${apiGroup}/`) && controller === true,
  )
  const name = owner?.name ?? metadata.labels?.[channelLabel]
  return name === undefined ? null : { namespace: metadata.namespace ?? '', name }
}
