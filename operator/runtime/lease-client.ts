import { failed, type Result } from '../../program/result.ts'
import type { Clock, Timers } from '../../program/clock.ts'
import { withDeadline } from '../../program/waiting.ts'
import type { KubernetesObject, ObjectRef } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi } from './kubernetes-api.ts'
import { heldLease, leaseType, releasedLease } from './lease.ts'

export interface LeaseClientParts {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'update'>
  readonly lease: ObjectRef
  readonly identity: string
  readonly durationMs: number
  /** Of one call. */
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'wallNow'>
  readonly timers: Timers
}

type Answer = Promise<Result<KubernetesObject, ApiError>>

/** What one process does to one Lease. Each write is for one version of it: it replaces what was seen, or nothing. */
export interface LeaseClient {
  read(): Answer
  /** Takes, or renews. @param seen the version that is replaced; one without a version is made */
  hold(seen: KubernetesObject): Answer
  free(held: KubernetesObject): Answer
}

/**
 * A call that is not answered within its time counts as failed, so that one which hangs does not use up the whole time in which others could succeed. It
 * may be carried out all the same, later; then it meets another version and a conflict, or our own hand.
 */
export function createLeaseClient({ api, lease, identity, durationMs, timeoutMs, clock, timers }: LeaseClientParts): LeaseClient {
  let lastWallMs = 0

  /** Two renewals must never look the same, not even when the clock was put back between them: others would see no change. */
  function nextWallMs(): number {
    lastWallMs = Math.max(clock.wallNow(), lastWallMs + 1)
    return lastWallMs
  }

  function inTime(call: Answer): Answer {
    const late = failed<ApiError>({ kind: 'unavailable', code: 0, message: `no answer within ${timeoutMs} ms` })
    return withDeadline(call, timeoutMs, () => late, timers)
  }

  return {
    read: () => inTime(api.get(leaseType, lease)),
    hold: (seen) => {
      const held = heldLease(seen, { identity, durationMs, wallMs: nextWallMs() })
      return inTime(seen.metadata.resourceVersion === undefined ? api.create(leaseType, held) : api.update(leaseType, held))
    },
    free: (held) => inTime(api.update(leaseType, releasedLease(held, nextWallMs()))),
  }
}
