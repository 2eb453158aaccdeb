import { annotations, type RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ConditionReason } from '../condition-reasons.ts'
import type { Action, PlannedRecord, Refusal } from '../plan-types.ts'
import type { FoundTopic, TopicRecord, TopicRival, World } from '../world.ts'
import { configChanges, differences, type WantedTopic } from './diff.ts'
import { howToAllow, whyNameIsNotAllowed, type TopicRules } from './name-rules.ts'
import { isMaybeSameCluster, isRecorded, isSameCluster, recordOf } from './record.ts'
import type { MissingTopic, TopicDescription } from './topic-admin.ts'
import { type TopicUse, wordsOfUses } from './topic-uses.ts'
import { unknownTopic } from './unknown.ts'

/*
 * Decides on one topic of a channel.
 *
 * A topic holds records that cannot be restored, and Kafka does not say which channel it belongs to. So the status remembers (`status.topic`) its name, its
 * id, the cluster, whether the operator created or adopted it, and which settings the operator made. The plan follows from that record and from what exists:
 *
 *     exists            the status remembers      then
 *     nothing           nothing                   create it
 *     nothing           that it created it, in    create it again: clients learn of the gap by the new id
 *                       this very cluster
 *     nothing           anything else             TopicMissing, unless the channel consents (carillon.dev/recreate-topic)
 *     a topic           this topic (its id)       ours: grow it, set its settings; an adopted one only where the rules allow it
 *     a topic           nothing, or another id    exactly as asked: adopt it, which changes nothing
 *                                                 else TopicNotOurs or TopicReplaced, unless the channel consents (carillon.dev/adopt)
 *                                                 and the rules allow it
 *
 * The consent of a channel is the consent of its owner, who need not own the topic. So the administrator's rules (`name-rules.ts`) say which names a channel
 * may use at all, and whether it may change what it did not create.
 *
 * A status that could not be written after the topic was created loses only the word Created. The topic is as asked, so the next reconcile adopts it.
 */

/** Request of a channel for one of its topics. */
export interface TopicRequest {
  readonly use: TopicUse
  readonly wanted: WantedTopic
  /** The operator has created the topic in this very reconcile, and the status does not say so yet. */
  readonly isCreated: boolean
}

export interface OneTopicPlan {
  readonly actions: readonly Action[]
  readonly refusals: readonly Refusal[]
  readonly record: PlannedRecord
  /**
   * found: the topic that exists serves. remembered: the status knows best, or the topic is not the channel's. absent: there is none. forbidden: the channel
   * must not use it, even if it exists.
   */
  readonly serves: 'found' | 'remembered' | 'absent' | 'forbidden'
  readonly requeueAfterMs: number | null
}

/** All that the rules decide on, computed once. */
interface TopicFacts extends TopicRequest {
  readonly channel: RealtimeChannel
  readonly rules: TopicRules
  readonly rival: TopicRival | null
  readonly record: TopicRecord | null
  readonly found: FoundTopic | null
  /** Null: the topic exists, or Kafka did not answer. */
  readonly missing: MissingTopic | null
  /** Null: the topic is missing, or Kafka did not answer. */
  readonly present: PresentTopic | null
}

interface PresentTopic {
  readonly topic: TopicDescription
  /** Differences from the request, as sentences. */
  readonly differing: readonly string[]
  /** Null: the topic is not the channel's. */
  readonly ownership: Ownership | null
}

type Ownership = Required<Pick<TopicRecord, 'origin' | 'configKeys'>>

/** A rule returns null when it has nothing to say. What a decision leaves out changes nothing. */
type TopicRule = (facts: TopicFacts) => Partial<OneTopicPlan> | null

/** The first rule that answers decides. */
const topicRules: readonly TopicRule[] = [
  refuseInvalidName,
  refuseNameOutsideRules,
  refuseClaimedTopic,
  waitForAnswer,
  waitUntilShown,
  refuseToCreateAgain,
  createTopic,
  refuseInternalTopic,
  refuseForeignTopic,
  refuseToChangeAdopted,
  alignTopic,
]

