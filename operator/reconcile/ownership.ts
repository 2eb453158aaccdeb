import { channelLabel, managedByLabels } from '../../cdk8s/operands/labels.ts'
import { apiGroup, channelKind, type RealtimeChannel } from '../api/v1alpha1/realtime-channel.ts'
import type { KubernetesObject, OwnerReference } from '../runtime/kubernetes-api.ts'

/** Whether the channel controls the object. An object is judged by the uid of its owner: a channel that was deleted and made anew is another one. */
export function isChildOf({ metadata }: RealtimeChannel, object: KubernetesObject): boolean {
  return controllersOf(object).some(({ uid }) => uid === metadata.uid)
}

/** Whether it was the child of a channel of the same name that is gone: the garbage collector will take it away. */
export function isOrphanOf({ metadata }: RealtimeChannel, object: KubernetesObject): boolean {
  const labels = object.metadata.labels ?? {}
  const isLabelled = labels[channelLabel] === metadata.name && Object.entries(managedByLabels).every(([name, value]) => labels[name] === value)
  return isLabelled && controllersOf(object).some(({ kind, name, apiVersion, uid }) => kind === channelKind && name === metadata.name && apiVersion.startsWith(`${apiGroup}/`) && uid !== metadata.uid)
}

function controllersOf(object: KubernetesObject): readonly OwnerReference[] {
  return (object.metadata.ownerReferences ?? []).filter(({ controller }) => controller === true)
}
