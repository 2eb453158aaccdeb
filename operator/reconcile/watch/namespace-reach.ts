import type { KubernetesObject, ObjectRef } from '../../../api/kubernetes.ts'
import type { Transition } from '../../runtime/event-object.ts'

/** Tracks which namespaces of the operator's options cannot be read. */
export interface NamespaceReach {
  /** Called by the watch of channels in a namespace. */
  changed(namespace: string, isOutOfReach: boolean): void
  all(): readonly string[]
  /** Starts to write Events, also about earlier changes: only the leader writes. */
  work(): void
}

export interface NamespaceReachParts {
  /** The operator's Lease. The Events are about it, because no Event can be written in a namespace that is gone. */
  readonly lease: ObjectRef
  readonly record: (regarding: KubernetesObject, transition: Transition) => void
}

/** Reports namespaces that cannot be read, by Events. They affect no other channel. */
export function createNamespaceReach({ lease, record }: NamespaceReachParts): NamespaceReach {
  const outOfReach = new Set<string>()
  let isWorking = false

  function report(namespace: string): void {
    if (isWorking) record(objectOf(lease), outOfReach.has(namespace) ? lost(namespace) : found(namespace))
  }

  return {
    changed(namespace, isOutOfReach) {
      if (isOutOfReach) outOfReach.add(namespace)
      else outOfReach.delete(namespace)
      report(namespace)
    },
    all: () => [...outOfReach].toSorted(),
    work() {
      isWorking = true
      for (const namespace of outOfReach) report(namespace)
    },
  }
}

const objectOf = ({ namespace, name }: ObjectRef): KubernetesObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace, name },
})

const lost = (namespace: string): Transition => ({
  type: 'Warning',
  reason: 'NamespaceOutOfReach',
  note: `The operator cannot read the namespace ${namespace} (NAMESPACES), so it does not reconcile its channels. Other channels are not affected. If the namespace was deleted, remove it from NAMESPACES. Otherwise, grant the operator its Role there.`,
})

const found = (namespace: string): Transition => ({
  type: 'Normal',
  reason: 'NamespaceInReach',
  note: `The operator can read the namespace ${namespace} again, and reconciles its channels.`,
})