/** Plans one topic by the rules. */
export function planOneTopic(world: World, request: TopicRequest): OneTopicPlan {
  const facts = factsOf(world, request)
  for (const rule of topicRules) {
    const decision = rule(facts)
    if (decision !== null) return { ...unchanged(facts), ...decision }
  }
  throw new Error(`no rule decides on the topic ${request.wanted.name}`)
}

function unchanged({ record }: TopicFacts): OneTopicPlan {
  return { actions: [], refusals: [], record: { whenDone: record, otherwise: record }, serves: 'remembered', requeueAfterMs: null }
}

function factsOf(world: World, request: TopicRequest): TopicFacts {
  const { channel, topicRules: rules } = world
  const { use } = request
  const [record, found] = [world.records[use], world[use]]
  const facts = { ...request, channel, rules, rival: world.rivals[use], record, found }
  return {
    ...facts,
    missing: found?.kind === 'missing' ? found.topic : null,
    present: found?.kind === 'present' ? presentTopic(found.topic, facts) : null,
  }
}

function presentTopic(topic: TopicDescription, facts: Omit<TopicFacts, 'missing' | 'present'>): PresentTopic {
  const differing = differences(facts.wanted, topic)
  return { topic, differing, ownership: ownershipOf(topic, differing, facts) }
}

function ownershipOf(
  topic: TopicDescription,
  differing: readonly string[],
  { record, isCreated, rules, channel }: Omit<TopicFacts, 'missing' | 'present'>,
): Ownership | null {
  // Another client may have created the topic a moment earlier: only one that is as asked is the operator's own.
  if (isCreated && differing.length === 0) return { origin: 'Created', configKeys: [] }
  if (record !== null && isRecorded(record, topic)) return { origin: record.origin, configKeys: record.configKeys ?? [] }
  const isTaken = rules.adopt && channel.metadata.annotations?.[annotations.adopt] === 'true'
  // No setting of a replaced topic is the operator's.
  return differing.length === 0 || isTaken ? { origin: 'Adopted', configKeys: [] } : null
}

const subjectOf = (use: TopicUse): string => `The ${wordsOfUses[use].noun}`

function refuseInvalidName({ use, wanted: { name } }: TopicFacts): Partial<OneTopicPlan> | null {
  const { maxLength, field } = wordsOfUses[use]
  if (/^[A-Za-z0-9._-]+$/.test(name) && name.length <= maxLength && name !== '.' && name !== '..') return null
  return forbid(
    'TopicNotAllowed',
    `${subjectOf(use)} cannot be named ${name}: expected 1 to ${maxLength} letters, digits, dots, _ and -. Set another name in ${field}.`,
  )
}

function refuseNameOutsideRules({ use, wanted: { name }, channel: { metadata }, rules }: TopicFacts): Partial<OneTopicPlan> | null {
  const { noun, field } = wordsOfUses[use]
  const why = whyNameIsNotAllowed(rules, { namespace: metadata.namespace ?? '', name: metadata.name }, name)
  return why === null
    ? null
    : forbid('TopicNotAllowed', `The channel must not use the ${noun} ${name}. ${why} Set another name in ${field}.`)
}

function refuseClaimedTopic({ use, wanted: { name }, rival }: TopicFacts): Partial<OneTopicPlan> | null {
  if (rival === null) return null
  const having = rival.use === 'topic' ? 'belongs to' : `is the ${wordsOfUses[rival.use].noun} of`
  const holder = `${having} the channel ${rival.namespace}/${rival.name}, which had it first`
  return forbid(
    'TopicClaimed',
    `${subjectOf(use)} ${name} ${holder}. Set another name in ${wordsOfUses[use].field}, or delete one of the two channels.`,
  )
}

function waitForAnswer({ found, missing, present }: TopicFacts): Partial<OneTopicPlan> | null {
  if (missing !== null || present !== null) return null
  const { refusal, requeueAfterMs } = unknownTopic(found?.kind === 'failed' || found?.kind === 'no-connection' ? found : null)
  return { refusals: [refusal], requeueAfterMs }
}

