import type { StoredSpec } from '../../../api/v1alpha1/realtime-channel.ts'
import { runningDeployment } from '../children/running-gateway.ts'
import type { World } from '../world.ts'
import { wantedDeadLetters, type FoundSideTopic, type WantedTopic } from './diff.ts'
import type { TopicPlan } from './plan-topic.ts'
import { runningSideTopic } from './running-side-topic.ts'
import { planOneTopic, type OneTopicPlan } from './topic-rules.ts'
import { wantedName, wordsOfUses, type SideUse } from './topic-uses.ts'

export interface SideTopicPlan extends Omit<OneTopicPlan, 'serves'> {
  /** Name of the topic for the gateways. Null: they have none, because the channel wants none or must not use it. */
  readonly used: string | null
}

interface SideTopic {
  readonly wanted: (spec: StoredSpec, name: string, found: FoundSideTopic) => WantedTopic
  /** Consequence for a channel whose own topic had this use. */
  readonly whyNotOwn: string
}

const sideTopics: Readonly<Record<SideUse, SideTopic>> = {
  deadLetters: { wanted: wantedDeadLetters, whyNotOwn: 'an undecodable record would be copied without end' },
}

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
 * @param isCreated the operator has created it in this very reconcile, and the status does not say so yet
 */
export function planSideTopic(
  use: SideUse,
  world: World,
  topic: Pick<TopicPlan, 'actions' | 'refusals' | 'epoch'>,
  isCreated = false,
): SideTopicPlan {
  const { channel } = world
  const name = wantedName(use, channel)
  const [record, found] = [world.records[use], world[use]]
  const unused = { actions: [], record: { whenDone: record, otherwise: record }, requeueAfterMs: null, used: null }
  const isStarting = topic.epoch !== null || topic.actions.some(({ kind }) => kind === 'create-topic')
  if (name === null || !isStarting) return { ...unused, refusals: [] }
  if (name === wantedName('topic', channel)) {
    const { noun, field } = wordsOfUses[use]
    const message = `The ${noun} cannot be the channel's own topic ${name}: ${sideTopics[use].whyNotOwn}. Set another name in ${field}.`
    return { ...unused, refusals: [{ about: 'TopicReady', reason: 'TopicNotAllowed', message }] }
  }
  const { serves, ...plan } = planOneTopic(world, {
    use,
    wanted: sideTopics[use].wanted(channel.spec, name, {
      found: found?.kind === 'present' ? found.topic : null,
      isOurs: isCreated || record?.origin === 'Created',
    }),
    isCreated,
  })
  // A refusal that concerns both topics is reported once.
  const isReported = (message: string): boolean => topic.refusals.some((refusal) => refusal.message === message)
  return {
    ...plan,
    refusals: plan.refusals.filter(({ message }) => !isReported(message)),
    used: isUsed(use, world, { name, serves, ...plan }) ? name : null,
  }
}

function isUsed(
  use: SideUse,
  world: World,
  { name, serves, record }: Pick<OneTopicPlan, 'serves' | 'record'> & { readonly name: string },
): boolean {
  if (serves === 'forbidden') return false
  const isKnown = world[use]?.kind === 'present' || world[use]?.kind === 'missing'
  const running = isKnown ? null : runningDeployment(world)
  // The status has no record of a topic that exists and is not the channel's.
  return running === null ? record.whenDone !== null : runningSideTopic(use, running) === name
}
