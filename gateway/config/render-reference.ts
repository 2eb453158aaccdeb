import { flagOf } from './command-line.ts'
import { renderDefault } from './help.ts'
import { options, type Option } from './options.ts'
import { optionNames } from './parse-options.ts'
import { describeExpected } from './read-option.ts'

/** docs/reference/configuration.md, without the line that says that it is generated. */
export function renderConfigurationReference(): string {
  const all: readonly Option[] = optionNames.map((name) => options[name])
  const groups = [...new Set(all.map((option) => option.group))]
  return [introduction, ...groups.map((group) => renderGroup(group, all.filter((option) => option.group === group)))].join('\n\n') + '\n'
}

const introduction = `# Configuration

Every option of the gateway is an environment variable. An empty variable counts as unset. Except for secrets each is a flag
too, which wins over the variable: \`KAFKA_BROKERS\` is \`--kafka-brokers=...\`. The gateway reads all of them at start, reports all
errors at once, and warns of variables that look like a misspelt option. \`--help\` prints this list.

**Development mode** is on when neither \`JWT_JWKS_URI\` nor \`JWT_KEYS_FILE\` is set and \`NODE_ENV\` is not \`production\`. The gateway then
listens on 127.0.0.1 only, whatever \`HOST\` says, and makes its own signing key. Outside development mode a key source,
\`JWT_ISSUER\`, \`JWT_AUDIENCE\`, \`KAFKA_BROKERS\` and \`ALLOWED_ORIGINS\` (or \`DANGEROUSLY_ALLOW_ANY_ORIGIN=true\`) are required.`

function renderGroup(group: string, members: readonly Option[]): string {
  const rows = members.map((option) => `| \`${option.env}\` | \`${flag(option)}\` | ${cell(describeExpected(option))} | ${defaultCell(option)} | ${cell(option.sentence)} |`)
  return [`## ${group}`, '', '| variable | flag | value | default | what it does |', '|---|---|---|---|---|', ...rows].join('\n')
}

function flag(option: Option): string {
  return option.kind === 'secret' ? 'no flag' : flagOf(option)
}

function defaultCell(option: Option): string {
  const text = renderDefault(option)
  return text === 'none' ? '' : `\`${text}\``
}

/** A pipe would end the cell; a pattern is code, between two backquotes because it may hold one. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/that matches (\S+)/, 'that matches `` $1 ``')
}
