import { dlqTopicOf } from '../../../gateway/config/dead-letter-topic.ts'
import { options } from '../../../gateway/config/options.ts'
import { variableOf, type Deployment } from '../children/running-gateway.ts'
import type { SideUse } from './topic-uses.ts'

/** Returns the topic that the pods of a Deployment have for a use. Null: they have none. */
export function runningSideTopic(use: SideUse, deployment: Deployment): string | null {
  return running[use](deployment)
}

const running: Readonly<Record<SideUse, (deployment: Deployment) => string | null>> = {
  deadLetters: (deployment) => {
    const [kafkaTopic = '', kafkaDlqTopic = ''] = [
      variableOf(deployment, options.kafkaTopic.env),
      variableOf(deployment, options.kafkaDlqTopic.env),
    ]
    return variableOf(deployment, options.kafkaDlq.env) === 'false' ? null : dlqTopicOf({ kafkaTopic, kafkaDlqTopic })
  },
  upstream: (deployment) =>
    variableOf(deployment, options.upstream.env) === 'on' ? (variableOf(deployment, options.kafkaUpstreamTopic.env) ?? null) : null,
  control: (deployment) => variableOf(deployment, options.kafkaControlTopic.env) ?? null,
}
