import { maxNoteBytes } from '../../runtime/event-object.ts'
import type { Action, Plan } from '../plan-types.ts'
import { isAwaitedUse, useOf, wordsOfUses } from '../topic/topic-uses.ts'
import { describeChanges } from './changed-fields.ts'

/**
 * Describes a plan: its changes, whether pods restart, and its refusals.
 * @param maxBytes limit of the text; sentences that do not fit are counted @default 1024
 */
export function describePlan(plan: Plan, maxBytes = maxNoteBytes): string {
  if (plan.phase === 'paused') return 'Nothing: the channel is paused.'
  if (plan.phase === 'left')
    return 'Nothing: another operator looks after the channel; the annotation carillon.dev/applied-by of its Deployment names the Lease.'
  const actions = plan.actions.map(describeAction)
  const refusals = plan.refusals.map(({ reason, message }) => `Not done (${reason}): ${message}`)
  if (actions.length + refusals.length === 0) return 'Nothing: all is as the channel asks.'
  const restart = plan.actions.length === 0 ? [] : [describeRestart(plan.actions)]
  return join([...restart, ...actions, ...describeSecondStep(plan), ...refusals], maxBytes)
}

/** Describes restarts. Pods know the id of their topic and the names of others, so a new topic restarts them, too. */
function describeRestart(actions: readonly Action[]): string {
  const creations = actions.filter((action) => action.kind === 'create-topic')
  const isNew = creations.some((action) => useOf(action) === 'topic' && action.isAgain !== true)
  const restarts =
    actions.some((action) => action.kind === 'apply-object' && action.restartsPods) ||
    (!isNew && creations.some((action) => isAwaitedUse(useOf(action))))
  return restarts ? 'Pods restart, one after the other' : 'No pods restart'
}

/** Describes the second step, which is planned when the new topic exists. */
function describeSecondStep({ actions, refusals }: Plan): readonly string[] {
  const creates = actions.some((action) => action.kind === 'create-topic' && useOf(action) === 'topic')
  return creates && !refusals.some(({ about }) => about === 'GatewayAvailable')
    ? ['Then start the gateways with the id of the new topic']
    : []
}

const verbs = { create: 'Create', change: 'Change', heal: 'Restore (changed by another client)' } as const

const endings = {
  'topic-deleted': 'Finish deleting the channel',
  'topic-kept': 'Finish deleting the channel, and keep its topic: it is not certain that the topic belongs to this channel alone',
  'topic-adopted': 'Finish deleting the channel, and keep its topic: the operator did not create it',
  'topic-shared': 'Finish deleting the channel, and keep its topic: another channel uses it',
  'topic-not-allowed': 'Finish deleting the channel, and keep its topic: the rules for topics do not allow its deletion',
  'gave-up': 'Finish deleting the channel, and leave its topic: Kafka did not delete it in time',
  'policy-is-retain': 'Remove the finalizer: the topic is to be kept',
} as const

function describeAction(action: Action): string {
  switch (action.kind) {
    case 'create-topic': {
      const { name, partitions, replicas, config } = action.topic
      const settings = Object.entries(config)
        .map(([key, value]) => `, ${key}=${value}`)
        .join('')
      return `Create${action.isAgain === true ? ' again, empty,' : ''} ${wordsOfUses[useOf(action)].noun} ${name} with ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}${replicas === null ? '' : `, replication factor ${replicas}`}${settings}`
    }
    case 'grow-partitions':
      return `Add partitions to topic ${action.name}: from ${action.from} to ${action.to}`
    case 'alter-topic':
      return `Change topic ${action.name}: ${Object.entries(action.changes)
        .map(([key, value]) => (value === null ? `unset ${key}` : `${key}=${value}`))
        .join(', ')}`
    case 'delete-topic':
      return `Delete topic ${action.name} with all its records`
    case 'apply-object':
      return describeApply(action)
    case 'hand-over-replicas':
      return `Hand the number of pods of Deployment/${action.object.metadata.name} over to the autoscaler`
    case 'delete-object':
      return `Delete ${action.type.kind}/${action.ref.name}`
    case 'annotate-channel':
      return action.value === null ? `Remove the annotation ${action.annotation}` : `Annotate the channel with ${action.annotation}`
    case 'add-finalizer':
      return 'Add the finalizer, for the topic is to be deleted with the channel'
    case 'remove-finalizer':
      return endings[action.because]
    default:
      return action satisfies never
  }
}

function describeApply({ change, object, fields = [] }: Extract<Action, { kind: 'apply-object' }>): string {
  const what = `${verbs[change]} ${object.kind}/${object.metadata.name}`
  return fields.length === 0 ? what : `${what}: ${describeChanges(fields)}`
}

/** Joins as many whole sentences as fit, and counts the rest. */
function join(sentences: readonly string[], maxBytes: number): string {
  const fits = (count: number): string => {
    const more = sentences.length - count
    return [...sentences.slice(0, count), ...(more === 0 ? [] : [`and ${more} more`])]
      .map((sentence) => sentence.replace(/\.$/, ''))
      .join('. ')
  }
  const bytes = (text: string): number => new TextEncoder().encode(text).length
  for (let count = sentences.length; count > 0; count--) if (bytes(fits(count)) < maxBytes) return `${fits(count)}.`
  // A single sentence that is too long is cut: its beginning names the subject.
  return `${[...(sentences[0] ?? '')].slice(0, Math.floor(maxBytes / 4) - 20).join('')}… and ${sentences.length - 1} more.`
}
