import type { Transition } from '../../runtime/event-object.ts'
import type { RealtimeChannelStatus } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Action, Outcome } from '../plan-types.ts'
import { conditionReasons, isStalled, type ConditionReason } from '../condition-reasons.ts'
import { describeLeft } from '../children/in-charge.ts'
import type { Condition } from './condition-list.ts'
import { useOf, wordsOfUses } from '../topic/topic-uses.ts'
import type { OtherOperator } from '../world.ts'

/** Conditions whose changes become Events. Reconciling and Stalled only repeat Ready. Ready is reported where it differs from the others. */
const reportedTypes = ['TopicReady', 'GatewayAvailable', 'RouteReady', 'RevocationReady', 'Ready'] as const

/** Reasons without an Event, because they report nothing new. */
const unreportedReasons: ReadonlySet<string> = new Set<ConditionReason>([
  'NotLookedAt',
  'NoRouteAsked',
  'NoRevocationAsked',
  'WaitingForTopic',
])

/** Returns the changes between two statuses, each reason once. A change of a condition's status or reason counts. Messages do not, because they may name numbers. */
export function transitions(before: RealtimeChannelStatus | undefined, after: RealtimeChannelStatus): readonly Transition[] {
  const changed = reportedTypes.flatMap((type) => {
    const [was, is] = [find(before, type), find(after, type)]
    if (is === undefined || unreportedReasons.has(is.reason) || (was?.reason === is.reason && was.status === is.status)) return []
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

/** Returns Events for actions that cannot be undone, or that people look for afterwards. Conditions do not show them, because they are over. */
export function doneEvents(outcomes: readonly Outcome[], inCharge: OtherOperator | null = null): readonly Transition[] {
  return outcomes.flatMap(({ kind, action }): readonly Transition[] => {
    if (kind !== 'done') return []
    switch (action.kind) {
      case 'create-topic':
        return action.isAgain === true
          ? [
              {
                type: 'Warning',
                reason: wordsOfUses[useOf(action)].recreated,
                note: `${nameOf(action)} was missing and was created again, empty${useOf(action) === 'topic' ? ': clients get a gap' : ''}.`,
              },
            ]
          : [
              {
                type: 'Normal',
                reason: wordsOfUses[useOf(action)].created,
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
        return inCharge === null ? [] : [{ type: 'Warning', reason: 'LeftToOtherOperator', note: describeLeft(inCharge) }]
      case 'remove-finalizer':
        return endings[action.because] === null ? [] : [{ type: 'Warning', reason: 'TopicKept', note: endings[action.because] ?? '' }]
      default:
        return []
    }
  })
}

function nameOf(action: Extract<Action, { kind: 'create-topic' }>): string {
  return `The ${wordsOfUses[useOf(action)].noun} ${action.topic.name}`
}

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`

const endings = {
  'topic-deleted': null,
  'policy-is-retain': null,
  'topic-kept':
    'The channel is deleted and its topic stays, although deletionPolicy is Delete: it is not certain that the topic belongs to this channel alone.',
  'topic-adopted':
    'The channel is deleted and its topic stays, although deletionPolicy is Delete: the operator did not create the topic for this channel.',
  'topic-shared': 'The channel is deleted and its topic stays, although deletionPolicy is Delete: another channel uses the topic.',
  'topic-not-allowed':
    'The channel is deleted and its topic stays, although deletionPolicy is Delete: the rules for topics do not allow its deletion.',
  'gave-up': 'The channel is deleted and its topic stays, although deletionPolicy is Delete: Kafka did not delete it in time.',
} as const
