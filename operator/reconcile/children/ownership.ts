import { channelLabel, managedByLabels } from '../../../api/labels.ts'
import { apiGroup, channelKind, type RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, OwnerReference } from '../../../api/kubernetes.ts'
import { fieldsOf } from './owned-fields.ts'
import { names } from '../settings.ts'

/**
 * Returns whether the object is the channel's. The uid of the owner decides: a channel that was deleted and created again is another one.
 *
 * An object without an owner that the operator made for a channel of this name is the channel's, too. A client removed the reference, or kept objects when
 * it deleted the channel (`--cascade=orphan`), as in a move of channels from one cluster to another.
 */
export function isChildOf({ metadata }: RealtimeChannel, object: KubernetesObject): boolean {
  const controllers = controllersOf(object)
  if (controllers.length === 0) return isLabelledFor(metadata.name, object) && fieldsOf(object, names.fieldManager) !== null
  return controllers.some(({ uid }) => uid === metadata.uid)
}

/** Returns whether it was the child of a deleted channel of the same name: the garbage collector will remove it. */
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
