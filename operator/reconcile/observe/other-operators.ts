import type { Logger } from '../../../program/log/logger.ts'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import type { KubernetesApi } from '../../runtime/kubernetes-api.ts'
import { leaseType, mayTake, observeLease, type ObservedLease } from '../../runtime/lease.ts'
import type { OtherOperator } from '../world.ts'

/** Which of the operators that marks name are still there. */
export interface OtherOperators {
  /** @param lease NAMESPACE/NAME @returns null for this operator's own, and for what is no name of a Lease */
  find(lease: string): Promise<OtherOperator | null>
  /** Looks again at those that are there. To be called every now and then. */
  lookAgain(): Promise<void>
}

export interface OtherOperatorsParts {
  readonly api: Pick<KubernetesApi, 'get'>
  /** Of this operator: NAMESPACE/NAME. */
  readonly own: string
  /** Milliseconds, of a clock that is not put back. */
  readonly now: () => number
  /** One that was there is gone: its channels are anybody's. */
  readonly onGone: (lease: string) => void
  readonly logger: Logger
}

/** An operator that is replaced by another of its release holds its Lease again after seconds. */
const graceMs = 60_000
/** What was read of a Lease holds for so long: a thousand channels may ask. */
const freshMs = 5_000
/** Marks can be written by anybody who may edit a Deployment. The one that was looked at longest ago is forgotten for another. */
const maxKnown = 64

interface Known {
  readonly ref: ObjectRef
  readonly state: OtherOperator['state']
  readonly observed: ObservedLease | null
  readonly atMs: number
}

/** Reads the Leases that marks name. They are judged by this process's own clock, as the leader election judges them. */
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
    tell(lease, before?.state ?? null, after.state)
    return after
  }

  function tell(lease: string, before: OtherOperator['state'] | null, after: OtherOperator['state']): void {
    if (after !== 'gone' && (before === null || before === 'gone'))
      logger.warn({ lease, state: after }, 'another operator looks after channels of this one')
    if (after !== 'gone' || before === null || before === 'gone') return
    logger.info({ lease }, 'another operator is gone, and its channels are taken over')
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
    async lookAgain() {
      const before = [...known] // a look moves its entry to the end
      for (const [lease, { ref, state }] of before) if (state !== 'gone') await look(lease, ref)
    },
  }
}

/** One that has just let its Lease go, or has not renewed it for its time, may be replaced by another replica in a moment. */
function stateOf(observed: ObservedLease, nowMs: number): OtherOperator['state'] {
  return mayTake(observed, '', { nowMs, durationMs: graceMs }) && nowMs - observed.sinceMs >= graceMs ? 'gone' : 'alive'
}

function leaseRefOf(lease: string): ObjectRef | null {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(lease) ?? []
  return namespace === undefined || name === undefined ? null : { namespace, name }
}
