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
 * Turns what the watch of one kind of children tells into work for their channels. What the first list shows is only noted: every channel is
 * reconciled after it anyhow.
 */
export function createChildHandlers(type: ResourceType, { children, enqueue, hasSynced }: ChildWatchParts): WatchHandlers {
  /** Whose a child was, for a deletion that only a relist noticed: names and channels. */
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

/** The channel that controls the object, or, when somebody took the reference away, the one that its label names. */
function channelOf({ metadata }: KubernetesObject): ObjectRef | null {
  const owner = metadata.ownerReferences?.find(
    ({ kind, apiVersion, controller }) => kind === channelKind && apiVersion.startsWith(`${apiGroup}/`) && controller === true,
  )
  const name = owner?.name ?? metadata.labels?.[channelLabel]
  return name === undefined ? null : { namespace: metadata.namespace ?? '', name }
}
