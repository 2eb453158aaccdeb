import type { OperatorConfig } from '../config/options.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import type { KafkaOfPods, Settings } from './settings.ts'
import type { TopicRules } from './topic/name-rules.ts'

/** What plans need to know of the operator's options. */
export function settingsOf(config: OperatorConfig, lease: ObjectRef): Settings {
  return {
    appliedBy: `${lease.namespace}/${lease.name}`,
    image: config.gatewayImage,
    defaultKafka: config.kafkaBrokers.length === 0 ? null : kafkaOfPods(config),
    publicNamespaces: config.ingressNamespaces,
    metricsNamespaces: config.metricsNamespaces,
    topicRules: topicRulesOf(config),
    topicGiveUpMs: config.topicGiveUpMs,
  }
}

function topicRulesOf({ topicPattern, topicAdopt, topicDeletion, topicMaxPartitions }: OperatorConfig): TopicRules {
  return {
    topics: [topicPattern],
    adopt: topicAdopt,
    deletion: topicDeletion,
    maxPartitions: topicMaxPartitions === 0 ? null : topicMaxPartitions,
  }
}

/** The keys of the Secrets are those that docs/reference/operator-configuration.md names. */
function kafkaOfPods(config: OperatorConfig): KafkaOfPods {
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
