import { failed, ok, type Result } from '../../program/result.ts'
import type { SwitchTable } from '../../program/options/command-line.ts'
import type { OptionError } from '../../program/options/option-error.ts'

/** What the operator was started for. */
export interface Mode {
  /**
   * serve: until a signal comes. once: look at each channel once, then end with 0 when all have converged, else with 1.
   * release-finalizers: take the operator's finalizer off all channels, then end.
   */
  readonly task: 'serve' | 'once' | 'release-finalizers'
  /** Nothing may be changed, in Kubernetes or in Kafka; the Lease is not taken either. */
  readonly isDryRun: boolean
}

export type Switch = '--dry-run' | '--once' | '--release-finalizers'

/** The modes are flags only: a variable that is left behind somewhere must not turn an operator into something else. */
export const switches: SwitchTable<Switch> = {
  '--dry-run': 'Plan, and print what would be done; change nothing, in Kubernetes or in Kafka, and take no part in the leader election.',
  '--once': 'Look at each channel once, then end: with 0 when all are as they should be, else with 1.',
  '--release-finalizers':
    "Take the operator's finalizer off all channels, then end: for when the operator is uninstalled for good. Topics stay, whatever the channels say of them.",
}

/** The mode that these switches ask for. */
export function modeOf(given: ReadonlySet<Switch>): Result<Mode, OptionError> {
  const isRelease = given.has('--release-finalizers')
  if (isRelease && given.has('--once'))
    return failed({ variable: '--release-finalizers', given: null, expected: '--release-finalizers or --once, not both' })
  const task = isRelease ? 'release-finalizers' : given.has('--once') ? 'once' : 'serve'
  return ok(Object.freeze({ task, isDryRun: given.has('--dry-run') }))
}
