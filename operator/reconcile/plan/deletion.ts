import type { Action, Plan, Refusal } from '../plan-types.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import { unchangedPlan } from './unchanged-plan.ts'
import { names, type Settings } from '../settings.ts'
import type { TopicDescription } from '../topic/topic-admin.ts'
import { isMaybeSameCluster, isRecorded, isSameCluster } from '../topic/record.ts'
import { whyNameIsNotAllowed } from '../topic/name-rules.ts'
import { unknownTopic } from '../topic/unknown.ts'
import { topicUses, type TopicUse } from '../topic/topic-uses.ts'
import { isPaused, type TopicRecord, type World } from '../world.ts'

/** Time until a Kafka that did not answer is asked again. */
const kafkaAnswerMs = 10_000

/**
 * Plans the deletion of a channel. The garbage collector deletes its objects, and the operator only its topics.
 *
 * A topic is deleted only if the channel says `deletionPolicy: Delete`, the rules allow it now, and the operator certainly created it for this channel. That
 * means the same name and id, in the same cluster, and neither claimed nor used by another channel. In any doubt the topic stays. A person can delete a kept topic, and
 * cannot restore a deleted one.
 *
 * A finalizer that waits without end blocks the deletion of the whole namespace. So if Kafka cannot be reached, or refuses, for `topicGiveUpMs` (five minutes),
 * the channel is deleted and the topic stays. A paused channel is deleted at once, and its topic stays: a pause changes nothing, and must not block a namespace.
 */
export function planDeletion(world: World, settings: Pick<Settings, 'topicGiveUpMs'>): Plan {
  const hasFinalizer = world.channel.metadata.finalizers?.includes(names.finalizer) === true
  return { ...unchangedPlan(world, 'deleting'), ...(hasFinalizer ? planEnding(world, settings.topicGiveUpMs) : {}) }
}

type Ending = Pick<Plan, 'actions' | 'refusals' | 'requeueAfterMs'>
type Because = Extract<Action, { kind: 'remove-finalizer' }>['because']

/** Decision on one topic. */
type TopicDecision =
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'keep'; readonly because: Because }
  /** Kafka does not answer. */
  | { readonly kind: 'unknown'; readonly refusal: Refusal }

function planEnding(world: World, giveUpMs: number): Ending {
  const decisions = topicUses.map((use) => decideTopic(use, world))
  const unknown = decisions.flatMap((decision) => (decision.kind === 'unknown' ? [decision.refusal] : []))
  const isTooLate = isLate(world, giveUpMs)
  if (unknown.length > 0 && !isTooLate) return { actions: [], refusals: unknown, requeueAfterMs: kafkaAnswerMs }
  const deleted = decisions.flatMap((decision) => (decision.kind === 'delete' ? [decision.name] : []))
  // One attempt is made however late it is: the operator may have been down.
  const hasGivenUp = unknown.length > 0 || (deleted.length > 0 && isTooLate && hasFailed(world))
  if (hasGivenUp && hasFailed(world)) return end('gave-up', [])
  return end(hasGivenUp ? 'gave-up' : reasonOf(decideTopic('topic', world)), deleted)
}

function end(because: Because, deleted: readonly string[]): Ending {
  const actions: readonly Action[] = [
    ...deleted.map((name) => ({ kind: 'delete-topic' as const, name })),
    { kind: 'remove-finalizer', because },
  ]
  return { actions, refusals: [], requeueAfterMs: null }
}

const reasonOf = (decision: TopicDecision): Because => (decision.kind === 'keep' ? decision.because : 'topic-deleted')

function decideTopic(use: TopicUse, world: World): TopicDecision {
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

/** Returns why the topic stays, independently of Kafka's answer; null: it may be deleted. */
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

/** Returns whether an earlier attempt failed, by the status. */
function hasFailed({ channel }: World): boolean {
  return (
    channel.status?.conditions?.some(
      ({ type, reason }) => type === 'TopicReady' && reason === ('TopicNotDeleted' satisfies ConditionReason),
    ) === true
  )
}

function isTheOne(record: TopicRecord, found: TopicDescription): boolean {
  if (found.isInternal || !isMaybeSameCluster(record, found.clusterId) || !isRecorded(record, found)) return false
  // The status of a channel that was deleted right after its creation has no id yet. The record of a creation in this cluster is then enough.
  return record.id === found.topicId || isSameCluster(record, found.clusterId)
}
