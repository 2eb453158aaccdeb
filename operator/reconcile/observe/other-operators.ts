import type { Logger } from '../../../program/log/logger.ts'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import type { KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { leaseType, mayTake, observeLease, type ObservedLease } from '../../runtime/lease.ts'
import type { OtherOperator } from '../world.ts'

/** Finds out which of the operators that marks name still exist. */
export interface OtherOperators {
  /** Returns null for this operator's own Lease, and for a text that is not the name of a Lease. @param lease NAMESPACE/NAME */
  find(lease: string): Promise<OtherOperator | null>
  /** Reads the Leases of the operators that were alive again. Called periodically. */
  refresh(): Promise<void>
}

export interface OtherOperatorsParts {
  readonly api: Pick<KubernetesApi, 'get'>
  /** Lease of this operator: NAMESPACE/NAME. */
  readonly own: string
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number
  /** Called when an operator that existed is gone. Its channels may then be taken over. */
  readonly onGone: (lease: string) => void
  readonly logger: Logger
}

/**
 * Time without a holder after which an operator counts as gone. A replica that replaces another of its release takes the Lease within
 * seconds.
 */
const graceMs = 60_000
/** Time for which a read of a Lease stays valid: a thousand channels may ask. */
const freshMs = 5_000
/**
 * Maximum number of known operators. Any user who may edit a Deployment can write marks. Beyond it, the one that was read longest ago is
 * forgotten.
 */
const maxKnown = 64

interface Known {
  readonly ref: ObjectRef
  readonly state: OtherOperator['state']
  readonly observed: ObservedLease | null
  readonly atMs: number
}

/** Reads the Leases that marks name. Like the leader election, it measures them by this process's own clock. */
export function createOtherOperators({ api, own, now, onGone, logger }: OtherOperatorsParts): OtherOperators {
  const known = new Map<string, Known>()

  async function look(lease: string, ref: ObjectRef): Promise<Known> {
    const before = known.get(lease) ?? null
    const found = await api.get(leaseType, ref)
    const nowMs = now()
    const observed = found.ok ? observeLease(before?.observed ?? null, found.value, nowMs) : null
    const after: Known = {
      ref,
      observed,
      atMs: nowMs,
      state: found.ok && observed !== null ? stateOf(observed, nowMs) : found.ok || found.error.kind === 'not-found' ? 'gone' : 'unknown',
    }
    known.delete(lease)
    known.set(lease, after)
    const [oldest] = known.keys()
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest)
    report(lease, before?.state ?? null, after.state)
    return after
  }

  function report(lease: string, before: OtherOperator['state'] | null, after: OtherOperator['state']): void {
    if (after !== 'gone' && (before === null || before === 'gone'))
      logger.warn({ lease, state: after }, 'another operator is in charge of channels')
    if (after !== 'gone' || before === null || before === 'gone') return
    logger.info({ lease }, 'other operator gone, taking over its channels')
    onGone(lease)
  }

  return {
    async find(lease) {
      const ref = leaseRefOf(lease)
      if (lease === own || ref === null) return null
      const before = known.get(lease)
      const isFresh = before !== undefined && now() - before.atMs < freshMs
      return { lease, state: (isFresh ? before : await look(lease, ref)).state }
    },
    async refresh() {
      const before = [...known] // a look moves its entry to the end
      for (const [lease, { ref, state }] of before) if (state !== 'gone') await look(lease, ref)
    },
  }
}

/** Returns the state of an operator. A Lease that was just released or has just expired may be taken by another replica in a moment. */
function stateOf(observed: ObservedLease, nowMs: number): OtherOperator['state'] {
  return mayTake(observed, '', { nowMs, durationMs: graceMs }) && nowMs - observed.sinceMs >= graceMs ? 'gone' : 'alive'
}

function leaseRefOf(lease: string): ObjectRef | null {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(lease) ?? []
  return namespace === undefined || name === undefined ? null : { namespace, name }
}
