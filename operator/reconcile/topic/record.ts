import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { deadLetterTopicOf, topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import type { TopicDescription } from './topic-admin.ts'
import type { TopicUse, World, TopicRecord } from '../world.ts'

/** The dead letter topic to look at: the one that the channel wants, else the one that it had. Null: neither. */
export function lookedAtDeadLetters(channel: RealtimeChannel): string | null {
  return deadLetterTopicOf(channel) ?? channel.status?.deadLetters?.name ?? null
}

/** What the status remembers of a topic that the channel has; of another name, it would be another topic. */
export function recordedTopic({ channel }: Pick<World, 'channel'>, use: TopicUse = 'topic'): TopicRecord | null {
  const record = channel.status?.[use]
  if (record === undefined) return null
  const name = use === 'topic' ? topicNameOf(channel) : deadLetterTopicOf(channel)
  // A channel that wants no dead letters now may want them again.
  return name === null || record.name === name ? record : null
}

export function recordOf({ name, topicId, clusterId, partitions, replicas }: TopicDescription, origin: TopicRecord['origin']): TopicRecord {
  return { name, ...(topicId === null ? {} : { id: topicId }), ...(clusterId === null ? {} : { clusterId }), partitions, replicas, origin }
}

/**
 * Whether the topic is the one that the status remembers. Ids tell topics apart. Where the status has none yet (it was written between the creation
 * and the first look), the number of partitions has to do; where brokers have none at all, the cluster.
 */
export function isRecorded(record: TopicRecord, found: TopicDescription): boolean {
  if (found.topicId === null) return isMaybeSameCluster(record, found.clusterId)
  return record.id === undefined
    ? isMaybeSameCluster(record, found.clusterId) && record.partitions === found.partitions
    : record.id === found.topicId
}

/** Nothing says that it is another. */
export function isMaybeSameCluster(record: TopicRecord, clusterId: string | null): boolean {
  return record.clusterId === undefined || clusterId === null || record.clusterId === clusterId
}

/** It is certain. */
export function isSameCluster(record: TopicRecord, clusterId: string | null): boolean {
  return clusterId !== null && record.clusterId === clusterId
}
