import { maxTcpConnections } from './max-tcp-connections.ts'
import { options, type Config } from './options.ts'
import type { Environment } from '../../program/options/read-options.ts'
import { misspelt } from '../../program/options/misspelt.ts'

/** Returns sentences for the log at start about options that work but are probably a mistake. */
export function configWarnings(env: Environment, config: Config, machine: Machine): readonly string[] {
  return [...misspelt(options, env, ownPrefixes), ...suspicious(env, config), ...tooFewFiles(config, machine)]
}

/** Limits that the machine sets for the process. */
export interface Machine {
  /** Files and connections that the process may have open; null when the limit is not known. */
  readonly maxOpenFiles: number | null
}

/** Files and connections of brokers, keys, log output, modules, and the internal port. */
const otherFiles = 512

function tooFewFiles(config: Config, { maxOpenFiles }: Machine): readonly string[] {
  const needed = maxTcpConnections(config) + otherFiles
  if (maxOpenFiles === null || maxOpenFiles >= needed) return []
  return [
    `The process may have ${maxOpenFiles} files open, and MAX_CONNECTIONS=${config.maxConnections} needs ${needed}. Connections beyond the limit are not accepted. Raise the limit (ulimit -n), or lower MAX_CONNECTIONS.`,
  ]
}

/** Prefixes that only this program's variables have. Other programs use `LOG_`, `MAX_` and the like, too. */
const ownPrefixes = ['ALLOWED_', 'DEDUPLICATION_', 'EMIT_', 'JWKS_', 'JWT_', 'KAFKA_', 'REPLAY_', 'REVOCATION_', 'UPSTREAM_'] as const

function suspicious(env: Environment, config: Config): readonly string[] {
  const warnings: readonly (readonly [boolean, string])[] = [
    [
      config.isDevelopment && isSet(env, 'HOST') && env['HOST'] !== config.host,
      'HOST is ignored: development mode listens on 127.0.0.1 only. Configure keys (JWT_JWKS_URI or JWT_KEYS_FILE) to use another address.',
    ],
    [
      config.kafkaSaslMechanism === 'plain' && !config.kafkaTls,
      'KAFKA_SASL_MECHANISM=plain without KAFKA_TLS=true sends the password in the clear.',
    ],
    [
      config.kafkaSaslMechanism === 'oauthbearer' && !config.kafkaTls,
      'KAFKA_SASL_MECHANISM=oauthbearer without KAFKA_TLS=true sends the token in the clear.',
    ],
    [config.dangerouslyAllowAnyOrigin, 'DANGEROUSLY_ALLOW_ANY_ORIGIN=true: a page of any site can connect as the user of the browser.'],
    [
      config.dangerouslyAllowAnyOrigin && config.allowedOrigins.length > 0,
      'ALLOWED_ORIGINS has no effect with DANGEROUSLY_ALLOW_ANY_ORIGIN=true.',
    ],
    [config.emitTrustXRhIdentity, 'EMIT_TRUST_X_RH_IDENTITY=true: a client that reaches this port without the proxy can emit as any user.'],
  ]
  return warnings.filter(([applies]) => applies).map(([, sentence]) => sentence)
}

function isSet(env: Environment, name: string): boolean {
  return (env[name] ?? '') !== ''
}
