import { topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import { planOneTopic, type OneTopicPlan } from './topic-rules.ts'
import type { Refusal } from '../plan-types.ts'
import { runningEpoch } from '../children/running-gateway.ts'
import { wantedTopic } from './diff.ts'
import { recordedTopic } from './record.ts'
import { howToAllow } from './name-rules.ts'
import { judgeSettings, needsOf } from './usability.ts'
import type { World } from '../world.ts'

/*
 * What becomes of the topic of a channel.
 *
 * A topic holds what cannot be had back, and Kafka does not say whose it is. So the status remembers (`status.topic`): its name, its id, the
 * cluster, whether the operator created or adopted it, and which settings it made. From that and from what is there follows:
 *
 *     there is          the status remembers      then
 *     nothing           nothing                   create it
 *     nothing           that it created it, in    create it anew: clients are told of the gap by the new id
 *                       this very cluster
 *     nothing           anything else             TopicMissing, unless the channel consents (carillon.dev/recreate-topic)
 *     a topic           this topic (its id)       ours: grow it, set its settings; one that was adopted only where the rules allow it
 *     a topic           nothing, or another id    exactly as asked: adopt it, for nothing is changed by that
 *                                                 else TopicNotOurs or TopicReplaced, unless the channel consents (carillon.dev/adopt)
 *                                                 and the rules allow it
 *
 * The consent of a channel is the consent of its owner, who need not be the owner of the topic. So the rules (`topic-rules.ts`), which are an
 * administrator's, say which names a channel may use at all and whether it may change what it did not create.
 *
 * A status that could not be written after the topic was created loses nothing but the word Created: the topic is as asked, and is adopted.
 *
 * Pods need the topic's id, its epoch: it makes cursors of another topic of the same name end in a gap rather than anywhere. While the id cannot be
 * found out, pods that run keep the one they have, and new ones are not started. Pods read a topic by its name whoever made it, so that
 * of a topic that was replaced the new id is the right one, consent or not.
 */
export interface TopicPlan extends Omit<OneTopicPlan, 'serves'> {
  /** Of the pods; null: not known, and no pod is to be started. */
  readonly epoch: string | null
}

/** @param isCreated the operator has created it in this very reconcile, and the status does not say so yet */
export function planTopic(world: World, isCreated = false): TopicPlan {
  const { spec } = world.channel
  const { maxPartitions } = world.topicRules
  const name = topicNameOf(world.channel)
  const { serves, ...plan } = planOneTopic(world, { use: 'topic', name, wantedFor: () => wantedTopic(spec, name), isCreated })
  const epoch = epochOf(serves, world)
  if (maxPartitions === null || spec.topic.partitions <= maxPartitions) return withSettingsJudged({ ...plan, epoch }, world)
  const message = `spec.topic.partitions is ${spec.topic.partitions}, and this channel may have at most ${maxPartitions}. Ask for fewer in a new channel. ${howToAllow.maxPartitions}`
  return refuseAll({ ...plan, epoch }, world, [{ about: 'TopicReady', reason: 'TopicNotAllowed', message }])
}

/** A useless setting that the channel asks for is not made, and nothing else of the topic is. One that comes from elsewhere is told, and gateways do what they can. */
function withSettingsJudged(plan: TopicPlan, world: World): TopicPlan {
  const isCreating = plan.actions.some(({ kind }) => kind === 'create-topic')
  const found = world.topic?.kind === 'present' ? world.topic.topic : null
  if (!isCreating && (found === null || plan.epoch === null)) return plan
  const { config, replicas } = wantedTopic(world.channel.spec, topicNameOf(world.channel))
  const problems = judgeSettings({
    settings: { ...found?.inForce, ...config },
    replicas: found?.replicas ?? replicas,
    ...needsOf(world.channel.spec),
  }).filter(({ kind }) => kind === 'useless')
  const refusals = problems.map(({ message }): Refusal => ({ about: 'TopicReady', reason: 'TopicUnusable', message: `${message}.` }))
  return problems.some(({ setting }) => Object.hasOwn(config, setting))
    ? refuseAll(plan, world, refusals)
    : { ...plan, refusals: [...plan.refusals, ...refusals] }
}

function refuseAll(plan: TopicPlan, world: World, refusals: readonly Refusal[]): TopicPlan {
  const record = recordedTopic(world, 'topic')
  const kept = plan.actions.length === 0 ? plan.record : { whenDone: record, otherwise: record }
  return { ...plan, actions: [], refusals: [...refusals, ...plan.refusals], record: kept }
}

function epochOf(serves: OneTopicPlan['serves'], world: World): string | null {
  // Pods that run are left as they are, with all that was asked for since: those that started now would find no topic.
  if (serves === 'absent') return null
  if (serves === 'found' && world.topic?.kind === 'present') return world.topic.topic.topicId ?? ''
  return runningEpoch(world) ?? recordedTopic(world, 'topic')?.id ?? null
}
