import { options } from './options.ts'
import { renderTableHelp } from '../../program/options/help.ts'

/** The text of the gateway's `--help`. */
export function renderHelp(): string {
  return renderTableHelp(options, { usage, switches: {} })
}

const usage = `Carillon gateway: delivers CloudEvents from Kafka to exactly the right browsers.

Usage: node gateway/main.ts [--help] [--version] [--OPTION=VALUE ...]

Without keys (JWT_JWKS_URI, JWT_KEYS_FILE) it runs in development mode: on 127.0.0.1 only, with
tokens that anybody on this machine can make. NODE_ENV=production forbids that.

Each option is an environment variable, and, secrets excepted, a flag that wins over it. An empty
variable counts as unset. All errors are reported at once.`
