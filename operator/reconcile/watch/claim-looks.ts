import type { ObjectRef } from '../../../api/kubernetes.ts'
import { keyOf } from '../../../api/object-ref.ts'

/** Requests reconciles of channels whose claims, or whose rivals' claims, have changed. */
export interface ClaimLooks {
  /** Requests a reconcile of the channel: at once, or after a pause when there were too many requests. */
  ask(ref: ObjectRef): void
  /** Forgets a deleted channel. */
  forget(ref: ObjectRef): void
}

export interface ClaimLooksParts {
  /** Returns milliseconds of a monotonic clock. */
  readonly nowMs: () => number
  readonly enqueueAfter: (channel: ObjectRef, afterMs: number) => void
}

/** Maximum number of requests for one channel within the window. A new channel takes about four: each of its two topics is noted before its id is known. */
const maxLooks = 6
const windowMs = 60_000

/**
 * Limits the reconciles that claims cause. Brokers report ids of a topic, the ids go into the status, and the status makes claims. Claims cause reconciles of
 * all channels that share them, which ask their brokers again. Brokers that report another id each time would keep this loop running, as fast as the API server
 * stores statuses. So each channel has a few such reconciles per minute. One reconcile at the end of the pause sees the changes that were missed.
 */
export function createClaimLooks({ nowMs, enqueueAfter }: ClaimLooksParts): ClaimLooks {
  const dueTimes = new Map<string, readonly number[]>()

  return {
    ask(ref) {
      const now = nowMs()
      const before = dueTimes.get(keyOf(ref)) ?? []
      // A reconcile is already scheduled.
      if ((before.at(-1) ?? now) > now) return
      const dueMs = before.length < maxLooks ? now : Math.max(now, (before[0] ?? now) + windowMs)
      dueTimes.set(keyOf(ref), [...before, dueMs].slice(-maxLooks))
      enqueueAfter(ref, dueMs - now)
    },
    forget: (ref) => void dueTimes.delete(keyOf(ref)),
  }
}
