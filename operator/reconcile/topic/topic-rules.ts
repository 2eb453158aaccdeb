import { annotations } from '../../../api/v1alpha1/realtime-channel.ts'
import type { Action, Refusal } from '../plan-types.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import type { MissingTopic, TopicDescription } from './topic-admin.ts'
import { configChanges, differences, type WantedTopic } from './diff.ts'
import { isMaybeSameCluster, isRecorded, isSameCluster, recordedTopic, recordOf } from './record.ts'
import { howToAllow, whyNameIsNotAllowed } from './name-rules.ts'
import { unknownTopic } from './unknown.ts'
import type { TopicUse, World, TopicRecord } from '../world.ts'

/** What a channel asks of one of its two topics. */
export interface TopicRequest {
  readonly use: TopicUse
  readonly name: string
  /** @param found null: the topic is to be created */
  readonly wantedFor: (found: TopicDescription | null) => WantedTopic
  /** The operator has created it in this very reconcile, and the status does not say so yet. */
  readonly isCreated: boolean
}

export interface OneTopicPlan {
  readonly actions: readonly Action[]
  readonly refusals: readonly Refusal[]
  readonly record: { readonly whenDone: TopicRecord | null; readonly otherwise: TopicRecord | null }
  /**
   * found: the topic that is there serves. remembered: nobody knows better than the status, or the topic is not the channel's. absent: there is none. forbidden:
   * the channel may not use it, whatever is there.
   */
  readonly serves: 'found' | 'remembered' | 'absent' | 'forbidden'
  readonly requeueAfterMs: number | null
}

/** How a use is called in messages, and the field that names its topic. */
const words = {
  topic: { maxLength: 240, subject: 'The topic', object: 'the topic', field: 'spec.topic.name of a new channel' },
  deadLetters: { maxLength: 249, subject: 'The dead letter topic', object: 'the dead letter topic', field: 'spec.topic.deadLetters.name' },
} as const satisfies Record<TopicUse, unknown>

/** Plans one topic by the table in plan-topic.ts. */
export function planOneTopic(world: World, request: TopicRequest): OneTopicPlan {
  const forbidden = refuseName(world, request)
  if (forbidden !== null) return { ...keep(world, request, [forbidden]), serves: 'forbidden' }
  const found = world[request.use]
  switch (found?.kind) {
    case 'present':
      return planPresent(found.topic, world, request)
    case 'missing':
      return planMissing(found.topic, world, request)
    default: {
      const { refusal, requeueAfterMs } = unknownTopic(found)
      return { ...keep(world, request, [refusal]), requeueAfterMs }
    }
  }
}

function refuseName({ channel, rivals, topicRules }: World, { use, name }: TopicRequest): Refusal | null {
  const { namespace = '' } = channel.metadata
  const { maxLength, subject, object, field } = words[use]
  if (!/^[A-Za-z0-9._-]+$/.test(name) || name.length > maxLength || name === '.' || name === '..')
    return about(
      'TopicNotAllowed',
      `${subject} cannot be named ${name}: 1 to ${maxLength} letters, digits, dots, _ and -. Name another in ${field}.`,
    )
  const why = whyNameIsNotAllowed(topicRules, { namespace, name: channel.metadata.name }, name)
  if (why !== null) return about('TopicNotAllowed', `The channel may not have ${object} ${name}. ${why} Name another in ${field}.`)
  const rival = rivals[use]
  if (rival === null) return null
  const having =
    rival.use === 'topic'
      ? `is that of the channel ${rival.namespace}/${rival.name}`
      : `is the dead letter topic of the channel ${rival.namespace}/${rival.name}`
  return about('TopicClaimed', `${subject} ${name} ${having}, which had it first. Name another in ${field}, or delete one of the two.`)
}

/** Nothing is done, and all stays as it is remembered. */
function keep(world: World, { use }: TopicRequest, refusals: readonly Refusal[]): OneTopicPlan {
  const record = recordedTopic(world, use)
  return { actions: [], refusals, record: { whenDone: record, otherwise: record }, serves: 'remembered', requeueAfterMs: null }
}

