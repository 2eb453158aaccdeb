import type { ObjectRef } from '../../../api/kubernetes.ts'
import type { ClassChange } from './classes.ts'

/** Channels of a changed class are looked at one after the other, this far apart: a change that restarts pods does not restart those of all channels at once. */
export const classChangePaceMs = 50

export interface ClassChangesParts {
  readonly channelsOf: (change: ClassChange) => readonly ObjectRef[]
  /** A channel is to be reconciled, after so many milliseconds. */
  readonly enqueueAfter: (channel: ObjectRef, afterMs: number) => void
}

/** Re-applies a class that has changed to its channels, paced. */
export function createClassChanges({ channelsOf, enqueueAfter }: ClassChangesParts): (change: ClassChange) => void {
  return (change) => {
    for (const [index, ref] of channelsOf(change).entries()) enqueueAfter(ref, index * classChangePaceMs)
  }
}
