import type { ObjectRef } from '../../api/kubernetes.ts'
import { keyOf } from '../../api/object-ref.ts'
import type { Reconcile } from '../runtime/reconcile-run.ts'
import { describePlan } from './plan/describe.ts'
import type { Observer } from './observe/observe.ts'
import { planChannel } from './plan/plan.ts'
import type { Settings } from './settings.ts'

export interface DryRunParts {
  readonly observer: Pick<Observer, 'observe'>
  readonly settings: Settings
  /** Prints a line for a person. */
  readonly print: (line: string) => void
}

/** Limit of one printed plan. Terminals scroll. */
const maxBytes = 65_536

/** A reconcile that plans and prints, and writes nothing. A channel has not converged when its plan has actions or refusals. */
export function createDryRun({ observer, settings, print }: DryRunParts): Reconcile {
  const printFor = (ref: ObjectRef, text: string): void => print(`${keyOf(ref)}: ${text}`)
  return async (ref) => {
    const observed = await observer.observe(ref)
    if (!observed.ok) return { kind: 'retry', reason: `the channel could not be read: ${observed.error.message}` }
    if (observed.value.kind === 'gone') return { kind: 'done' }
    if (observed.value.kind === 'not-understood') {
      printFor(ref, observed.value.problem.message)
      return { kind: 'retry', reason: observed.value.problem.message }
    }
    if (observed.value.kind === 'refused') {
      const { reason, message } = observed.value.refusal
      printFor(ref, `Not done (${reason}): ${message}`)
      return { kind: 'retry', reason: message }
    }
    const plan = planChannel(observed.value.world, settings)
    printFor(ref, describePlan(plan, maxBytes))
    return plan.actions.length + plan.refusals.length === 0 ? { kind: 'done' } : { kind: 'requeue', afterMs: notConvergedRetryMs }
  }
}

const notConvergedRetryMs = 600_000
