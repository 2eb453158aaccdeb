import type { PartitionOffsets } from '../../../replay/record-source.ts'

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
 * The epoch after the topic was found to be another than before. With ids that is the new id: also where the operator said the old one, for that is
 * what it tells the pods that come next, and clients who move to them must not hear of a second gap. Behind a name of somebody's own it is put. Without ids, or when the same topic's offsets ran backwards (a cluster lost acknowledged records), nothing tells all
 * pods the same name, so each invents one: clients who change pods are told of a gap until the pods were restarted.
 */
export function nextEpoch(before: { readonly identity: TopicIdentity; readonly epoch: string }, now: TopicIdentity, options: { readonly configured: string; readonly unique: string }): string {
  if (now.topicId === null || now.topicId === before.identity.topicId) return `${before.epoch}~${options.unique}`
  const isOwnName = options.configured !== '' && options.configured !== before.identity.topicId
  return isOwnName ? `${options.configured}~${now.topicId}` : now.topicId
}

/** Whether these are two topics of the same name. */
export function wasMadeAnew(before: TopicIdentity, now: TopicIdentity): boolean {
  if (now.partitions < before.partitions) return true
  return before.topicId !== null && now.topicId !== null && before.topicId !== now.topicId
}

/** Partitions whose end lies below what was already read: offsets ran backwards, or an election is not over. @param ends -1: nobody could tell */
export function backwards(positions: PartitionOffsets, ends: PartitionOffsets): ReadonlySet<number> {
  return new Set(positions.flatMap((position, partition) => (isKnown(ends[partition]) && ends[partition] < position ? [partition] : [])))
}

/** Without a leader, a partition has no end that anybody could tell. */
export const isKnown = (end: number | undefined): end is number => end !== undefined && end >= 0

/**
 * How often in a row a partition must be found to have run backwards. After an election the new leader tells the end that it is sure of, which lies
 * below what the old one has given out, until the other replicas have fetched from it. One that is gone counts among them until the broker strikes it
 * off, after `replica.lag.time.max.ms`, which is 30 s; looks are 2 s apart. Only what lasts longer is a log that was cut.
 */
export const looksUntilCut = 20

/** @param before how often in a row each partition had been found @returns the same with this look */
export function countBackwards(before: ReadonlyMap<number, number>, found: ReadonlySet<number>): ReadonlyMap<number, number> {
  return new Map([...found].map((partition) => [partition, (before.get(partition) ?? 0) + 1]))
}
