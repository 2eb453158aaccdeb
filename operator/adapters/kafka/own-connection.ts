import { readFileSync } from 'node:fs'
import { readToken } from '../../../gateway/adapters/kafka/credentials.ts'
import type { OperatorConfig } from '../../config/options.ts'
import type { KafkaConnection } from '../../reconcile/topic/topic-admin.ts'

type Options = Pick<
  OperatorConfig,
  | 'kafkaBrokers'
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

/** Time after which the files are read again. They may rotate, and a thousand reconciles a second must not each read them. */
const freshMs = 1_000

/**
 * Makes the operator's connection to the Kafka of its options. When a file cannot be read (a Secret that is being exchanged), the last
 * connection stays.
 * @returns a function that returns null when the options name no brokers @throws (the function) when a file has never been readable
 */
export function createOwnConnection(options: Options, nowMs: () => number): () => KafkaConnection | null {
  if (options.kafkaBrokers.length === 0) return () => null
  let last: { readonly connection: KafkaConnection; readonly atMs: number } | null = null
  return () => {
    if (last !== null && nowMs() - last.atMs < freshMs) return last.connection
    try {
      last = { connection: read(options), atMs: nowMs() }
    } catch (error) {
      if (last === null) throw error
    }
    return last.connection
  }
}

function read(options: Options): KafkaConnection {
  return { brokers: options.kafkaBrokers, tls: tlsOf(options), sasl: saslOf(options) }
}

function tlsOf({ kafkaTls, kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile }: Options): KafkaConnection['tls'] {
  const text = (file: string): string | null => (file === '' ? null : readFileSync(file, 'utf8'))
  return kafkaTls ? { ca: text(kafkaTlsCaFile), certificate: text(kafkaTlsCertFile), key: text(kafkaTlsKeyFile) } : null
}

function saslOf(options: Options): KafkaConnection['sasl'] {
  if (options.kafkaSaslMechanism === 'none') return null
  const line = (file: string, otherwise: string): string => (file === '' ? otherwise : readFileSync(file, 'utf8').replace(/\r?\n$/, ''))
  if (options.kafkaSaslMechanism === 'oauthbearer') return { mechanism: 'oauthbearer', token: readToken(options.kafkaSaslTokenFile) }
  return {
    mechanism: options.kafkaSaslMechanism,
    username: line(options.kafkaSaslUsernameFile, options.kafkaSaslUsername),
    password: line(options.kafkaSaslPasswordFile, options.kafkaSaslPassword),
  }
}
