import type { ObjectRef } from '../../../api/kubernetes.ts'
import { keyOf } from '../../../api/object-ref.ts'

/** Requests reconciles of channels whose claims, or whose rivals' claims, have changed. */
export interface ClaimLooks {
  /** Requests a reconcile of the channel: at once, or after a pause when there were too many requests. */
  ask(ref: ObjectRef): void
  /** Forgets a channel that is gone. */
  forget(ref: ObjectRef): void
}

export interface ClaimLooksParts {
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number
  readonly enqueueAfter: (channel: ObjectRef, afterMs: number) => void
}

/**
 * Maximum number of reconciles of one channel within the window. A new channel needs about four: its two topics are each noted before their
 * ids are known.
 */
const maxLooks = 6
const windowMs = 60_000

/**
 * The brokers' description of a topic goes into the status, and the status makes claims. The claims cause reconciles of all channels that
 * share them, and these read their brokers again. Brokers that return another id each time would keep this cycle going without end, as fast
 * as the API server accepts statuses. So each channel has a few such reconciles a minute. One reconcile at the end of the pause covers the
 * rest.
 */
export function createClaimLooks({ nowMs, enqueueAfter }: ClaimLooksParts): ClaimLooks {
  const dueTimes = new Map<string, readonly number[]>()

  return {
    ask(ref) {
      const now = nowMs()
      const before = dueTimes.get(keyOf(ref)) ?? []
      // A reconcile is pending already.
      if ((before.at(-1) ?? now) > now) return
      const dueMs = before.length < maxLooks ? now : Math.max(now, (before[0] ?? now) + windowMs)
      dueTimes.set(keyOf(ref), [...before, dueMs].slice(-maxLooks))
      enqueueAfter(ref, dueMs - now)
    },
    forget: (ref) => void dueTimes.delete(keyOf(ref)),
  }
}
