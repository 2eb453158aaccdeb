import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { TopicDescription } from './topic-admin.ts'
import { perUse, wantedName, type TopicUse } from './topic-uses.ts'
import type { TopicRecord, TopicRecords } from '../world.ts'

/** Returns the topic to read: the one that the channel asks for, else the one that it had. Null: neither. */
export function lookedAtTopic(use: TopicUse, channel: RealtimeChannel): string | null {
  return wantedName(use, channel) ?? channel.status?.[use]?.name ?? null
}

/** Returns what the status remembers of the channel's topics. A record of another name is of another topic. */
export function recordsOf(channel: RealtimeChannel): TopicRecords {
  return perUse((use) => {
    const [record, name] = [channel.status?.[use] ?? null, wantedName(use, channel)]
    // A channel that does not want such a topic now may ask for it again.
    return name === null || record?.name === name ? record : null
  })
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
