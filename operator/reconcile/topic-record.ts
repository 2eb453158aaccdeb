import type { TopicRecord } from './actions.ts'
import { topicNameOf } from '../api/v1alpha1/channel-names.ts'
import type { TopicDescription } from './topic-admin.ts'
import type { World } from './world.ts'

/** What the status remembers of the topic that the channel has; of another name, it would be another topic. */
export function recordedTopic({ channel }: Pick<World, 'channel'>): TopicRecord | null {
  const record = channel.status?.topic
  return record !== undefined && record.name === topicNameOf(channel) ? record : null
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
  return record.id === undefined ? isMaybeSameCluster(record, found.clusterId) && record.partitions === found.partitions : record.id === found.topicId
}

/** Nothing says that it is another. */
export function isMaybeSameCluster(record: TopicRecord, clusterId: string | null): boolean {
  return record.clusterId === undefined || clusterId === null || record.clusterId === clusterId
}

/** It is certain. */
export function isSameCluster(record: TopicRecord, clusterId: string | null): boolean {
  return clusterId !== null && record.clusterId === clusterId
}
