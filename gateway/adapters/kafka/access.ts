import { readFileSync } from 'node:fs'
import type { Options } from '../../config/options.ts'
import { readLogin, readToken } from './credentials.ts'
import { checkTlsMaterial, type TlsMaterial } from './tls-material.ts'

/** What a connection to the brokers needs of the options. */
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

/** How brokers are reached. What may rotate is a function: it is called whenever a connection is made, and may throw. */
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
 * The access that options describe. Files are looked at once, so that what can never work is told at the start, by the name of its option; and again
 * at each connection, because they may rotate.
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
 * Returns what the brokers are shown just now, to compare and never to tell; null without authentication, and while a file cannot be read.
 */
export function shownCredentials({ sasl }: Pick<KafkaAccess, 'sasl'>): string | null {
  if (sasl === null) return null
  try {
    return sasl.mechanism === 'oauthbearer' ? sasl.token() : JSON.stringify([sasl.username(), sasl.password()])
  } catch {
    return null // the attempt to connect reads the same files, and says which one it cannot read
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
