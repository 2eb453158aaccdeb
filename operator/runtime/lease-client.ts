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
  /** Limit of one call. Milliseconds. */
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'wallNow'>
  readonly timers: Timers
}

type Answer = Promise<Result<KubernetesObject, ApiError>>

/** The calls that one process makes for one Lease. Each write is for one version: it replaces the version that was read, or nothing. */
export interface LeaseClient {
  read(): Answer
  /** Takes or renews the Lease. @param seen the version that is replaced; without a version the Lease is created */
  hold(seen: KubernetesObject): Answer
  free(held: KubernetesObject): Answer
}

/**
 * Counts a call without a response in time as failed. Otherwise one call that hangs would use up the time of the retries.
 * The server may still store the late call. Then it meets another version and gets a conflict, or it meets our own renewal.
 */
export function createLeaseClient({ api, lease, identity, durationMs, timeoutMs, clock, timers }: LeaseClientParts): LeaseClient {
  let lastWallMs = 0

  /**
   * Returns a new time at each call, even after the clock was put back. Two equal renewals would look like no renewal to other processes.
   */
  function nextWallMs(): number {
    lastWallMs = Math.max(clock.wallNow(), lastWallMs + 1)
    return lastWallMs
  }

  function inTime(call: Answer): Answer {
    const late = failed<ApiError>({ kind: 'unavailable', code: 0, message: `no response within ${timeoutMs} ms` })
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
