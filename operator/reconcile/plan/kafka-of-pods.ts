import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import type { KafkaOfPods } from '../settings.ts'

/**
 * How the pods of a channel reach Kafka. A channel that names brokers says all of it: TLS and credentials of the operator's options belong to
 * the cluster of the operator's options. One that names none may still have credentials of its own there.
 * @returns null when neither the channel nor the operator names brokers
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
