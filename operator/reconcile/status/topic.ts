import type { Action, Outcome, Plan } from '../plan-types.ts'
import { reasonOfFailure, messageOf } from '../failure-reasons.ts'
import { asFalse, asTrue, asUnknown, type Assessment } from './condition-list.ts'
import type { TopicDescription } from '../topic/topic-admin.ts'
import { checkSettings, needsOf } from '../topic/usability.ts'
import { useOf, wordsOfUses } from '../topic/topic-uses.ts'
import type { World } from '../world.ts'

const topicActions: ReadonlySet<Action['kind']> = new Set<Action['kind']>([
  'create-topic',
  'grow-partitions',
  'alter-topic',
  'delete-topic',
  'add-finalizer',
  'remove-finalizer',
])

/** Returns whether an action is about the topic or its finalizer. */
export function isTopicAction({ kind }: Action): boolean {
  return topicActions.has(kind)
}

/** Action on the topic of one use. */
type UseAction = Extract<Action, { kind: 'create-topic' | 'grow-partitions' | 'alter-topic' }>

export function isUseAction(action: Action): action is UseAction {
  return action.kind === 'create-topic' || action.kind === 'grow-partitions' || action.kind === 'alter-topic'
}

/** Returns the sentence about a failed action on a topic. */
export function describeFailure({ action, failure }: Extract<Outcome, { kind: 'failed' }>): string {
  const noun = isUseAction(action) ? wordsOfUses[useOf(action)].noun : 'topic'
  return `${failures[action.kind]?.replace('the topic', `the ${noun}`).replace('The topic', `The ${noun}`) ?? 'Something failed'}: ${messageOf(failure)}`
}

/** Assesses the topic. @param outcomes all outcomes of the reconcile */
export function assessTopic({ channel, topic }: World, plan: Plan, outcomes: readonly Outcome[]): Assessment {
  const failure = outcomes.find(
    ({ kind, action }) => kind === 'failed' && isTopicAction(action) && !(isUseAction(action) && useOf(action) === 'control'),
  )
  if (failure?.kind === 'failed') {
    if (failure.action.kind === 'delete-topic')
      return asFalse('TopicNotDeleted', `The topic ${failure.action.name} could not be deleted: ${messageOf(failure.failure)}`)
    return asFalse(reasonOfFailure(failure.failure), describeFailure(failure))
  }
  if (plan.topic.whenDone === null) return asUnknown('NotLookedAt', 'The operator has not read the topic; another condition says why.')
  if (topic?.kind !== 'present') return asFalse('TopicCreating', 'The topic was just created; the brokers do not show it yet.')
  return asTrue('TopicAsAsked', `The topic ${topic.topic.name} is as the channel asks.${remarkOf(channel, topic.topic)}`)
}

/** Returns remarks on settings that are doubtful although events are delivered. */
function remarkOf({ spec }: World['channel'], { inForce, replicas }: TopicDescription): string {
  const problems = checkSettings({ settings: inForce, replicas, ...needsOf(spec) })
  return problems.map(({ message }) => ` ${message}.`).join('')
}

const failures: Readonly<Partial<Record<Action['kind'], string>>> = {
  'create-topic': 'The topic could not be created',
  'grow-partitions': 'No partitions could be added',
  'alter-topic': 'The settings of the topic could not be changed',
  'add-finalizer': 'The finalizer could not be set, and without it no topic is created that is to be deleted with the channel',
  'remove-finalizer': 'The finalizer could not be removed',
}
