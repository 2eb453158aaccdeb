import type { Transition } from '../../runtime/event-object.ts'
import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Action, Outcome } from '../plan-types.ts'
import { conditionReasons, isStalled, type ConditionReason } from '../condition-reasons.ts'
import { wordsOfLeft } from '../children/in-charge.ts'
import type { Condition } from './condition-list.ts'
import type { OtherOperator } from '../world.ts'

/** Reconciling and Stalled say nothing that Ready does not, and Ready says what one of the others said: it is told where it says something else. */
const told = ['TopicReady', 'GatewayAvailable', 'RouteReady', 'Ready'] as const

/** These are the absence of something to tell. */
const untold: ReadonlySet<string> = new Set<ConditionReason>(['NotLookedAt', 'NoRouteAsked', 'WaitingForTopic'])

/**
 * What became another between two statuses, each once: a condition that is now for another reason what it is. Messages do not count,
 * for they may name numbers.
 */
export function transitions(before: RealtimeChannelStatus | undefined, after: RealtimeChannelStatus): readonly Transition[] {
  const changed = told.flatMap((type) => {
    const [was, is] = [find(before, type), find(after, type)]
    if (is === undefined || untold.has(is.reason) || (was?.reason === is.reason && was.status === is.status)) return []
    return [transitionOf(is, was)]
  })
  return changed.filter(({ reason }, index) => changed.findIndex((other) => other.reason === reason) === index)
}

function find(status: RealtimeChannelStatus | undefined, type: string): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}

function transitionOf({ status, reason, message }: Condition, was: Condition | undefined): Transition {
  const isKnown = (word: string): word is ConditionReason => Object.hasOwn(conditionReasons, word)
  const isBad = status === 'False' && ((isKnown(reason) && isStalled(reason)) || was?.status === 'True')
  return { type: isBad ? 'Warning' : 'Normal', reason, note: message }
}

/** What was done that cannot be undone, or that people look for afterwards: conditions do not say it, for it is over. */
export function doneEvents(outcomes: readonly Outcome[], inCharge: OtherOperator | null = null): readonly Transition[] {
  return outcomes.flatMap(({ kind, action }): readonly Transition[] => {
    if (kind !== 'done') return []
    switch (action.kind) {
      case 'create-topic':
        return action.isAgain === true
          ? [
              {
                type: 'Warning',
                reason: action.use === 'deadLetters' ? 'DeadLetterTopicRecreated' : 'TopicRecreated',
                note: `${nameOf(action)} was gone and was made anew, empty${action.use === 'deadLetters' ? '' : ': clients are told of the gap'}.`,
              },
            ]
          : [
              {
                type: 'Normal',
                reason: action.use === 'deadLetters' ? 'DeadLetterTopicCreated' : 'TopicCreated',
                note: `Created ${lowerFirst(nameOf(action))} with ${action.topic.partitions} ${action.topic.partitions === 1 ? 'partition' : 'partitions'}.`,
              },
            ]
      case 'grow-partitions':
        return [
          {
            type: 'Normal',
            reason: 'PartitionsAdded',
            note: `The topic ${action.name} has ${action.to} partitions now; it had ${action.from}.`,
          },
        ]
      case 'delete-topic':
        return [{ type: 'Normal', reason: 'TopicDeleted', note: `Deleted the topic ${action.name}, as the channel's deletionPolicy says.` }]
      case 'annotate-channel':
        return inCharge === null ? [] : [{ type: 'Warning', reason: 'LeftToOtherOperator', note: wordsOfLeft(inCharge) }]
      case 'remove-finalizer':
        return endings[action.because] === null ? [] : [{ type: 'Warning', reason: 'TopicKept', note: endings[action.because] ?? '' }]
      default:
        return []
    }
  })
}

function nameOf({ topic, use }: Extract<Action, { kind: 'create-topic' }>): string {
  return `The ${use === 'deadLetters' ? 'dead letter topic' : 'topic'} ${topic.name}`
}

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`

const endings = {
  'topic-deleted': null,
  'policy-is-retain': null,
  'topic-kept':
    "The channel goes and its topic stays, although deletionPolicy is Delete: it is not beyond doubt that the topic is this channel's alone.",
  'topic-adopted':
    'The channel goes and its topic stays, although deletionPolicy is Delete: the operator did not create the topic for this channel.',
  'topic-shared': 'The channel goes and its topic stays, although deletionPolicy is Delete: another channel uses the topic.',
  'topic-not-allowed':
    'The channel goes and its topic stays, although deletionPolicy is Delete: the rules for topics do not allow its deletion.',
  'gave-up': 'The channel goes and its topic stays, although deletionPolicy is Delete: Kafka did not delete it in time.',
} as const
