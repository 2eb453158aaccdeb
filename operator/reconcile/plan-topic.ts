import { annotations } from '../api/v1alpha1/realtime-channel.ts'
import type { Action, TopicRecord } from './actions.ts'
import type { ConditionReason } from './conditions.ts'
import { topicNameOf } from '../api/v1alpha1/channel-names.ts'
import type { Refusal } from './refusals.ts'
import { runningEpoch } from './running-gateway.ts'
import { configChanges, differences, wantedTopic, type WantedTopic } from './topic-diff.ts'
import type { MissingTopic, TopicDescription } from './topic-admin.ts'
import { isMaybeSameCluster, isRecorded, isSameCluster, recordedTopic, recordOf } from './topic-record.ts'
import { whyNameIsNotAllowed } from './topic-rules.ts'
import { unknownTopic } from './unknown-topic.ts'
import type { World } from './world.ts'

/*
 * What becomes of the topic of a channel.
 *
 * A topic holds what cannot be had back, and Kafka does not say whose it is. So the status remembers (`status.topic`): its name, its id, the
 * cluster, whether the operator created or adopted it, and which settings it made. From that and from what is there follows:
 *
 *     there is          the status remembers      then
 *     nothing           nothing                   create it
 *     nothing           that it created it, in    create it anew: clients are told of the gap by the new id
 *                       this very cluster
 *     nothing           anything else             TopicMissing, unless the channel consents (carillon.dev/recreate-topic)
 *     a topic           this topic (its id)       ours: grow it, set its settings
 *     a topic           nothing, or another id    exactly as asked: adopt it, for nothing is changed by that
 *                                                 else TopicNotOurs or TopicReplaced, unless the channel consents (carillon.dev/adopt)
 *
 * A status that could not be written after the topic was created loses nothing but the word Created: the topic is as asked, and is adopted.
 *
 * Pods need the topic's id, its epoch: it makes cursors of another topic of the same name end in a gap rather than anywhere. While the id cannot be
 * found out, pods that run keep the one they have, and new ones are not started. Pods read a topic by its name whoever made it, so that
 * of a topic that was replaced the new id is the right one, consent or not.
 */
export interface TopicPlan {
  readonly actions: readonly Action[]
  readonly refusals: readonly Refusal[]
  readonly record: { readonly whenDone: TopicRecord | null; readonly otherwise: TopicRecord | null }
  /** Of the pods; null: not known, and no pod is to be started. */
  readonly epoch: string | null
  readonly requeueAfterMs: number | null
}

/** @param isCreated the operator has created it in this very reconcile, and the status does not say so yet */
export function planTopic(world: World, isCreated = false): TopicPlan {
  const name = topicNameOf(world.channel)
  const refusal = refuseName(name, world)
  if (refusal !== null) return keep(world, [refusal])
  const { topic } = world
  switch (topic?.kind) {
    case 'present':
      return planPresent(topic.topic, world, isCreated)
    case 'missing':
      return planMissing(topic.topic, world)
    default: {
      const { refusal: unknown, requeueAfterMs } = unknownTopic(topic)
      return { ...keep(world, [unknown]), requeueAfterMs }
    }
  }
}

function refuseName(name: string, { channel, rivals, topicRules }: World): Refusal | null {
  const { namespace = '' } = channel.metadata
  if (!/^[A-Za-z0-9._-]{1,240}$/.test(name) || name === '.' || name === '..') return about('TopicNotAllowed', `The topic cannot be named ${name}: 1 to 240 letters, digits, dots, _ and -. Name another in spec.topic.name.`)
  const why = whyNameIsNotAllowed(topicRules, { namespace, name: channel.metadata.name }, name)
  if (why !== null) return about('TopicNotAllowed', `The channel may not have the topic ${name}. ${why} Name another topic in spec.topic.name of a new channel.`)
  const { topic: rival } = rivals
  return rival === null ? null : about('TopicClaimed', `The topic ${name} is that of the older channel ${rival.namespace}/${rival.name}. Name another in spec.topic.name of a new channel, or delete one of the two.`)
}

/** Nothing is done, and all stays as it is remembered. */
function keep(world: World, refusals: readonly Refusal[]): TopicPlan {
  const record = recordedTopic(world)
  return { actions: [], refusals, record: { whenDone: record, otherwise: record }, epoch: runningEpoch(world) ?? record?.id ?? null, requeueAfterMs: null }
}

