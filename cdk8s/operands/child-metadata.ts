import { apiVersion, channelKind } from '../../api/v1alpha1/realtime-channel.ts'
import { channelLabels } from '../../api/labels.ts'
import type { OperandInput } from './operand-input.ts'
import { operandNames } from '../../api/child-names.ts'
import type { OperandKind } from '../../api/child-types.ts'

export interface ChildMetadata {
  readonly name: string
  readonly namespace: string
  readonly labels: Record<string, string>
  readonly annotations?: Record<string, string>
  readonly ownerReferences: OwnerReference[]
}

interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller: boolean
  readonly blockOwnerDeletion: boolean
}

interface Additions {
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

/** Returns the metadata of an object that belongs to the channel and is deleted with it. A user's labels and annotations never replace ours. */
export function childMetadata({ channel }: OperandInput, kind: OperandKind, { labels, annotations }: Additions = {}): ChildMetadata {
  return {
    name: operandNames(channel.name)[kind],
    namespace: channel.namespace,
    labels: { ...labels, ...channelLabels(channel.name) },
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
    ownerReferences: [{ apiVersion, kind: channelKind, name: channel.name, uid: channel.uid, controller: true, blockOwnerDeletion: true }],
  }
}
