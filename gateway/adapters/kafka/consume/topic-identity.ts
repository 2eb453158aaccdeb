import { createHash } from 'node:crypto'

/** Identity of a topic. It keeps cursors of one topic from being taken for cursors of another. */
export interface TopicIdentity {
  /** The broker's id of the topic; null when the broker reports none (before Kafka 2.8). */
  readonly topicId: string | null
  readonly partitions: number
}

/**
 * Returns the epoch of a topic: the configured one, else the topic's id, else its name. Every pod that reads the topic finds the same.
 * @param configured KAFKA_TOPIC_EPOCH, or an empty string
 */
export function epochOf(identity: TopicIdentity, configured: string, topic: string): string {
  if (configured !== '') return configured
  return identity.topicId ?? `topic:${topic}`
}

/**
 * Returns the epoch after the topic was recreated.
 *
 * With ids it is the new id, also where the old id was configured. The next pods get the new id as their configuration, and clients that
 * move to them must not get a second gap. A configured name that is not an id is kept in front. Without ids no pod can know the name that
 * another pod uses, so each makes one up.
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

/** Point at which the log of a new leader diverges from the one that was read (KIP-320). */
export interface LogCut {
  readonly partition: number
  /** Last leader epoch that both logs have; -1: not reported. */
  readonly leaderEpoch: number
  /** End of that epoch in the new leader's log. */
  readonly endOffset: number
  /** Number of earlier cuts of the partition at this offset. @default 0 */
  readonly before?: number
}

/** Returns the cuts with one more. Only the last cut of each partition is kept: a broker cannot make the list grow without end. */
export function withCut(cuts: readonly LogCut[], cut: LogCut): readonly LogCut[] {
  const last = cuts.find(({ partition }) => partition === cut.partition)
  const isAgain = last !== undefined && last.leaderEpoch === cut.leaderEpoch && last.endOffset === cut.endOffset
  return [...cuts.filter(({ partition }) => partition !== cut.partition), isAgain ? { ...cut, before: (last.before ?? 0) + 1 } : cut]
}

/** Limit on the names of cuts, in characters. Longer names are hashed. */
const maxCutNames = 120

/**
 * Returns the epoch of a log with these cuts. Every pod that had heard of the lost records finds the same cuts, in any order, and so the
 * same name.
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
