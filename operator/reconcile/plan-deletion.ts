import { annotations } from '../api/v1alpha1/realtime-channel.ts'
import type { Action, Plan, TopicRecord } from './actions.ts'
import type { ConditionReason } from './conditions.ts'
import { keptRoute } from './route-record.ts'
import { names, type Settings } from './settings.ts'
import type { TopicDescription } from './topic-admin.ts'
import { isMaybeSameCluster, recordedTopic } from './topic-record.ts'
import { unknownTopic } from './unknown-topic.ts'
import type { World } from './world.ts'

const retryMs = 10_000

/**
 * What the end of a channel takes. Its objects are the garbage collector's; the operator owes only the topic, and only where the channel says
 * `deletionPolicy: Delete` and the topic is, beyond doubt, the one that this channel had: the same name and id, in the same cluster, and claimed
 * by no older channel. In any doubt it stays: what is kept can be deleted by hand, and not the other way round.
 *
 * A finalizer that waits for ever wedges the whole namespace. So when Kafka cannot be reached, or refuses, for `topicGiveUpMs` (five minutes), the channel goes and
 * the topic stays. A paused channel goes at once, and its topic stays: nothing is to be changed, and a namespace is not to be wedged.
 */
export function planDeletion(world: World, settings: Pick<Settings, 'topicGiveUpMs'>): Plan {
  const record = recordedTopic(world)
  const isOwed = world.channel.metadata.finalizers?.includes(names.finalizer) === true
  const ending: Ending = isOwed ? decide(world, settings.topicGiveUpMs) : { actions: [], refusals: [], requeueAfterMs: null }
  return { phase: 'deleting', ...ending, topic: { whenDone: record, otherwise: record }, route: keptRoute(world.channel), holdsGatewayBack: true }
}

type Ending = Pick<Plan, 'actions' | 'refusals' | 'requeueAfterMs'>

function decide(world: World, giveUpMs: number): Ending {
  const { channel, topic } = world
  const record = recordedTopic(world)
  const isPaused = channel.metadata.annotations?.[annotations.paused] === 'true'
  if (isPaused || channel.spec.topic.deletionPolicy !== 'Delete' || record === null || world.rivals.topic !== null || world.topicRules.deletion === 'Never') return end('topic-kept')
  switch (topic?.kind) {
    case 'missing':
      return end(isMaybeSameCluster(record, topic.topic.clusterId) ? 'topic-deleted' : 'topic-kept')
    case 'present':
      return isTheOne(record, topic.topic) ? deleteTopic(world, topic.topic.name, giveUpMs) : end('topic-kept')
    default: {
      const { refusal } = unknownTopic(topic)
      return isLate(world, giveUpMs) ? end('gave-up') : { actions: [], refusals: [refusal], requeueAfterMs: retryMs }
    }
  }
}

function end(because: Extract<Action, { kind: 'remove-finalizer' }>['because']): Ending {
  return { actions: [{ kind: 'remove-finalizer', because }], refusals: [], requeueAfterMs: null }
}

/** However late it is, it is tried once: the operator may have been away. */
function deleteTopic(world: World, name: string, giveUpMs: number): Ending {
  if (isLate(world, giveUpMs) && hasFailed(world)) return end('gave-up')
  return { actions: [{ kind: 'delete-topic', name }, { kind: 'remove-finalizer', because: 'topic-deleted' }], refusals: [], requeueAfterMs: null }
}

function isLate({ channel, nowMs }: World, giveUpMs: number): boolean {
  const asked = Date.parse(channel.metadata.deletionTimestamp ?? '')
  return nowMs - asked >= giveUpMs
}

/** Said by the status of an attempt before this one. */
function hasFailed({ channel }: World): boolean {
  return channel.status?.conditions?.some(({ type, reason }) => type === 'TopicReady' && reason === ('TopicNotDeleted' satisfies ConditionReason)) === true
}

function isTheOne(record: TopicRecord, { topicId, clusterId }: TopicDescription): boolean {
  if (!isMaybeSameCluster(record, clusterId)) return false
  // The status of a channel that was deleted right after it was made has no id yet; that the operator created the topic in this cluster will do.
  if (record.id === undefined || topicId === null) return record.origin === 'Created' && record.clusterId !== undefined && clusterId !== null
  return record.id === topicId
}
