import { createHash } from 'node:crypto'

/** What a topic is known by, so that cursors of one are not taken for cursors of another. */
export interface TopicIdentity {
  /** The broker's id of the topic; null when the broker tells none (before Kafka 2.8). */
  readonly topicId: string | null
  readonly partitions: number
}

/**
 * Returns the epoch of a topic: what the operator says it is, else the topic's id, else its name. Every pod that reads the topic finds the same.
 * @param configured KAFKA_TOPIC_EPOCH, or an empty string
 */
export function epochOf(identity: TopicIdentity, configured: string, topic: string): string {
  if (configured !== '') return configured
  return identity.topicId ?? `topic:${topic}`
}

/**
 * Returns the epoch after the topic was made again. With ids that is the new id, also where the operator said the old one: the operator says
 * the new id to the pods that start next, and clients that move to them must not get a second gap. A name of the operator's own is kept in
 * front. Without ids nothing tells all pods the same name, so each pod makes one up.
 */
export function nextEpoch(
  before: { readonly identity: TopicIdentity; readonly epoch: string },
  now: TopicIdentity,
  options: { readonly configured: string; readonly unique: string },
): string {
  if (now.topicId === null || now.topicId === before.identity.topicId) return `${before.epoch}~${options.unique}`
  const isOwnName = options.configured !== '' && options.configured !== before.identity.topicId
  return isOwnName ? `${options.configured}~${now.topicId}` : now.topicId
}

/** Where the log of a new leader parts from the one that was read (KIP-320). */
export interface LogCut {
  readonly partition: number
  /** The last leader epoch that both logs have; -1 when the broker does not say. */
  readonly leaderEpoch: number
  /** The end of that epoch in the new leader's log. */
  readonly endOffset: number
  /** How often the partition was cut in this very place before. @default 0 */
  readonly before?: number
}

/** Returns the cuts with one more. One per partition is kept, the last: what a broker says cannot make the list grow for good. */
export function withCut(cuts: readonly LogCut[], cut: LogCut): readonly LogCut[] {
  const last = cuts.find(({ partition }) => partition === cut.partition)
  const isAgain = last !== undefined && last.leaderEpoch === cut.leaderEpoch && last.endOffset === cut.endOffset
  return [...cuts.filter(({ partition }) => partition !== cut.partition), isAgain ? { ...cut, before: (last.before ?? 0) + 1 } : cut]
}

/** The names of more cuts than this many characters tell are hashed. */
const maxCutNames = 120

/**
 * Returns the epoch of a log that was cut in these places. Every pod that had heard of the records that are lost finds the same cuts, in whatever
 * order, and so the same name.
 */
export function epochAfterCuts(epoch: string, cuts: readonly LogCut[]): string {
  const names = cuts.map(
    ({ partition, leaderEpoch, endOffset, before = 0 }) => `~${partition}.${leaderEpoch}.${endOffset}${before === 0 ? '' : `.${before}`}`,
  )
  const name = names.toSorted().join('')
  return `${epoch}${name.length <= maxCutNames ? name : `~${createHash('sha256').update(name).digest('hex').slice(0, 32)}`}`
}

/** Returns whether these are two topics of the same name. */
export function wasMadeAgain(before: TopicIdentity, now: TopicIdentity): boolean {
  if (before.topicId !== null && now.topicId !== null) return before.topicId !== now.topicId
  return now.partitions < before.partitions
}
