import { matchesText, type PatternChannel } from '../../config/topic-pattern.ts'

/** Rights of a channel on topics. Everything else is refused. */
export interface TopicRules {
  /** Patterns of allowed names (operator/config/topic-pattern.ts). Empty: none. */
  readonly topics: readonly string[]
  /** True if the channel may change topics that the operator did not create for it. */
  readonly adopt: boolean
  /** CreatedOnly: `deletionPolicy: Delete` deletes topics that the operator created for the channel. Never: no topic is deleted. */
  readonly deletion: 'CreatedOnly' | 'Never'
  /** Maximum number of partitions of one topic; null: the maximum of the schema. */
  readonly maxPartitions: number | null
}

/** Ways to allow more, for the end of a refusal. */
export const howToAllow = {
  topics: "An administrator can allow more in the channel's class (spec.allowed.topics), or in TOPIC_PATTERN where there is no class.",
  adopt: "An administrator can allow it in the channel's class (spec.allowed.adopt), or with TOPIC_ADOPT where there is no class.",
  maxPartitions:
    "An administrator can allow more in the channel's class (spec.allowed.maxPartitions), or with TOPIC_MAX_PARTITIONS where there is no class.",
} as const

/**
 * Returns why a channel may not use a topic of this name; null when it may. Kafka names its own topics `__consumer_offsets` and
 * `__transaction_state`, and no pattern allows such a name. Tools name theirs `_schemas` or `_confluent-...`; only a pattern that begins with `_` allows one.
 */
export function whyNameIsNotAllowed({ topics }: Pick<TopicRules, 'topics'>, channel: PatternChannel, topic: string): string | null {
  if (topic.startsWith('__')) return 'Names that begin with __ belong to Kafka itself, and no channel may use them.'
  const allowing = topics.filter((pattern) => matchesText(pattern, channel, topic))
  if (allowing.length === 0)
    return `This channel may use ${topics.length === 0 ? 'no topics' : `topics that match ${topics.join(' or ')}`}. ${howToAllow.topics}`
  if (topic.startsWith('_') && !allowing.some((pattern) => pattern.startsWith('_')))
    return `Names that begin with _ usually belong to tools such as a schema registry, and need a pattern that begins with _. ${howToAllow.topics}`
  return null
}
