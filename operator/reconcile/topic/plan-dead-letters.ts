import { deadLetterTopicOf, topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import { runningDeadLetters, runningDeployment } from '../children/running-gateway.ts'
import type { World } from '../world.ts'
import { wantedDeadLetters } from './diff.ts'
import type { TopicPlan } from './plan-topic.ts'
import { planOneTopic, type OneTopicPlan } from './topic-rules.ts'

export interface DeadLettersPlan extends Omit<OneTopicPlan, 'serves'> {
  /** True if gateways copy to the topic. */
  readonly isUsed: boolean
}

/**
 * Plans the topic of dead letters by the same rules as the channel's own topic (`topic-rules.ts`).
 *
 * Gateways copy there what any producer has written to the channel's topic. So gateways do not learn of a topic that the channel may not have, or that
 * another channel has: they then copy nothing. A record that could not be decoded stays in the channel's topic. It is copied when the topic is allowed again,
 * from where the copying ended. While Kafka does not answer, the owner of the topic is unknown, and pods go on as they are.
 *
 * A channel that does not get its topic gets no topic for dead letters either.
 *
 * @param topic plan of the channel's own topic
 * @param isCreated the operator has created it in this very reconcile, and the status does not say so yet
 */
export function planDeadLetters(
  world: World,
  topic: Pick<TopicPlan, 'actions' | 'refusals' | 'epoch'>,
  isCreated = false,
): DeadLettersPlan {
  const { channel } = world
  const name = deadLetterTopicOf(channel)
  const record = world.records.deadLetters
  const unused = { actions: [], record: { whenDone: record, otherwise: record }, requeueAfterMs: null, isUsed: false }
  const isStarting = topic.epoch !== null || topic.actions.some(({ kind }) => kind === 'create-topic')
  if (name === null || !isStarting) return { ...unused, refusals: [] }
  if (name === topicNameOf(channel)) {
    const message = `The dead letter topic cannot be the channel's own topic ${name}: an undecodable record would be copied without end. Set another name in spec.topic.deadLetters.name.`
    return { ...unused, refusals: [{ about: 'TopicReady', reason: 'TopicNotAllowed', message }] }
  }
  const { serves, ...plan } = planOneTopic(world, {
    use: 'deadLetters',
    wanted: wantedDeadLetters(channel.spec, name, {
      found: world.deadLetters?.kind === 'present' ? world.deadLetters.topic : null,
      isOurs: isCreated || record?.origin === 'Created',
    }),
    isCreated,
  })
  // A refusal that concerns both topics is reported once.
  const isReported = (message: string): boolean => topic.refusals.some((refusal) => refusal.message === message)
  return {
    ...plan,
    refusals: plan.refusals.filter(({ message }) => !isReported(message)),
    isUsed: isUsed(world, name, { serves, ...plan }),
  }
}

function isUsed(world: World, name: string, { serves, record }: Pick<OneTopicPlan, 'serves' | 'record'>): boolean {
  if (serves === 'forbidden') return false
  const isKnown = world.deadLetters?.kind === 'present' || world.deadLetters?.kind === 'missing'
  const running = isKnown ? null : runningDeployment(world)
  // The status has no record of a topic that exists and is not the channel's.
  return running === null ? record.whenDone !== null : runningDeadLetters(running) === name
}