function planMissing(missing: MissingTopic, world: World): TopicPlan {
  const record = recordedTopic(world)
  // Pods that run are left as they are, with all that was asked for since: those that started now would find no topic.
  if (record !== null && !mayRecreate(record, missing, world)) return { ...keep(world, [about('TopicMissing', explainMissing(record, missing))]), epoch: null }
  const wanted = wantedTopic(world.channel.spec, missing.name)
  const isAgain = record !== null
  const created: TopicRecord = { name: missing.name, ...(missing.clusterId === null ? {} : { clusterId: missing.clusterId }), partitions: wanted.partitions, origin: 'Created', configKeys: Object.keys(wanted.config) }
  const kept = keep(world, [])
  return { ...kept, actions: [{ kind: 'create-topic', topic: wanted, ...(isAgain ? { isAgain } : {}) }], record: { whenDone: created, otherwise: record } }
}

/** To make it anew is safe where the operator made it the first time, and asks the same cluster. */
function mayRecreate(record: TopicRecord, missing: MissingTopic, { channel }: World): boolean {
  return (record.origin === 'Created' && isSameCluster(record, missing.clusterId)) || channel.metadata.annotations?.[annotations.recreateTopic] === 'true'
}

function explainMissing(record: TopicRecord, { name, clusterId }: MissingTopic): string {
  const consent = `Bring it back, or let the operator make it anew, empty, with the annotation ${annotations.recreateTopic}: "true".`
  if (!isMaybeSameCluster(record, clusterId)) return `The topic ${name} is not in the Kafka cluster ${clusterId}; it was in ${record.clusterId}. ${consent}`
  const origin = record.origin === 'Adopted' ? 'and the operator did not create it' : 'and the cluster does not say whether it is the same'
  return `The topic ${name} was there and is gone, ${origin}. ${consent}`
}

function planPresent(found: TopicDescription, world: World, isCreated: boolean): TopicPlan {
  const wanted = wantedTopic(world.channel.spec, found.name)
  const record = recordedTopic(world)
  const epoch = found.topicId ?? ''
  // Somebody may have been faster by a moment: only what is as it was asked for is what was created.
  if (isCreated && differences(wanted, found).length === 0) return { ...planOurs(found, wanted, { origin: 'Created', configKeys: [] }), epoch }
  const standing = standingOf(found, wanted, world)
  if (standing === 'ours') return { ...planOurs(found, wanted, { origin: record?.origin ?? 'Adopted', configKeys: record?.configKeys ?? [] }), epoch }
  // Of a topic that somebody replaced, no setting is the operator's.
  if (standing === 'adopted') return { ...planOurs(found, wanted, { origin: 'Adopted', configKeys: [] }), epoch }
  const refused = keep(world, [standing])
  return standing.reason === 'TopicReplaced' ? { ...refused, epoch } : refused
}

function standingOf(found: TopicDescription, wanted: WantedTopic, world: World): 'ours' | 'adopted' | Refusal {
  const record = recordedTopic(world)
  const differing = differences(wanted, found)
  const isAsAsked = differing.length === 0
  if (record !== null && isRecorded(record, found)) return 'ours'
  if (isAsAsked || world.channel.metadata.annotations?.[annotations.adopt] === 'true') return 'adopted'
  const what = `${differing.join('; ')}. Take it as it is with spec.topic, or let the operator change it with the annotation ${annotations.adopt}: "true".`
  if (record === null) return about('TopicNotOurs', `The topic ${found.name} existed before this channel, and differs from what it asks for: ${what}`)
  return about('TopicReplaced', `The topic ${found.name} is another than it was (id ${found.topicId ?? 'unknown'}, was ${record.id ?? 'unknown'}): somebody made it anew, and it differs from what the channel asks for: ${what}`)
}

function planOurs(found: TopicDescription, wanted: WantedTopic, known: Required<Pick<TopicRecord, 'origin' | 'configKeys'>>): Omit<TopicPlan, 'epoch'> {
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
    requeueAfterMs: null,
  }
}

/** What Kafka cannot do, and the rest is done all the same. */
function refuseShape(found: TopicDescription, wanted: WantedTopic): readonly Refusal[] {
  const shrinks = wanted.partitions < found.partitions
  const replicates = wanted.replicas !== null && wanted.replicas !== found.replicas
  return [
    ...(shrinks ? [about('PartitionsCannotShrink', `The topic ${found.name} has ${found.partitions} partitions; ${wanted.partitions} are asked for, and Kafka cannot take partitions away. Set spec.topic.partitions to ${found.partitions} or more.`)] : []),
    ...(replicates ? [about('ReplicationCannotChange', `The replication factor of the topic ${found.name} is ${found.replicas}; ${wanted.replicas} is asked for. Move its partitions with Kafka's tools (kafka-reassign-partitions).`)] : []),
  ]
}

function about(reason: ConditionReason, message: string): Refusal {
  return { about: 'TopicReady', reason, message }
}
