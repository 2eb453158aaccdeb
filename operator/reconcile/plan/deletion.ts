import type { Action, Plan, Refusal } from '../plan-types.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import { unchangedPlan } from './unchanged-plan.ts'
import { names, type Settings } from '../settings.ts'
import type { TopicDescription } from '../topic/topic-admin.ts'
import { isMaybeSameCluster, isRecorded, isSameCluster } from '../topic/record.ts'
import { whyNameIsNotAllowed } from '../topic/name-rules.ts'
import { unknownTopic } from '../topic/unknown.ts'
import { isPaused, type TopicRecord, type TopicUse, type World } from '../world.ts'

/** Time until a Kafka that did not answer is asked again. */
const kafkaAnswerMs = 10_000

/**
 * What the end of a channel takes. Its objects are the garbage collector's; the operator owes only the topics, and only where the channel says
 * `deletionPolicy: Delete`, the rules allow it now, and the topic is, beyond doubt, one that the operator created for this channel: the same name and
 * id, in the same cluster, and neither claimed nor used by another channel. In any doubt it stays: what is kept can be deleted by hand, and not
 * the other way round.
 *
 * A finalizer that waits for ever wedges the whole namespace. So when Kafka cannot be reached, or refuses, for `topicGiveUpMs` (five minutes), the channel goes and
 * the topic stays. A paused channel goes at once, and its topic stays: nothing is to be changed, and a namespace is not to be wedged.
 */
export function planDeletion(world: World, settings: Pick<Settings, 'topicGiveUpMs'>): Plan {
  const hasFinalizer = world.channel.metadata.finalizers?.includes(names.finalizer) === true
  return { ...unchangedPlan(world, 'deleting'), ...(hasFinalizer ? planEnding(world, settings.topicGiveUpMs) : {}) }
}

type Ending = Pick<Plan, 'actions' | 'refusals' | 'requeueAfterMs'>
type Because = Extract<Action, { kind: 'remove-finalizer' }>['because']

/** What is to become of one topic. */
type Fate =
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'keep'; readonly because: Because }
  /** Kafka does not tell what there is. */
  | { readonly kind: 'unknown'; readonly refusal: Refusal }

function planEnding(world: World, giveUpMs: number): Ending {
  const fates = [fateOf('topic', world), fateOf('deadLetters', world)] as const
  const unknown = fates.flatMap((fate) => (fate.kind === 'unknown' ? [fate.refusal] : []))
  const isTooLate = isLate(world, giveUpMs)
  if (unknown.length > 0 && !isTooLate) return { actions: [], refusals: unknown, requeueAfterMs: kafkaAnswerMs }
  const deleted = fates.flatMap((fate) => (fate.kind === 'delete' ? [fate.name] : []))
  // However late it is, it is tried once: the operator may have been away.
  const hasGivenUp = unknown.length > 0 || (deleted.length > 0 && isTooLate && hasFailed(world))
  if (hasGivenUp && hasFailed(world)) return end('gave-up', [])
  return end(hasGivenUp ? 'gave-up' : becauseOf(fates[0]), deleted)
}

function end(because: Because, deleted: readonly string[]): Ending {
  const actions: readonly Action[] = [
    ...deleted.map((name) => ({ kind: 'delete-topic' as const, name })),
    { kind: 'remove-finalizer', because },
  ]
  return { actions, refusals: [], requeueAfterMs: null }
}

const becauseOf = (fate: Fate): Because => (fate.kind === 'keep' ? fate.because : 'topic-deleted')

function fateOf(use: TopicUse, world: World): Fate {
  const record = world.records[use]
  const because = record === null ? 'topic-kept' : whyKept(use, record, world)
  if (because !== null || record === null) return { kind: 'keep', because: because ?? 'topic-kept' }
  const found = world[use]
  switch (found?.kind) {
    case 'missing':
      return isMaybeSameCluster(record, found.topic.clusterId) ? { kind: 'gone' } : { kind: 'keep', because: 'topic-kept' }
    case 'present':
      return isTheOne(record, found.topic) ? { kind: 'delete', name: found.topic.name } : { kind: 'keep', because: 'topic-kept' }
    default:
      return { kind: 'unknown', refusal: unknownTopic(found).refusal }
  }
}

/** Why the topic stays whatever Kafka says of it; null: nothing speaks for that. */
function whyKept(use: TopicUse, record: TopicRecord, { channel, rivals, topicRules }: World): Because | null {
  const { namespace = '', name } = channel.metadata
  if (isPaused(channel) || channel.spec.topic.deletionPolicy !== 'Delete' || rivals[use] !== null) return 'topic-kept'
  if (rivals.alsoUsing[use] !== null) return 'topic-shared'
  if (record.origin !== 'Created') return 'topic-adopted'
  return topicRules.deletion === 'Never' || whyNameIsNotAllowed(topicRules, { namespace, name }, record.name) !== null
    ? 'topic-not-allowed'
    : null
}

function isLate({ channel, nowMs }: World, giveUpMs: number): boolean {
  const asked = Date.parse(channel.metadata.deletionTimestamp ?? '')
  return nowMs - asked >= giveUpMs
}

/** Said by the status of an attempt before this one. */
function hasFailed({ channel }: World): boolean {
  return (
    channel.status?.conditions?.some(
      ({ type, reason }) => type === 'TopicReady' && reason === ('TopicNotDeleted' satisfies ConditionReason),
    ) === true
  )
}

function isTheOne(record: TopicRecord, found: TopicDescription): boolean {
  if (found.isInternal || !isMaybeSameCluster(record, found.clusterId) || !isRecorded(record, found)) return false
  // The status of a channel that was deleted right after it was made has no id yet; that the operator created such a topic in this cluster will do.
  return record.id === found.topicId || isSameCluster(record, found.clusterId)
}
