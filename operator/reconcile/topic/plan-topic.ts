import { topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import { runningEpoch } from '../children/running-gateway.ts'
import type { Refusal } from '../plan-types.ts'
import type { World } from '../world.ts'
import { wantedTopic } from './diff.ts'
import { howToAllow } from './name-rules.ts'
import { planOneTopic, type OneTopicPlan } from './topic-rules.ts'
import { checkSettings, needsOf } from './usability.ts'

export interface TopicPlan extends Omit<OneTopicPlan, 'serves'> {
  /** Topic id for the pods; null: not known, and no pod is to be started. */
  readonly epoch: string | null
}

/**
 * Plans the topic of a channel's events by the rules of `topic-rules.ts`.
 *
 * Pods need the topic's id, its epoch. With it, cursors of another topic of the same name end in a gap instead of a wrong place. While the id is unknown,
 * running pods keep the epoch that they have, and new pods are not started. Pods read a topic by its name. So after a replacement they need the new
 * id, consent or not.
 * @param isCreated the operator has created it in this very reconcile, and the status does not say so yet
 */
export function planTopic(world: World, isCreated = false): TopicPlan {
  const { spec } = world.channel
  const { maxPartitions } = world.topicRules
  const { serves, ...topic } = planOneTopic(world, { use: 'topic', wanted: wantedTopic(spec, topicNameOf(world.channel)), isCreated })
  const plan = { ...topic, epoch: epochOf(serves, world) }
  if (maxPartitions === null || spec.topic.partitions <= maxPartitions) return refuseUselessSettings(plan, world)
  const message = `spec.topic.partitions is ${spec.topic.partitions}, and this channel may have at most ${maxPartitions}. Ask for fewer in a new channel. ${howToAllow.maxPartitions}`
  return refuseAll(plan, world, [{ about: 'TopicReady', reason: 'TopicNotAllowed', message }])
}

/**
 * Refuses settings with which the topic cannot serve. If the channel asks for such a setting, its topic is not created or changed. If the setting comes from
 * elsewhere, it is reported, and the gateways do what they can.
 */
function refuseUselessSettings(plan: TopicPlan, world: World): TopicPlan {
  const isCreating = plan.actions.some(({ kind }) => kind === 'create-topic')
  const found = world.topic?.kind === 'present' ? world.topic.topic : null
  if (!isCreating && (found === null || plan.epoch === null)) return plan
  const { config, replicas } = wantedTopic(world.channel.spec, topicNameOf(world.channel))
  const problems = checkSettings({
    settings: { ...found?.inForce, ...config },
    replicas: found?.replicas ?? replicas,
    ...needsOf(world.channel.spec),
  }).filter(({ kind }) => kind === 'useless')
  const refusals = problems.map(({ message }): Refusal => ({ about: 'TopicReady', reason: 'TopicUnusable', message: `${message}.` }))
  return problems.some(({ setting }) => Object.hasOwn(config, setting))
    ? refuseAll(plan, world, refusals)
    : { ...plan, refusals: [...plan.refusals, ...refusals] }
}

function refuseAll(plan: TopicPlan, { records }: World, refusals: readonly Refusal[]): TopicPlan {
  const record = plan.actions.length === 0 ? plan.record : { whenDone: records.topic, otherwise: records.topic }
  return { ...plan, actions: [], refusals: [...refusals, ...plan.refusals], record }
}

function epochOf(serves: OneTopicPlan['serves'], world: World): string | null {
  // Running pods are left as they are, with all later changes of the channel. Pods that started now would find no topic.
  if (serves === 'absent') return null
  if (serves === 'found' && world.topic?.kind === 'present') return world.topic.topic.topicId ?? ''
  return runningEpoch(world) ?? world.records.topic?.id ?? null
}
