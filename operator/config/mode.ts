import { failed, ok, type Result } from '../../program/result.ts'
import type { SwitchTable } from '../../program/options/command-line.ts'
import type { OptionError } from '../../program/options/option-error.ts'

/** The task of this process. */
export interface Mode {
  /**
   * serve: work until a signal comes. once: reconcile each channel once, then exit with 0 when all have converged, else with 1.
   * release-finalizers: remove the operator's finalizer from all channels, then exit.
   */
  readonly task: 'serve' | 'once' | 'release-finalizers'
  /** Change nothing, neither in Kubernetes nor in Kafka, and do not take the Lease. */
  readonly isDryRun: boolean
}

export type Switch = '--dry-run' | '--once' | '--release-finalizers'

/** Modes are flags only: a forgotten variable must not change the task of an operator. */
export const switches: SwitchTable<Switch> = {
  '--dry-run':
    'Plan and print the changes. Change nothing, neither in Kubernetes nor in Kafka, and do not take part in the leader election.',
  '--once': 'Reconcile each channel once, then exit with 0 if all channels converged, else with 1.',
  '--release-finalizers':
    "Remove the operator's finalizer from all channels, then exit. Use it before the operator is uninstalled. Topics stay, also with deletionPolicy: Delete.",
}

/** Returns the mode of these switches. */
export function modeOf(given: ReadonlySet<Switch>): Result<Mode, OptionError> {
  const isRelease = given.has('--release-finalizers')
  if (isRelease && given.has('--once'))
    return failed({ variable: '--release-finalizers', given: null, expected: '--release-finalizers or --once, not both' })
  const task = isRelease ? 'release-finalizers' : given.has('--once') ? 'once' : 'serve'
  return ok(Object.freeze({ task, isDryRun: given.has('--dry-run') }))
}
