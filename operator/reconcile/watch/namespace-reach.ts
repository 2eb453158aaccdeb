import type { KubernetesObject, ObjectRef } from '../../../api/kubernetes.ts'
import type { Transition } from '../../runtime/event-object.ts'

/** Which of the namespaces that the operator was told to look after it cannot read. */
export interface NamespaceReach {
  /** What the watch of channels in a namespace tells. */
  changed(namespace: string, isOutOfReach: boolean): void
  all(): readonly string[]
  /** This process works from now on: it writes the Events, also of what happened before. */
  work(): void
}

export interface NamespaceReachParts {
  /** Of the operator: the Events are about it, because no Event can be written in a namespace that is gone. */
  readonly lease: ObjectRef
  readonly record: (regarding: KubernetesObject, transition: Transition) => void
}

/** Tells people of namespaces that cannot be read. They concern nobody else: all other channels are looked after. */
export function createNamespaceReach({ lease, record }: NamespaceReachParts): NamespaceReach {
  const outOfReach = new Set<string>()
  let isWorking = false

  function tell(namespace: string): void {
    if (isWorking) record(objectOf(lease), outOfReach.has(namespace) ? lost(namespace) : found(namespace))
  }

  return {
    changed(namespace, isOutOfReach) {
      if (isOutOfReach) outOfReach.add(namespace)
      else outOfReach.delete(namespace)
      tell(namespace)
    },
    all: () => [...outOfReach].toSorted(),
    work() {
      isWorking = true
      for (const namespace of outOfReach) tell(namespace)
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
  note: `The operator may not read the namespace ${namespace} (NAMESPACES). Its channels are not looked after; all others are. If it was deleted, take it out of NAMESPACES. If not, give the operator its Role there.`,
})

const found = (namespace: string): Transition => ({
  type: 'Normal',
  reason: 'NamespaceInReach',
  note: `The operator can read the namespace ${namespace} again, and looks after its channels.`,
})
