import { renderTableReference } from '../../program/options/reference.ts'
import { switches } from './mode.ts'
import { operatorOptions } from './options.ts'

/** docs/reference/operator-configuration.md, without the line that says that it is generated. */
export function renderOperatorReference(): string {
  return renderTableReference(operatorOptions, `${introduction}\n\n${modes}`)
}

const introduction = `# Configuration of the operator

Every option of the operator is an environment variable. An empty variable counts as unset. Except for secrets each is a flag
too, which wins over the variable: \`NAMESPACES\` is \`--namespaces=...\`. The operator reads all of them at start, reports all
errors at once, and warns of variables that look like a misspelt option. \`--help\` prints this list.

The chart sets what a cluster needs. \`GATEWAY_IMAGE\` is the only option that must be given. What a channel says of itself wins over what is
said here for all; the credentials of the operator are used for the brokers of \`KAFKA_BROKERS\` and for no others.`

const modes = [
  '## Modes',
  '',
  'These are flags only, without a variable.',
  '',
  '| flag | what it does |',
  '|---|---|',
  ...Object.entries(switches).map(([name, sentence]) => `| \`${name}\` | ${sentence} |`),
].join('\n')