/** Brokers need a moment to show a new topic. */
function waitUntilShown({ isCreated, missing, wanted }: TopicFacts): Partial<OneTopicPlan> | null {
  if (missing === null || !isCreated) return null
  const record = newRecord(missing, wanted)
  return { record: { whenDone: record, otherwise: record } }
}

function refuseToCreateAgain({ use, missing, record, channel }: TopicFacts): Partial<OneTopicPlan> | null {
  if (missing === null || record === null || mayCreateAgain(record, missing, channel)) return null
  return { refusals: [about('TopicMissing', explainMissing(record, missing, use))], serves: 'absent' }
}

/** Creating the topic again is safe where the operator created it the first time, and asks the same cluster. */
function mayCreateAgain(record: TopicRecord, { clusterId }: MissingTopic, { metadata }: RealtimeChannel): boolean {
  return (record.origin === 'Created' && isSameCluster(record, clusterId)) || metadata.annotations?.[annotations.recreateTopic] === 'true'
}

function explainMissing(record: TopicRecord, { name, clusterId }: MissingTopic, use: TopicUse): string {
  const subject = subjectOf(use)
  const consent = `Restore it, or let the operator create it again, empty, with the annotation ${annotations.recreateTopic}: "true".`
  if (!isMaybeSameCluster(record, clusterId))
    return `${subject} ${name} is not in the Kafka cluster ${clusterId}; it was in ${record.clusterId}. ${consent}`
  const origin = record.origin === 'Adopted' ? 'and the operator did not create it' : 'and the brokers do not report the id of the cluster'
  return `${subject} ${name} existed and is missing, ${origin}. ${consent}`
}

function createTopic({ use, missing, record, wanted }: TopicFacts): Partial<OneTopicPlan> | null {
  if (missing === null) return null
  // A record without id and replicas is of an attempt to create the topic, whose result is unknown.
  const isAgain = record?.id !== undefined || record?.replicas !== undefined
  return {
    actions: [{ kind: 'create-topic', topic: wanted, ...(use === 'topic' ? {} : { use }), ...(isAgain ? { isAgain } : {}) }],
    record: { whenDone: newRecord(missing, wanted), otherwise: record },
  }
}

function newRecord({ name, clusterId }: MissingTopic, { partitions, config }: WantedTopic): TopicRecord {
  return { name, ...(clusterId === null ? {} : { clusterId }), partitions, origin: 'Created', configKeys: Object.keys(config) }
}

function refuseInternalTopic({ use, present }: TopicFacts): Partial<OneTopicPlan> | null {
  if (present === null || !present.topic.isInternal) return null
  return forbid(
    'TopicNotAllowed',
    `${subjectOf(use)} ${present.topic.name} is an internal topic of Kafka, and no channel may use it. Set another name in ${wordsOfUses[use].field}.`,
  )
}

function refuseForeignTopic({ use, present, record, rules }: TopicFacts): Partial<OneTopicPlan> | null {
  if (present === null || present.ownership !== null) return null
  if (record === null) return { refusals: [notOurs(use, present.topic, present.differing, rules)] }
  const { topic, differing } = present
  const message = `${subjectOf(use)} ${topic.name} was deleted and created again by another client (id ${topic.topicId ?? 'unknown'}, was ${record.id ?? 'unknown'}), and it differs from what the channel asks for: ${differing.join('; ')}. ${howToTake(use, rules)}`
  // Pods read a topic by its name, so they are served by the one that has the name now.
  return { refusals: [about('TopicReplaced', message)], serves: 'found' }
}

