import type { ObjectRef } from '../../../api/kubernetes.ts'
import { keyOf } from '../../../api/object-ref.ts'

/** Has channels looked at again because what they claim has changed, or what their rivals do. */
export interface ClaimLooks {
  /** The channel is to be reconciled: at once, or after a pause when that was asked for too often. */
  ask(ref: ObjectRef): void
  /** It is gone. */
  forget(ref: ObjectRef): void
}

export interface ClaimLooksParts {
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: () => number
  readonly enqueueAfter: (channel: ObjectRef, afterMs: number) => void
}

/** So many looks at one channel within the window. A new channel takes about four: a topic is noted before its id is known, and there are two of them. */
const maxLooks = 6
const windowMs = 60_000

/**
 * What brokers tell of a topic goes into the status, the status makes claims, and these make work for all channels that share them, which ask
 * their brokers again. Brokers that tell another id each time would keep that going for ever, as fast as the API server takes the statuses. So each channel has a
 * few looks a minute for such a reason. What it misses meanwhile, one look at the end of the pause sees.
 */
export function createClaimLooks({ nowMs, enqueueAfter }: ClaimLooksParts): ClaimLooks {
  const dueTimes = new Map<string, readonly number[]>()

  return {
    ask(ref) {
      const now = nowMs()
      const before = dueTimes.get(keyOf(ref)) ?? []
      // It waits already.
      if ((before.at(-1) ?? now) > now) return
      const dueMs = before.length < maxLooks ? now : Math.max(now, (before[0] ?? now) + windowMs)
      dueTimes.set(keyOf(ref), [...before, dueMs].slice(-maxLooks))
      enqueueAfter(ref, dueMs - now)
    },
    forget: (ref) => void dueTimes.delete(keyOf(ref)),
  }
}
