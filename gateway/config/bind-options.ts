import { bindTable } from '../../program/options/bind-table.ts'
import { options, type Config, type OptionName } from './options.ts'
import { rules } from './rules.ts'
import type { Rule } from '../../program/options/rule.ts'

/** NODE_ENV decides what is required. While it cannot be read, no rule is checked. */
const applicableRules = rules.map((rule): Rule<OptionName, Config> => ({ ...rule, about: [...rule.about, 'nodeEnv'] }))

/** The gateway's options: command line, environment, `--help`, reference, errors. */
export const gatewayOptions = bindTable(options, applicableRules, {
  usage: `Carillon gateway: delivers CloudEvents from Kafka to exactly the right browsers.

Usage: node gateway/main.ts [--help] [--version] [--OPTION=VALUE ...]

Without keys (JWT_JWKS_URI, JWT_KEYS_FILE) it runs in development mode: on 127.0.0.1 only, with
tokens that any user of this machine can make. NODE_ENV=production forbids that.

Each option is an environment variable. Except for secrets it is a flag, too, which wins over the
variable. An empty variable counts as unset. All errors are reported at once.
Options in _MS take milliseconds, or a duration such as 5m, 1h30m or 500ms.`,
  switches: {},
  introduction: `# Configuration

Every option of the gateway is an environment variable. An empty variable counts as unset. Except for secrets each is a flag, too, which wins over the
variable: \`KAFKA_BROKERS\` is \`--kafka-brokers=...\`. The gateway reads all options at start and reports all errors at once. It warns of variables
that look like a misspelt option. \`--help\` prints this list.

Options whose name ends in \`_MS\` take a number of milliseconds, or a duration: whole numbers, each with the unit \`h\`, \`m\`, \`s\` or \`ms\`, as in \`5m\`,
\`1h30m\` and \`500ms\`. The reference shows the number.

**Development mode** is on when neither \`JWT_JWKS_URI\` nor \`JWT_KEYS_FILE\` is set and \`NODE_ENV\` is not \`production\`. The gateway then
ignores \`HOST\`, listens on 127.0.0.1 only, and makes its own signing key. Outside development mode these are required: a key source, \`JWT_ISSUER\`,
\`JWT_AUDIENCE\`, \`KAFKA_BROKERS\`, and \`ALLOWED_ORIGINS\` or \`DANGEROUSLY_ALLOW_ANY_ORIGIN=true\`.`,
  fullList: '--help (make start ARGS=--help), or docs/reference/configuration.md',
})
