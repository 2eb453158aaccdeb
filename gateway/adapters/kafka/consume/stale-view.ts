import type { ClusterView, TopicView } from '../wire/metadata.ts'

/**
 * Returns whether a broker describes a past state of the topic: it is cut off from its cluster, or has not caught up. The epochs of leaders
 * and the number of partitions only grow while the topic has one id, and no id comes back.
 *
 * @param known last description of the topic that was believed
 * @param formerIds ids of earlier topics of this name
 */
export function isStale(known: TopicView | null, seen: ClusterView, formerIds: ReadonlySet<string>): boolean {
  const { topic } = seen
  if (topic === null) return false
  if (topic.topicId !== null && formerIds.has(topic.topicId)) return true
  if (known === null || known.topicId !== topic.topicId) return false
  // Without ids it may be another topic, with fewer partitions.
  if (topic.topicId !== null && topic.partitions.length < known.partitions.length) return true
  return known.partitions.some(({ leaderEpoch }, partition) => {
    const now = topic.partitions[partition]?.leaderEpoch ?? -1
    return now !== -1 && now < leaderEpoch
  })
}
