import type { StoredSpec } from '../../api/v1alpha1/realtime-channel.ts'
import type { OperatorConfig } from '../config/options.ts'

/** Access of a channel's pods to Kafka. Its Secrets are in the channel's namespace: a pod can mount no others. */
export interface KafkaOfPods {
  /** host:port */
  readonly brokers: readonly string[]
  /** Null: no TLS. `ca` null: the authorities that the image trusts. `clientSecret`: a Secret of type kubernetes.io/tls. */
  readonly tls: { readonly ca: { readonly secret: string; readonly key: string } | null; readonly clientSecret: string | null } | null
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly secret: string
    readonly usernameKey: string
    readonly passwordKey: string
  } | null
}

/**
 * Returns the access of a channel's pods; null when neither the channel nor the operator names brokers. A channel that names brokers says all of it:
 * TLS and credentials of the operator's options are for the cluster of the operator's options. A channel without brokers may still have its own
 * credentials there.
 */
export function kafkaOfPods({ kafka }: Pick<StoredSpec, 'kafka'>, defaultKafka: KafkaOfPods | null): KafkaOfPods | null {
  const own = { tls: ownTls(kafka.tls), sasl: ownSasl(kafka.sasl) }
  if (kafka.bootstrapServers !== undefined) return { brokers: kafka.bootstrapServers, ...own }
  return defaultKafka === null
    ? null
    : { brokers: defaultKafka.brokers, tls: own.tls ?? defaultKafka.tls, sasl: own.sasl ?? defaultKafka.sasl }
}

function ownTls(tls: StoredSpec['kafka']['tls']): KafkaOfPods['tls'] {
  if (tls === undefined) return null
  const { caSecretRef: ca, clientSecretRef: client } = tls
  return { ca: ca === undefined ? null : { secret: ca.name, key: ca.key }, clientSecret: client?.name ?? null }
}

function ownSasl(sasl: StoredSpec['kafka']['sasl']): KafkaOfPods['sasl'] {
  if (sasl === undefined) return null
  const { name, usernameKey, passwordKey } = sasl.secretRef
  return { mechanism: sasl.mechanism, secret: name, usernameKey, passwordKey }
}

/**
 * Returns the access that the operator's options give; null when they name no brokers. The keys of the Secrets are those that
 * docs/reference/operator-configuration.md names.
 */
export function kafkaOfConfig(config: OperatorConfig): KafkaOfPods | null {
  if (config.kafkaBrokers.length === 0) return null
  const {
    channelKafkaCaSecret: ca,
    channelKafkaClientSecret: client,
    channelKafkaSaslMechanism: mechanism,
    channelKafkaSaslSecret: login,
  } = config
  return {
    brokers: config.kafkaBrokers,
    tls: config.kafkaTls ? { ca: ca === '' ? null : { secret: ca, key: 'ca.crt' }, clientSecret: client === '' ? null : client } : null,
    sasl: mechanism === 'none' ? null : { mechanism, secret: login, usernameKey: 'username', passwordKey: 'password' },
  }
}
