import type { RealtimeChannel } from '../../api/v1alpha1/realtime-channel.ts'

/** Status of a resource for tools that wait for it. */
export type Kstatus = 'Current' | 'InProgress' | 'Failed' | 'Terminating'

/**
 * The rules by which Helm, Flux and Argo CD read custom resources, after
 * https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus.
 * First deletion, then the generation, then Reconciling and Stalled in the order of the list, then Ready.
 * A resource without any of them counts as finished.
 */
export function kstatusOf({ metadata, status }: Pick<RealtimeChannel, 'metadata' | 'status'>): Kstatus {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating'
  if (status?.observedGeneration !== undefined && status.observedGeneration !== metadata.generation) return 'InProgress'
  const conditions = status?.conditions ?? []
  const [decisive] = conditions.filter(({ type, status: value }) => value === 'True' && (type === 'Reconciling' || type === 'Stalled'))
  if (decisive !== undefined) return decisive.type === 'Stalled' ? 'Failed' : 'InProgress'
  const ready = conditions.find(({ type }) => type === 'Ready')
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress'
}
