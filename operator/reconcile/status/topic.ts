import type { Action, Outcome, Plan } from '../plan-types.ts'
import { reasonOfFailure, wordsOf } from '../failure-reasons.ts'
import { isFalse, isTrue, isUnknown, type Judgement } from './condition-list.ts'
import type { TopicDescription } from '../topic/topic-admin.ts'
import { judgeSettings, needsOf } from '../topic/usability.ts'
import type { World } from '../world.ts'

const topicActions: ReadonlySet<Action['kind']> = new Set<Action['kind']>([
  'create-topic',
  'grow-partitions',
  'alter-topic',
  'delete-topic',
  'add-finalizer',
  'remove-finalizer',
])

/** Whether an action is about the topic, or what is owed to it. */
export function isTopicAction({ kind }: Action): boolean {
  return topicActions.has(kind)
}

/** @param outcomes all of the reconcile */
export function judgeTopic({ channel, topic }: World, plan: Plan, outcomes: readonly Outcome[]): Judgement {
  const failure = outcomes.find((outcome) => outcome.kind === 'failed' && isTopicAction(outcome.action))
  if (failure?.kind === 'failed') {
    if (failure.action.kind === 'delete-topic')
      return isFalse('TopicNotDeleted', `The topic ${failure.action.name} could not be deleted: ${wordsOf(failure.failure)}`)
    return isFalse(reasonOfFailure(failure.failure), `${failures[failure.action.kind] ?? 'Something failed'}: ${wordsOf(failure.failure)}`)
  }
  if (plan.topic.whenDone === null) return isUnknown('NotLookedAt', 'Something else keeps the operator from the topic.')
  if (topic?.kind !== 'present') return isFalse('TopicCreating', 'The topic was just created; the brokers do not show it yet.')
  return isTrue('TopicAsAsked', `The topic ${topic.topic.name} is as the channel asks.${remarkOf(channel, topic.topic)}`)
}

/** What is worth a thought, though events are delivered. */
function remarkOf({ spec }: World['channel'], { inForce, replicas }: TopicDescription): string {
  const problems = judgeSettings({ settings: inForce, replicas, ...needsOf(spec) })
  return problems.map(({ message }) => ` ${message}.`).join('')
}

const failures: Readonly<Partial<Record<Action['kind'], string>>> = {
  'create-topic': 'The topic could not be created',
  'grow-partitions': 'No partitions could be added',
  'alter-topic': 'The settings of the topic could not be changed',
  'add-finalizer': 'The finalizer, without which no topic is made that is to be deleted with the channel, could not be set',
  'remove-finalizer': 'The finalizer could not be removed',
}
