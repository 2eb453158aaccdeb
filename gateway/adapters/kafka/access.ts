import { readFileSync } from 'node:fs'
import type { Options } from '../../config/options.ts'
import { readLogin, readToken } from './credentials.ts'
import { checkTlsMaterial, type TlsMaterial } from './tls-material.ts'

/** Options of a connection to the brokers. */
export type KafkaClientOptions = Pick<
  Options,
  | 'kafkaBrokers'
  | 'kafkaClientId'
  | 'kafkaTls'
  | 'kafkaTlsCaFile'
  | 'kafkaTlsCertFile'
  | 'kafkaTlsKeyFile'
  | 'kafkaSaslMechanism'
  | 'kafkaSaslUsername'
  | 'kafkaSaslUsernameFile'
  | 'kafkaSaslPassword'
  | 'kafkaSaslPasswordFile'
  | 'kafkaSaslTokenFile'
>

/** Access to brokers. Parts that may rotate are functions: they are called at each connection, and may throw. */
export interface KafkaAccess {
  /** host:port; an IPv6 address has brackets. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Null: no TLS. */
  readonly tls: (() => TlsMaterial) | null
  /** Null: no authentication. */
  readonly sasl: PasswordAccess | TokenAccess | null
}

export interface PasswordAccess {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: () => string
  readonly password: () => string
}

export interface TokenAccess {
  readonly mechanism: 'oauthbearer'
  readonly token: () => string
}

/**
 * Returns the access that options describe. Files are read once at the start, so that a permanent fault is reported by the name of its
 * option. They are read again at each connection, because they may rotate.
 * @throws Error that names the option and the file
 */
export function accessOf(options: KafkaClientOptions): KafkaAccess {
  const access = {
    brokers: options.kafkaBrokers,
    clientId: options.kafkaClientId,
    tls: options.kafkaTls ? () => tlsOf(options) : null,
    sasl: saslOf(options),
  }
  access.tls?.()
  if (access.sasl?.mechanism === 'oauthbearer') access.sasl.token()
  return access
}

/**
 * Returns the present credentials, for comparison only and never for a log. Null without authentication, and while a file cannot be read.
 */
export function shownCredentials({ sasl }: Pick<KafkaAccess, 'sasl'>): string | null {
  if (sasl === null) return null
  try {
    return sasl.mechanism === 'oauthbearer' ? sasl.token() : JSON.stringify([sasl.username(), sasl.password()])
  } catch {
    return null // the attempt to connect reads the same files, and names the unreadable one
  }
}

function saslOf(options: KafkaClientOptions): KafkaAccess['sasl'] {
  const {
    kafkaSaslMechanism: mechanism,
    kafkaSaslUsername,
    kafkaSaslUsernameFile,
    kafkaSaslPassword,
    kafkaSaslPasswordFile,
    kafkaSaslTokenFile,
  } = options
  if (mechanism === 'none') return null
  if (mechanism === 'oauthbearer') return { mechanism, token: () => readToken(kafkaSaslTokenFile) }
  return {
    mechanism,
    username: () => readLogin(kafkaSaslUsername, kafkaSaslUsernameFile),
    password: () => readLogin(kafkaSaslPassword, kafkaSaslPasswordFile),
  }
}

function tlsOf({ kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile }: KafkaClientOptions): TlsMaterial {
  const material = {
    ...(kafkaTlsCaFile === '' ? {} : { ca: readFileSync(kafkaTlsCaFile) }),
    ...(kafkaTlsCertFile === '' ? {} : { cert: readFileSync(kafkaTlsCertFile) }),
    ...(kafkaTlsKeyFile === '' ? {} : { key: readFileSync(kafkaTlsKeyFile) }),
  }
  const names = {
    ca: `KAFKA_TLS_CA_FILE (${kafkaTlsCaFile})`,
    cert: `KAFKA_TLS_CERT_FILE (${kafkaTlsCertFile})`,
    key: `KAFKA_TLS_KEY_FILE (${kafkaTlsKeyFile})`,
  }
  return checkTlsMaterial(material, names, Date.now())
}