/** A topic that the operator did not create is changed only where the rules allow it, even if it was adopted under other rules. */
function refuseToChangeAdopted({ use, present, rules, wanted }: TopicFacts): Partial<OneTopicPlan> | null {
  if (present === null || present.ownership === null || present.ownership.origin === 'Created' || rules.adopt) return null
  const { topic, ownership, differing } = present
  if (changesOf(use, topic, wanted, ownership).length === 0) return null
  const what = differing.length > 0 ? differing : ['it has settings that the channel no longer asks for']
  const record = recordsOf(topic, wanted, ownership).otherwise
  return { refusals: [notOurs(use, topic, what, rules)], record: { whenDone: record, otherwise: record }, serves: 'found' }
}

function notOurs(use: TopicUse, { name }: TopicDescription, differing: readonly string[], rules: TopicRules): Refusal {
  const what = `${differing.join('; ')}. ${howToTake(use, rules)}`
  return about('TopicNotOurs', `${subjectOf(use)} ${name} existed before this channel, and differs from what it asks for: ${what}`)
}

function howToTake(use: TopicUse, { adopt }: TopicRules): string {
  const take = wordsOfUses[use].remedy
  return adopt
    ? `${take}, or let the operator change it with the annotation ${annotations.adopt}: "true".`
    : `${take}. This channel is not allowed to change topics that the operator did not create for it. ${howToAllow.adopt}`
}

function alignTopic({ use, present, wanted }: TopicFacts): Partial<OneTopicPlan> | null {
  if (present === null || present.ownership === null) return null
  const { topic, ownership } = present
  return {
    actions: changesOf(use, topic, wanted, ownership),
    refusals: refuseShape(use, topic, wanted),
    record: recordsOf(topic, wanted, ownership),
    serves: 'found',
  }
}

function changesOf(use: TopicUse, topic: TopicDescription, wanted: WantedTopic, { configKeys }: Ownership): readonly Action[] {
  const changes = configChanges(wanted, topic, configKeys)
  const { name, partitions } = topic
  const ofUse = use === 'topic' ? {} : { use }
  return [
    ...(wanted.partitions > partitions
      ? [{ kind: 'grow-partitions' as const, ...ofUse, name, from: partitions, to: wanted.partitions }]
      : []),
    ...(Object.keys(changes).length > 0 ? [{ kind: 'alter-topic' as const, ...ofUse, name, changes }] : []),
  ]
}

function recordsOf(topic: TopicDescription, wanted: WantedTopic, { origin, configKeys }: Ownership): OneTopicPlan['record'] {
  const record = recordOf(topic, origin)
  const keys = Object.keys(wanted.config)
  return {
    whenDone: { ...record, partitions: Math.max(topic.partitions, wanted.partitions), configKeys: keys },
    // A change that failed may have been carried out all the same. So the old keys and the new ones can still be unset some day.
    otherwise: { ...record, configKeys: [...new Set([...configKeys, ...keys])].toSorted() },
  }
}

/** Refuses what Kafka cannot do. The rest is done all the same. */
function refuseShape(use: TopicUse, { name, partitions, replicas }: TopicDescription, wanted: WantedTopic): readonly Refusal[] {
  const { noun, section } = wordsOfUses[use]
  const shrinks = wanted.partitions < partitions
  const replicates = wanted.replicas !== null && wanted.replicas !== replicas
  return [
    ...(shrinks
      ? [
          about(
            'PartitionsCannotShrink',
            `The ${noun} ${name} has ${partitions} partitions, the channel asks for ${wanted.partitions}, and Kafka cannot remove partitions. Set ${section}.partitions to ${partitions} or more.`,
          ),
        ]
      : []),
    ...(replicates
      ? [
          about(
            'ReplicationCannotChange',
            `The replication factor of the ${noun} ${name} is ${replicas}, and the channel asks for ${wanted.replicas}. Set ${section}.replicas to ${replicas}, or move its partitions with Kafka's tools (kafka-reassign-partitions).`,
          ),
        ]
      : []),
  ]
}

function forbid(reason: ConditionReason, message: string): Partial<OneTopicPlan> {
  return { refusals: [about(reason, message)], serves: 'forbidden' }
}

function about(reason: ConditionReason, message: string): Refusal {
  return { about: 'TopicReady', reason, message }
}
