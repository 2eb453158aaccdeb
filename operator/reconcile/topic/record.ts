import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { deadLetterTopicOf, topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import type { TopicDescription } from './topic-admin.ts'
import type { TopicRecord, TopicRecords } from '../world.ts'

/** The dead letter topic to look at: the one that the channel wants, else the one that it had. Null: neither. */
export function lookedAtDeadLetters(channel: RealtimeChannel): string | null {
  return deadLetterTopicOf(channel) ?? channel.status?.deadLetters?.name ?? null
}

/** Returns what the status remembers of the channel's topics. A record of another name is of another topic. */
export function recordsOf(channel: RealtimeChannel): TopicRecords {
  const { topic = null, deadLetters = null } = channel.status ?? {}
  const name = deadLetterTopicOf(channel)
  return {
    topic: topic?.name === topicNameOf(channel) ? topic : null,
    // A channel without dead letters now may ask for them again.
    deadLetters: name === null || deadLetters?.name === name ? deadLetters : null,
  }
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