function planMissing(missing: MissingTopic, world: World, request: TopicRequest): OneTopicPlan {
  const record = recordedTopic(world, request.use)
  const wanted = request.wantedFor(null)
  const created: TopicRecord = {
    name: missing.name,
    ...(missing.clusterId === null ? {} : { clusterId: missing.clusterId }),
    partitions: wanted.partitions,
    origin: 'Created',
    configKeys: Object.keys(wanted.config),
  }
  // The brokers do not show it yet.
  if (request.isCreated) return { ...keep(world, request, []), record: { whenDone: created, otherwise: created } }
  if (record !== null && !mayRecreate(record, missing, world))
    return { ...keep(world, request, [about('TopicMissing', explainMissing(record, missing, request))]), serves: 'absent' }
  // Of a topic that nobody has seen, the record is of an attempt whose end nobody knows.
  const isAgain = record?.id !== undefined || record?.replicas !== undefined
  const use = request.use === 'topic' ? {} : { use: request.use }
  return {
    ...keep(world, request, []),
    actions: [{ kind: 'create-topic', topic: wanted, ...use, ...(isAgain ? { isAgain } : {}) }],
    record: { whenDone: created, otherwise: record },
  }
}

/** To make it anew is safe where the operator made it the first time, and asks the same cluster. */
function mayRecreate(record: TopicRecord, missing: MissingTopic, { channel }: World): boolean {
  return (
    (record.origin === 'Created' && isSameCluster(record, missing.clusterId)) ||
    channel.metadata.annotations?.[annotations.recreateTopic] === 'true'
  )
}

function explainMissing(record: TopicRecord, { name, clusterId }: MissingTopic, { use }: TopicRequest): string {
  const { subject } = words[use]
  const consent = `Bring it back, or let the operator make it anew, empty, with the annotation ${annotations.recreateTopic}: "true".`
  if (!isMaybeSameCluster(record, clusterId))
    return `${subject} ${name} is not in the Kafka cluster ${clusterId}; it was in ${record.clusterId}. ${consent}`
  const origin = record.origin === 'Adopted' ? 'and the operator did not create it' : 'and the cluster does not say whether it is the same'
  return `${subject} ${name} was there and is gone, ${origin}. ${consent}`
}

function planPresent(found: TopicDescription, world: World, request: TopicRequest): OneTopicPlan {
  if (found.isInternal)
    return {
      ...keep(world, request, [
        about(
          'TopicNotAllowed',
          `${words[request.use].subject} ${found.name} belongs to Kafka itself, and no channel may use it. Name another in ${words[request.use].field}.`,
        ),
      ]),
      serves: 'forbidden',
    }
  const wanted = request.wantedFor(found)
  const record = recordedTopic(world, request.use)
  // Somebody may have been faster by a moment: only what is as it was asked for is what was created.
  if (request.isCreated && differences(wanted, found).length === 0)
    return planOurs({ found, wanted, known: { origin: 'Created', configKeys: [] } })
  const standing = standingOf(found, wanted, world, request)
  if (standing === 'ours')
    return planKnown(
      { found, wanted, known: { origin: record?.origin ?? 'Adopted', configKeys: record?.configKeys ?? [] } },
      world,
      request,
    )
  // Of a topic that somebody replaced, no setting is the operator's.
  if (standing === 'adopted') return planKnown({ found, wanted, known: { origin: 'Adopted', configKeys: [] } }, world, request)
  const refused = keep(world, request, [standing])
  // Pods read a topic by its name, whoever made it.
  return standing.reason === 'TopicReplaced' ? { ...refused, serves: 'found' } : refused
}

