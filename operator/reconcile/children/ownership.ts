import { channelLabel, managedByLabels } from '../../../api/labels.ts'
import { apiGroup, channelKind, type RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, OwnerReference } from '../../../api/kubernetes.ts'
import { fieldsOf } from './owned-fields.ts'
import { names } from '../settings.ts'

/**
 * Whether the object is the channel's. It is judged by the uid of its owner: a channel that was deleted and made anew is another one. An object
 * that the operator made for a channel of this name and that has no owner is the channel's, too: somebody took the reference away, or let the objects of a
 * channel be when it was deleted (`--cascade=orphan`), as those do who move channels from one cluster to another.
 */
export function isChildOf({ metadata }: RealtimeChannel, object: KubernetesObject): boolean {
  const controllers = controllersOf(object)
  if (controllers.length === 0) return isLabelledFor(metadata.name, object) && fieldsOf(object, names.fieldManager) !== null
  return controllers.some(({ uid }) => uid === metadata.uid)
}

/** Whether it was the child of a channel of the same name that is gone: the garbage collector will take it away. */
export function isOrphanOf({ metadata }: RealtimeChannel, object: KubernetesObject): boolean {
  return (
    isLabelledFor(metadata.name, object) &&
    controllersOf(object).some(
      ({ kind, name, apiVersion, uid }) =>
        kind === channelKind && name === metadata.name && apiVersion.startsWith(`${apiGroup}/`) && uid !== metadata.uid,
    )
  )
}

function isLabelledFor(channelName: string, { metadata: { labels = {} } }: KubernetesObject): boolean {
  return labels[channelLabel] === channelName && Object.entries(managedByLabels).every(([name, value]) => labels[name] === value)
}

function controllersOf(object: KubernetesObject): readonly OwnerReference[] {
  return (object.metadata.ownerReferences ?? []).filter(({ controller }) => controller === true)
}
