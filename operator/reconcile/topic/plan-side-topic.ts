import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { runningDeployment } from '../children/running-gateway.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import type { Refusal } from '../plan-types.ts'
import type { World } from '../world.ts'
import { wantedControl, wantedDeadLetters, wantedUpstream, type FoundSideTopic, type WantedTopic } from './diff.ts'
import type { TopicPlan } from './plan-topic.ts'
import { howToAllow } from './name-rules.ts'
import { runningSideTopic } from './running-side-topic.ts'
import { planOneTopic, type OneTopicPlan } from './topic-rules.ts'
import { checkSettings, needsOfUpstream, type SettingProblem } from './usability.ts'
import { isAwaitedUse, topicUses, wantedName, wordsOfUses, type SideUse } from './topic-uses.ts'

export interface SideTopicPlan extends Omit<OneTopicPlan, 'serves'> {
  /** Name of the topic for the gateways. Null: they have none, because the channel wants none, must not use it, or does not have it yet. */
  readonly used: string | null
  /** True if the topic is about to be created, and gateways wait for it: pods that knew its name before it exists would not become ready. */
  readonly isAwaited: boolean
}

interface SideTopic {
  readonly wanted: (spec: StoredSpec, name: string, found: FoundSideTopic) => WantedTopic
  /** Consequence if another topic of the channel had this use, too. */
  readonly whyAlone: string
  /** Condition that becomes False when the channel cannot have the topic, and the end of its message. */
  readonly about: Refusal['about']
  readonly consequence?: string
  /** True if gateways use the topic only while it is exactly as asked: another one may lose what they write. */
  readonly isStrict?: boolean
}

/** End of the message about a control topic that the channel does not have. */
export const whatIsOff = 'Until then, tokens cannot be revoked; events are delivered.'

const sideTopics: Readonly<Record<SideUse, SideTopic>> = {
  deadLetters: {
    wanted: wantedDeadLetters,
    whyAlone: 'an undecodable record would be copied without end',
    about: 'TopicReady',
  },
  upstream: {
    wanted: wantedUpstream,
    whyAlone: 'everything that browsers send would be mixed with it',
    about: 'TopicReady',
  },
  // Events are delivered without it. So a channel that cannot have it is as ready as before, and says that nothing can be revoked.
  control: {
    wanted: wantedControl,
    whyAlone: 'its records would be taken for revocations',
    about: 'RevocationReady',
    isStrict: true,
    consequence: whatIsOff,
  },
}

/** State of the creation of a topic in this reconcile. The status does not know of it yet. */
export type Creation = 'done' | 'failed' | null

/**
 * Plans a topic that a channel has besides its own, by the same rules (`topic-rules.ts`).
 *
 * Gateways write there what strangers sent: dead letters are copies of what any producer has written to the channel's topic. So gateways do not learn of a
 * topic that the channel may not have, or that another channel has: they then write nothing. A record that could not be decoded stays in the channel's topic.
 * It is copied when the topic is allowed again, from where the copying ended. While Kafka does not answer, the owner of the topic is unknown, and pods go on
 * as they are.
 *
 * A channel that does not get its own topic gets no topic besides it either.
 *
 * @param topic plan of the channel's own topic
 */
export function planSideTopic(
  use: SideUse,
  world: World,
  topic: Pick<TopicPlan, 'actions' | 'refusals' | 'epoch'>,
  creation: Creation = null,
): SideTopicPlan {
  const name = wantedName(use, world.channel)
  const isStarting = topic.epoch !== null || topic.actions.some(({ kind }) => kind === 'create-topic')
  if (name === null || !isStarting) return withoutTopic(use, world, [])
  const taken = refuseOtherUse(use, name, world)
  if (taken !== null) return withoutTopic(use, world, [taken])
  // The next reconcile tries again. Meanwhile the gateways start without the topic.
  if (creation === 'failed' && isAwaitedUse(use)) return withoutTopic(use, world, [])
  const wanted = sideTopics[use].wanted(world.channel.spec, name, foundSideTopic(use, world, creation))
  const unfit = refuseUnfit(use, wanted, world)
  if (unfit !== null) return withoutTopic(use, world, [unfit])
  const { serves, ...allowed } = planOneTopic(world, { use, wanted, isCreated: creation === 'done' })
  const plan = { ...allowed, refusals: [...allowed.refusals, ...reportUseless(use, wanted, world, serves)] }
  // A refusal that concerns both topics is reported once.
  const isReported = (message: string): boolean => topic.refusals.some((refusal) => refusal.message === message)
  const isAwaited = isAwaitedUse(use) && plan.actions.some(({ kind }) => kind === 'create-topic')
  const used = !isAwaited && isUsed(use, world, { name, creation, serves, ...plan }) ? name : null
  const refusals = plan.refusals
    .filter(({ message }) => !isReported(message))
    .map(({ reason, message }) => refuse(use, reason, message, used))
  return { ...plan, refusals, isAwaited, used }
}