function standingOf(found: TopicDescription, wanted: WantedTopic, world: World, { use }: TopicRequest): 'ours' | 'adopted' | Refusal {
  const record = recordedTopic(world, use)
  const differing = differences(wanted, found)
  if (record !== null && isRecorded(record, found)) return 'ours'
  if (differing.length === 0 || (world.topicRules.adopt && world.channel.metadata.annotations?.[annotations.adopt] === 'true'))
    return 'adopted'
  const { subject } = words[use]
  const what = `${differing.join('; ')}. ${adoptWords(world)}`
  if (record === null)
    return about('TopicNotOurs', `${subject} ${found.name} existed before this channel, and differs from what it asks for: ${what}`)
  return about(
    'TopicReplaced',
    `${subject} ${found.name} is another than it was (id ${found.topicId ?? 'unknown'}, was ${record.id ?? 'unknown'}): somebody made it anew, and it differs from what the channel asks for: ${what}`,
  )
}

function adoptWords({ topicRules }: World): string {
  const take = 'Take it as it is with spec.topic'
  return topicRules.adopt
    ? `${take}, or let the operator change it with the annotation ${annotations.adopt}: "true".`
    : `${take}. This channel may not change topics that the operator did not create for it. ${howToAllow.adopt}`
}

interface Compared {
  readonly found: TopicDescription
  readonly wanted: WantedTopic
  readonly known: Required<Pick<TopicRecord, 'origin' | 'configKeys'>>
}

/** A topic that the operator did not create is changed only where the rules allow it, also when it was adopted under other rules. */
function planKnown(compared: Compared, world: World, { use }: TopicRequest): OneTopicPlan {
  const { found, wanted, known } = compared
  const plan = planOurs(compared)
  if (known.origin === 'Created' || world.topicRules.adopt || plan.actions.length === 0) return plan
  const differing = differences(wanted, found)
  const what = differing.length > 0 ? differing.join('; ') : 'it has settings that are not asked for any more'
  const refusal = about(
    'TopicNotOurs',
    `${words[use].subject} ${found.name} existed before this channel, and differs from what it asks for: ${what}. ${adoptWords(world)}`,
  )
  return { ...plan, actions: [], refusals: [refusal], record: { whenDone: plan.record.otherwise, otherwise: plan.record.otherwise } }
}

function planOurs({ found, wanted, known }: Compared): OneTopicPlan {
  const changes = configChanges(wanted, found, known.configKeys)
  const grows = wanted.partitions > found.partitions
  const actions: readonly Action[] = [
    ...(grows ? [{ kind: 'grow-partitions' as const, name: found.name, from: found.partitions, to: wanted.partitions }] : []),
    ...(Object.keys(changes).length > 0 ? [{ kind: 'alter-topic' as const, name: found.name, changes }] : []),
  ]
  const record = recordOf(found, known.origin)
  const keys = Object.keys(wanted.config)
  return {
    actions,
    refusals: refuseShape(found, wanted),
    record: {
      whenDone: { ...record, partitions: Math.max(found.partitions, wanted.partitions), configKeys: keys },
      // A change that failed may have been carried out all the same: what was ours, or was to be, is still to be unset some day.
      otherwise: { ...record, configKeys: [...new Set([...known.configKeys, ...keys])].toSorted() },
    },
    serves: 'found',
    requeueAfterMs: null,
  }
}

/** What Kafka cannot do, and the rest is done all the same. */
function refuseShape(found: TopicDescription, wanted: WantedTopic): readonly Refusal[] {
  const shrinks = wanted.partitions < found.partitions
  const replicates = wanted.replicas !== null && wanted.replicas !== found.replicas
  return [
    ...(shrinks
      ? [
          about(
            'PartitionsCannotShrink',
            `The topic ${found.name} has ${found.partitions} partitions; ${wanted.partitions} are asked for, and Kafka cannot take partitions away. Set spec.topic.partitions to ${found.partitions} or more.`,
          ),
        ]
      : []),
    ...(replicates
      ? [
          about(
            'ReplicationCannotChange',
            `The replication factor of the topic ${found.name} is ${found.replicas}; ${wanted.replicas} is asked for. Move its partitions with Kafka's tools (kafka-reassign-partitions).`,
          ),
        ]
      : []),
  ]
}

function about(reason: ConditionReason, message: string): Refusal {
  return { about: 'TopicReady', reason, message }
}
