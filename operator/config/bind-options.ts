import { bindTable } from '../../program/options/bind-table.ts'
import { switches } from './mode.ts'
import { operatorOptions } from './options.ts'
import { operatorRules } from './rules.ts'

const modes = [
  '## Modes',
  '',
  'These are flags only, without a variable.',
  '',
  '| flag | what it does |',
  '|---|---|',
  ...Object.entries(switches).map(([name, sentence]) => `| \`${name}\` | ${sentence} |`),
].join('\n')

/** The operator's options: command line, environment, `--help`, reference, errors. */
export const boundOperatorOptions = bindTable(operatorOptions, operatorRules, {
  usage: `Carillon operator: gives each RealtimeChannel a topic, gateways and a route, and maintains them.

Usage: node operator/main.ts [--help] [--version] [--once] [--dry-run] [--OPTION=VALUE ...]
       node operator/main.ts --release-finalizers [--dry-run]

Each option is an environment variable. Except for secrets it is a flag, too, which wins over the
variable. An empty variable counts as unset. All errors are reported at once.
Options in _MS take milliseconds, or a duration such as 5m, 1h30m or 500ms.`,
  switches,
  introduction: `# Configuration of the operator

Every option of the operator is an environment variable. An empty variable counts as unset. Except for secrets each is a flag, too, which wins over the
variable: \`NAMESPACES\` is \`--namespaces=...\`. The operator reads all options at start and reports all errors at once. It warns of variables that
look like a misspelt option. \`--help\` prints this list.

Options whose name ends in \`_MS\` take a number of milliseconds, or a duration: whole numbers, each with the unit \`h\`, \`m\`, \`s\` or \`ms\`, as in \`5m\`,
\`1h30m\` and \`500ms\`. The reference shows the number.

The chart sets the options that a cluster needs. Only \`GATEWAY_IMAGE\` is required. A channel's own fields win over these options. The operator uses
its credentials for the brokers of \`KAFKA_BROKERS\` and for no others.

${modes}`,
  fullList: 'node operator/main.ts --help, or docs/reference/operator-configuration.md',
})
