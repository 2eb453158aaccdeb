import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import { deadLetterTopicOf, topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import type { TopicDescription } from './topic-admin.ts'
import type { TopicRecord, TopicRecords } from '../world.ts'

/** Returns the dead letter topic to read: the one that the channel asks for, else the one that it had. Null: neither. */
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
 * Returns whether the topic is the one that the status remembers. Ids distinguish topics. If the status has no id yet (it was written between the creation and
 * the first read), the number of partitions decides. If the brokers have no ids at all, the cluster decides.
 */
export function isRecorded(record: TopicRecord, found: TopicDescription): boolean {
  if (found.topicId === null) return isMaybeSameCluster(record, found.clusterId)
  return record.id === undefined
    ? isMaybeSameCluster(record, found.clusterId) && record.partitions === found.partitions
    : record.id === found.topicId
}

/** Returns whether the cluster may be the recorded one: no known id differs. */
export function isMaybeSameCluster(record: TopicRecord, clusterId: string | null): boolean {
  return record.clusterId === undefined || clusterId === null || record.clusterId === clusterId
}

/** Returns whether the cluster is certainly the recorded one. */
export function isSameCluster(record: TopicRecord, clusterId: string | null): boolean {
  return clusterId !== null && record.clusterId === clusterId
}
