import { maxTcpConnections } from './max-tcp-connections.ts'
import { options, type Config } from './options.ts'
import type { Environment } from '../../program/options/read-options.ts'
import { misspelt } from '../../program/options/misspelt.ts'

/** What works, but is probably not what was meant; sentences for the log at start. */
export function configWarnings(env: Environment, config: Config, machine: Machine): readonly string[] {
  return [...misspelt(options, env, ownPrefixes), ...questionable(env, config), ...tooFewFiles(config, machine)]
}

/** The limits that the machine sets for the process. */
export interface Machine {
  /** Files and connections that the process may have open; null when that is not known. */
  readonly maxOpenFiles: number | null
}

/** The files and connections of brokers, keys, the log, modules, and the internal port. */
const otherFiles = 512

function tooFewFiles(config: Config, { maxOpenFiles }: Machine): readonly string[] {
  const needed = maxTcpConnections(config) + otherFiles
  if (maxOpenFiles === null || maxOpenFiles >= needed) return []
  return [
    `The process may have ${maxOpenFiles} files open, and MAX_CONNECTIONS=${config.maxConnections} needs ${needed}. Connections beyond the limit are not taken. Raise the limit (ulimit -n), or lower MAX_CONNECTIONS.`,
  ]
}

/** Beginnings that only this program's variables have; other programs use `LOG_`, `MAX_` and the like, too. */
const ownPrefixes = ['ALLOWED_', 'DEDUPLICATION_', 'EMIT_', 'JWKS_', 'JWT_', 'KAFKA_', 'REPLAY_'] as const

function questionable(env: Environment, config: Config): readonly string[] {
  const warnings: readonly (readonly [boolean, string])[] = [
    [
      config.isDevelopment && isSet(env, 'HOST') && env['HOST'] !== config.host,
      'HOST is ignored: development mode listens on 127.0.0.1 only. Configure keys (JWT_JWKS_URI or JWT_KEYS_FILE) to listen elsewhere.',
    ],
    [
      config.kafkaSaslMechanism === 'plain' && !config.kafkaTls,
      'KAFKA_SASL_MECHANISM=plain without KAFKA_TLS=true sends the password in the clear.',
    ],
    [
      config.kafkaSaslMechanism === 'oauthbearer' && !config.kafkaTls,
      'KAFKA_SASL_MECHANISM=oauthbearer without KAFKA_TLS=true sends the token in the clear.',
    ],
    [config.dangerouslyAllowAnyOrigin, 'DANGEROUSLY_ALLOW_ANY_ORIGIN: a page of any site can connect as the user whose browser shows it.'],
    [
      config.dangerouslyAllowAnyOrigin && config.allowedOrigins.length > 0,
      'ALLOWED_ORIGINS has no effect beside DANGEROUSLY_ALLOW_ANY_ORIGIN=true.',
    ],
    [config.emitTrustXRhIdentity, 'EMIT_TRUST_X_RH_IDENTITY: whoever reaches this port without the proxy can emit as anybody.'],
  ]
  return warnings.filter(([applies]) => applies).map(([, sentence]) => sentence)
}

function isSet(env: Environment, name: string): boolean {
  return (env[name] ?? '') !== ''
}
