import type { PartitionOffsets } from '../../replay/record-source.ts'

/** What a topic is known by, so that cursors of one are not taken for cursors of another. */
export interface TopicIdentity {
  /** The broker's id of the topic; null when it tells none (before Kafka 2.8). */
  readonly topicId: string | null
  readonly partitions: number
}

/**
 * The epoch of a topic: what the operator says it is, else the topic's id, else its name. Every pod that reads the topic finds the same.
 * @param configured KAFKA_TOPIC_EPOCH, or an empty string
 */
export function epochOf(identity: TopicIdentity, configured: string, topic: string): string {
  if (configured !== '') return configured
  return identity.topicId ?? `topic:${topic}`
}

/**
 * The epoch after the topic was found to be another than before. With ids that is the new id (behind what the operator said, which is of
 * the old topic). Without ids, or when the same topic's offsets ran backwards (a cluster lost acknowledged records), nothing tells all
 * pods the same name, so each invents one: clients who change pods are told of a gap until the pods were restarted.
 */
export function nextEpoch(before: { readonly identity: TopicIdentity; readonly epoch: string }, now: TopicIdentity, options: { readonly configured: string; readonly unique: string }): string {
  if (now.topicId === null || now.topicId === before.identity.topicId) return `${before.epoch}~${options.unique}`
  return options.configured === '' ? now.topicId : `${options.configured}~${now.topicId}`
}

/** Whether these are two topics of the same name. */
export function wasMadeAnew(before: TopicIdentity, now: TopicIdentity): boolean {
  if (now.partitions < before.partitions) return true
  return before.topicId !== null && now.topicId !== null && before.topicId !== now.topicId
}

/** Partitions whose end lies below what was already read: offsets ran backwards, or an election is not over. */
export function backwards(positions: PartitionOffsets, ends: PartitionOffsets): ReadonlySet<number> {
  return new Set(positions.flatMap((position, partition) => ((ends[partition] ?? position) < position ? [partition] : [])))
}
