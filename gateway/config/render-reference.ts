import { options } from './options.ts'
import { renderTableReference } from '../../program/options/reference.ts'

/** docs/reference/configuration.md, without the line that says that it is generated. */
export function renderConfigurationReference(): string {
  return renderTableReference(options, introduction)
}

const introduction = `# Configuration

Every option of the gateway is an environment variable. An empty variable counts as unset. Except for secrets each is a flag
too, which wins over the variable: \`KAFKA_BROKERS\` is \`--kafka-brokers=...\`. The gateway reads all of them at start, reports all
errors at once, and warns of variables that look like a misspelt option. \`--help\` prints this list.

**Development mode** is on when neither \`JWT_JWKS_URI\` nor \`JWT_KEYS_FILE\` is set and \`NODE_ENV\` is not \`production\`. The gateway then
listens on 127.0.0.1 only, whatever \`HOST\` says, and makes its own signing key. Outside development mode a key source,
\`JWT_ISSUER\`, \`JWT_AUDIENCE\`, \`KAFKA_BROKERS\` and \`ALLOWED_ORIGINS\` (or \`DANGEROUSLY_ALLOW_ANY_ORIGIN=true\`) are required.`