function withoutTopic(use: SideUse, { records }: World, refusals: readonly Refusal[]): SideTopicPlan {
  const record = { whenDone: records[use], otherwise: records[use] }
  return { actions: [], refusals, record, requeueAfterMs: null, used: null, isAwaited: false }
}

/** Refuses a name that an earlier use of the same channel has. The schema compares only the names that the channel writes. */
function refuseOtherUse(use: SideUse, name: string, { channel }: World): Refusal | null {
  const other = topicUses.slice(0, topicUses.indexOf(use)).find((each) => wantedName(each, channel) === name)
  if (other === undefined) return null
  const { noun, field } = wordsOfUses[use]
  const message = `The ${noun} cannot be the channel's own ${wordsOfUses[other].noun} ${name}: ${sideTopics[use].whyAlone}. Set another name in ${field}.`
  return refuse(use, 'TopicNotAllowed', message, null)
}

function refuse(use: SideUse, reason: ConditionReason, message: string, used: string | null): Refusal {
  const { about, consequence } = sideTopics[use]
  return { about, reason, message: consequence === undefined || used !== null ? message : `${message} ${consequence}` }
}

/** Refuses what the channel itself asks for, so that nothing is created or changed. */
function refuseUnfit(use: SideUse, wanted: WantedTopic, world: World): Refusal | null {
  const { maxPartitions } = world.topicRules
  const asked = use === 'upstream' ? (world.channel.spec.upstream?.topic.partitions ?? 0) : 0
  if (maxPartitions !== null && asked > maxPartitions)
    return refuse(
      use,
      'TopicNotAllowed',
      `spec.upstream.topic.partitions is ${asked}, and this channel may have at most ${maxPartitions}. ${howToAllow.maxPartitions}`,
      null,
    )
  const useless = uselessSettings(use, wanted, world).find(({ setting }) => Object.hasOwn(wanted.config, setting))
  return useless === undefined ? null : refuse(use, 'TopicUnusable', `${useless.message}.`, null)
}

/** Reports settings of an existing topic with which it cannot serve. Gateways do what they can. */
function reportUseless(use: SideUse, wanted: WantedTopic, world: World, serves: OneTopicPlan['serves']): readonly Refusal[] {
  if (serves !== 'found') return []
  return uselessSettings(use, wanted, world).map(({ message }) => refuse(use, 'TopicUnusable', `${message}.`, null))
}

function uselessSettings(use: SideUse, { config, replicas }: WantedTopic, world: World): readonly SettingProblem[] {
  if (use !== 'upstream') return []
  const found = world[use]?.kind === 'present' ? world[use].topic : null
  const settings = { ...found?.inForce, ...config }
  const problems = checkSettings({ settings, replicas: found?.replicas ?? replicas, ...needsOfUpstream(world.channel.spec) })
  return problems.filter(({ kind }) => kind === 'useless')
}

function foundSideTopic(use: SideUse, world: World, creation: Creation): FoundSideTopic {
  const found = world[use]
  return { found: found?.kind === 'present' ? found.topic : null, isOurs: creation === 'done' || world.records[use]?.origin === 'Created' }
}

type Decided = Pick<OneTopicPlan, 'serves' | 'record' | 'refusals'> & { readonly name: string; readonly creation: Creation }

function isUsed(use: SideUse, world: World, { name, creation, serves, record, refusals }: Decided): boolean {
  if (serves === 'forbidden') return false
  const kind = world[use]?.kind
  const running = kind === 'present' || kind === 'missing' ? null : runningDeployment(world)
  if (running !== null) return runningSideTopic(use, running) === name
  if (kind === 'missing' && isAwaitedUse(use) && creation !== 'done') return false
  if (kind === 'present' && sideTopics[use].isStrict === true && refusals.length > 0) return false
  // The status has no record of a topic that exists and is not the channel's.
  return record.whenDone !== null
}
