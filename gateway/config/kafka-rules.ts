import type { Options } from './options.ts'
import { unless, type Rule } from '../../program/options/rule.ts'

/** Options of the Kafka connection: the same, by the same names, for the gateway and the operator. */
export type KafkaAccessName =
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

type KafkaAccessOptions = Pick<Options, KafkaAccessName>

export const kafkaRules: readonly Rule<KafkaAccessName, KafkaAccessOptions>[] = [
  {
    about: ['kafkaSaslUsername', 'kafkaSaslUsernameFile', 'kafkaSaslMechanism'],
    broken: (config) =>
      unless(
        !needsPassword(config) || hasUsername(config),
        `KAFKA_SASL_USERNAME or KAFKA_SASL_USERNAME_FILE to be set, because KAFKA_SASL_MECHANISM is ${config.kafkaSaslMechanism}`,
      ),
  },
  {
    about: ['kafkaSaslPassword', 'kafkaSaslPasswordFile', 'kafkaSaslMechanism'],
    broken: (config) =>
      unless(
        !needsPassword(config) || hasPassword(config),
        `KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE to be set, because KAFKA_SASL_MECHANISM is ${config.kafkaSaslMechanism}`,
      ),
  },
  {
    about: ['kafkaSaslMechanism', 'kafkaSaslUsername', 'kafkaSaslUsernameFile', 'kafkaSaslPassword', 'kafkaSaslPasswordFile'],
    broken: (config) =>
      unless(
        needsPassword(config) || (!hasUsername(config) && !hasPassword(config)),
        'plain, scram-sha-256 or scram-sha-512, because a SASL user name or password is given',
      ),
  },
  {
    about: ['kafkaSaslTokenFile', 'kafkaSaslMechanism'],
    broken: (config) =>
      unless(
        config.kafkaSaslMechanism !== 'oauthbearer' || config.kafkaSaslTokenFile !== '',
        'the file that holds the token, because KAFKA_SASL_MECHANISM is oauthbearer',
      ),
  },
  {
    about: ['kafkaSaslMechanism', 'kafkaSaslTokenFile'],
    broken: (config) =>
      unless(
        config.kafkaSaslMechanism === 'oauthbearer' || config.kafkaSaslTokenFile === '',
        'oauthbearer, because KAFKA_SASL_TOKEN_FILE is given',
      ),
  },
  {
    about: ['kafkaSaslUsername', 'kafkaSaslUsernameFile'],
    broken: (config) =>
      unless(
        config.kafkaSaslUsername === '' || config.kafkaSaslUsernameFile === '',
        'KAFKA_SASL_USERNAME or KAFKA_SASL_USERNAME_FILE, not both',
      ),
  },
  {
    about: ['kafkaSaslPassword', 'kafkaSaslPasswordFile'],
    broken: (config) =>
      unless(
        config.kafkaSaslPassword === '' || config.kafkaSaslPasswordFile === '',
        'KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE, not both',
      ),
  },
  {
    about: ['kafkaTlsKeyFile', 'kafkaTlsCertFile'],
    broken: (config) =>
      unless(
        (config.kafkaTlsKeyFile === '') === (config.kafkaTlsCertFile === ''),
        'both KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE or neither, because a client certificate needs its key',
      ),
  },
  {
    about: ['kafkaTls', 'kafkaTlsCaFile', 'kafkaTlsCertFile', 'kafkaTlsKeyFile'],
    broken: (config) =>
      unless(
        config.kafkaTls || (config.kafkaTlsCaFile === '' && config.kafkaTlsCertFile === '' && config.kafkaTlsKeyFile === ''),
        'true, because KAFKA_TLS_CA_FILE, KAFKA_TLS_CERT_FILE or KAFKA_TLS_KEY_FILE is given',
      ),
  },
]

function needsPassword({ kafkaSaslMechanism }: KafkaAccessOptions): boolean {
  return kafkaSaslMechanism !== 'none' && kafkaSaslMechanism !== 'oauthbearer'
}

function hasUsername(config: KafkaAccessOptions): boolean {
  return config.kafkaSaslUsername !== '' || config.kafkaSaslUsernameFile !== ''
}

function hasPassword(config: KafkaAccessOptions): boolean {
  return config.kafkaSaslPassword !== '' || config.kafkaSaslPasswordFile !== ''
}
