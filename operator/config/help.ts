import { renderTableHelp } from '../../program/options/help.ts'
import { switches } from './mode.ts'
import { operatorOptions } from './options.ts'

/** The text of the operator's `--help`. */
export function renderOperatorHelp(): string {
  return renderTableHelp(operatorOptions, { usage, switches })
}

const usage = `Carillon operator: makes a topic, gateways and a route of each RealtimeChannel, and keeps them so.

Usage: node operator/main.ts [--help] [--version] [--once] [--dry-run] [--OPTION=VALUE ...]
       node operator/main.ts --release-finalizers [--dry-run]

Each option is an environment variable, and, secrets excepted, a flag that wins over it. An empty
variable counts as unset. All errors are reported at once.`
