import { maxNoteBytes } from '../../runtime/event-object.ts'
import type { Action, Plan } from '../plan-types.ts'
import { describeChanges } from './changed-fields.ts'

/**
 * A plan in words: what changes, whether pods restart, and what will not be done.
 * @param maxBytes what does not fit is counted; an Event takes 1,024 bytes @default 1024
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

/** Pods know the id of their topic, so that a new topic is new pods, too. */
function describeRestart(actions: readonly Action[]): string {
  const restarts = actions.some(
    (action) =>
      (action.kind === 'apply-object' && action.restartsPods) ||
      (action.kind === 'create-topic' && action.use !== 'deadLetters' && action.isAgain === true),
  )
  return restarts ? 'Pods restart, one after the other' : 'No pods restart'
}

/** What follows from a topic that is not there yet is planned when it is. */
function describeSecondStep({ actions, refusals }: Plan): readonly string[] {
  const creates = actions.some((action) => action.kind === 'create-topic' && action.use !== 'deadLetters')
  return creates && !refusals.some(({ about }) => about === 'GatewayAvailable')
    ? ['Then start the gateways with the id of the new topic']
    : []
}

const verbs = { create: 'Create', change: 'Change', heal: 'Heal (somebody changed it)' } as const

const endings = {
  'topic-deleted': 'Let the channel go',
  'topic-kept': "Let the channel go, and keep its topic: it is not beyond doubt that it is this channel's alone",
  'topic-adopted': 'Let the channel go, and keep its topic: the operator did not create it',
  'topic-shared': 'Let the channel go, and keep its topic: another channel uses it',
  'topic-not-allowed': 'Let the channel go, and keep its topic: the rules for topics do not allow its deletion',
  'gave-up': 'Let the channel go, and leave its topic: Kafka did not delete it in time',
  'policy-is-retain': 'Take the finalizer away: the topic is to be kept',
} as const

function describeAction(action: Action): string {
  switch (action.kind) {
    case 'create-topic': {
      const { name, partitions, replicas, config } = action.topic
      const settings = Object.entries(config)
        .map(([key, value]) => `, ${key}=${value}`)
        .join('')
      return `Create${action.isAgain === true ? ' anew, empty,' : ''} ${action.use === 'deadLetters' ? 'dead letter topic' : 'topic'} ${name} with ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}${replicas === null ? '' : `, replication factor ${replicas}`}${settings}`
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
      return action.value === null ? `Take the annotation ${action.annotation} away` : `Annotate the channel with ${action.annotation}`
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

/** As many sentences as fit, whole, and how many more there are. */
function join(sentences: readonly string[], maxBytes: number): string {
  const fits = (count: number): string => {
    const more = sentences.length - count
    return [...sentences.slice(0, count), ...(more === 0 ? [] : [`and ${more} more`])]
      .map((sentence) => sentence.replace(/\.$/, ''))
      .join('. ')
  }
  const bytes = (text: string): number => new TextEncoder().encode(text).length
  for (let count = sentences.length; count > 0; count--) if (bytes(fits(count)) < maxBytes) return `${fits(count)}.`
  // One sentence alone is too long: its beginning says what it is about.
  return `${[...(sentences[0] ?? '')].slice(0, Math.floor(maxBytes / 4) - 20).join('')}… and ${sentences.length - 1} more.`
}
