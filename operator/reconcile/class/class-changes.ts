import type { ObjectRef } from '../../../api/kubernetes.ts'
import type { ClassChange } from './classes.ts'

/** Time between the reconciles of two channels of a changed class, so that a change does not restart the pods of all channels at once. */
export const classChangePaceMs = 50

export interface ClassChangesParts {
  readonly channelsOf: (change: ClassChange) => readonly ObjectRef[]
  /** Requests a reconcile of a channel after a time in milliseconds. */
  readonly enqueueAfter: (channel: ObjectRef, afterMs: number) => void
}

/** Re-applies a class that has changed to its channels, paced. */
export function createClassChanges({ channelsOf, enqueueAfter }: ClassChangesParts): (change: ClassChange) => void {
  return (change) => {
    for (const [index, ref] of channelsOf(change).entries()) enqueueAfter(ref, index * classChangePaceMs)
  }
}
