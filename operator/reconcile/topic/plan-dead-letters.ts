import { deadLetterTopicOf, topicNameOf } from '../../../api/v1alpha1/channel-names.ts'
import { planOneTopic, type OneTopicPlan } from './topic-rules.ts'
import type { TopicPlan } from './plan-topic.ts'
import { runningDeadLetters, runningDeployment } from '../children/running-gateway.ts'
import { wantedDeadLetters } from './diff.ts'
import { recordedTopic } from './record.ts'
import type { World } from '../world.ts'

export interface DeadLettersPlan extends Omit<OneTopicPlan, 'serves'> {
  /** Whether gateways copy to the topic. */
  readonly isUsed: boolean
}

/**
 * What becomes of the topic of dead letters: the same as of the channel's own topic (`plan-topic.ts`), under the same rules.
 *
 * Gateways write there what anybody has written to the channel's topic. So they are not told of a topic that the channel may not have, or that
 * another channel has: they then copy nothing. What could not be decoded is still in the channel's topic, and is copied when that is
 * mended, from where the copying ended. While Kafka does not answer, nobody knows whose the topic is, and pods go on as they are.
 *
 * A channel that does not get its topic gets no topic for dead letters either.
 *
 * @param topic what becomes of the channel's own topic
 * @param isCreated the operator has created it in this very reconcile, and the status does not say so yet
 */
export function planDeadLetters(
  world: World,
  topic: Pick<TopicPlan, 'actions' | 'refusals' | 'epoch'>,
  isCreated = false,
): DeadLettersPlan {
  const { channel } = world
  const name = deadLetterTopicOf(channel)
  const record = recordedTopic(world, 'deadLetters')
  const kept = { actions: [], record: { whenDone: record, otherwise: record }, requeueAfterMs: null, isUsed: false }
  const isStarting = topic.epoch !== null || topic.actions.some(({ kind }) => kind === 'create-topic')
  if (name === null || !isStarting) return { ...kept, refusals: [] }
  if (name === topicNameOf(channel)) {
    const message = `The dead letter topic cannot be the channel's own topic ${name}: each record that cannot be decoded would come back for ever. Name another in spec.topic.deadLetters.name.`
    return { ...kept, refusals: [{ about: 'TopicReady', reason: 'TopicNotAllowed', message }] }
  }
  const { serves, ...plan } = planOneTopic(world, {
    use: 'deadLetters',
    name,
    wantedFor: (found) => wantedDeadLetters(channel.spec, name, { found, isOurs: isCreated || record?.origin === 'Created' }),
    isCreated,
  })
  // What keeps the operator from both topics is told once.
  const isTold = (message: string): boolean => topic.refusals.some((refusal) => refusal.message === message)
  return { ...plan, refusals: plan.refusals.filter(({ message }) => !isTold(message)), isUsed: isUsed(world, name, { serves, ...plan }) }
}

function isUsed(world: World, name: string, { serves, record }: Pick<OneTopicPlan, 'serves' | 'record'>): boolean {
  if (serves === 'forbidden') return false
  const isKnown = world.deadLetters?.kind === 'present' || world.deadLetters?.kind === 'missing'
  const running = isKnown ? null : runningDeployment(world)
  // Of a topic that is there and not the channel's, nothing is remembered.
  return running === null ? record.whenDone !== null : runningDeadLetters(running) === name
}
