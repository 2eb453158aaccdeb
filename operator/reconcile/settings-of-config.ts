import type { OperatorConfig } from '../config/options.ts'
import type { ObjectRef } from '../../api/kubernetes.ts'
import { kafkaOfConfig } from './kafka-of-pods.ts'
import type { Settings } from './settings.ts'
import type { TopicRules } from './topic/name-rules.ts'

/** Returns the options of the operator that plans need. */
export function settingsOf(config: OperatorConfig, lease: ObjectRef): Settings {
  return {
    appliedBy: `${lease.namespace}/${lease.name}`,
    image: config.gatewayImage,
    defaultKafka: kafkaOfConfig(config),
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
