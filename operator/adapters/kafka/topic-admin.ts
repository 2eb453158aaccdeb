import type { WireRequest } from '../../../gateway/adapters/kafka/wire/wire-request.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { MissingTopic, NewTopic, TopicAdmin, TopicDescription, TopicFailure } from '../../reconcile/topic/topic-admin.ts'
import { createBatch } from './batch.ts'
import type { ClusterConnection, KafkaOperation } from './cluster-connection.ts'
import { describeBrokers, failureOf, leaderNotAvailable, noError, notController, unanswered, unknownTopic } from './topic-failure.ts'
import {
  alterConfigsRequest,
  createPartitionsRequest,
  createTopicsRequest,
  deleteTopicsRequest,
  describeConfigsRequest,
  describeTopicsRequest,
  type ConfigChange,
  type TopicOutcome,
} from './topic-requests.ts'

type Described = Result<TopicDescription | MissingTopic, TopicFailure>
type Written = Result<void, TopicFailure>
type Metadata = Awaited<ReturnType<typeof askMetadata>>

const callTimeoutMs = 10_000
/** Limits of one describe. @default for the operator's own brokers */
const ownMaxTopics = 500

/** Maximum number of records per request. Controllers refuse more than 10,000 records: one for each topic, partition and config entry. */
const maxRecords = 5_000

/** Administers topics over a connection, in lists. After a create or a growth, brokers may return the old state for a moment. */
export function createTopicAdmin(
  connection: ClusterConnection,
  { maxTopics = ownMaxTopics }: { readonly maxTopics?: number } = {},
): TopicAdmin {
  const late = { timeoutMs: callTimeoutMs, late: () => failed(unanswered(connection.brokers, callTimeoutMs)) }
  const byName = { keyOf: ({ name }: { readonly name: string }) => name, ...late }

  const write = <Item extends { readonly name: string }>(writing: Writing<Item>) =>
    createBatch<Item, Written>({
      ...byName,
      sizeOf: writing.recordsOf,
      maxSize: maxRecords,
      run: (items) => writeAll(connection, items, writing),
    })

  const describe = createBatch<string, Described>({
    ...late,
    keyOf: (name) => name,
    maxSize: maxTopics,
    run: (names) => describeAll(connection, names),
  })
  const create = write<NewTopic>({
    operation: 'create-topics',
    request: createTopicsRequest,
    verb: 'create',
    recordsOf: ({ partitions, config }) => 1 + partitions + Object.keys(config).length,
  })
  const grow = write<Growth>({
    operation: 'create-partitions',
    request: createPartitionsRequest,
    verb: 'add partitions to',
    recordsOf: ({ partitions }) => partitions,
  })
  const alter = write<ConfigChange>({
    operation: 'alter-configs',
    request: alterConfigsRequest,
    verb: 'alter the config of',
    recordsOf: ({ changes }) => Object.keys(changes).length,
  })
  const remove = write<{ readonly name: string }>({
    operation: 'delete-topics',
    request: (topics) => deleteTopicsRequest(topics.map(({ name }) => name)),
    verb: 'delete',
    recordsOf: () => 1,
  })

  return {
    describe,
    create,
    growPartitions: (name, partitions) => grow({ name, partitions }),
    alterConfig: async (name, changes) => (Object.keys(changes).length === 0 ? ok(undefined) : alter({ name, changes })),
    delete: (name) => remove({ name }),
  }
}

interface Growth {
  readonly name: string
  readonly partitions: number
}

interface Writing<Item> {
  readonly operation: KafkaOperation
  readonly request: (items: readonly Item[]) => WireRequest<readonly TopicOutcome[]>
  /** Verb in "Kafka did not VERB the topic x". */
  readonly verb: string
  /** Maximum number of records that the item adds to the controller's log. */
  readonly recordsOf: (item: Item) => number
}

async function writeAll<Item extends { readonly name: string }>(
  connection: ClusterConnection,
  items: readonly Item[],
  { operation, request, verb }: Writing<Item>,
): Promise<readonly Written[]> {
  const answer = await connection.ask(operation, () => request(items))
  if (!answer.ok) return items.map(() => answer)
  // Only brokers of clusters with ZooKeeper return this. They do not forward to the controller, which may be another broker of the list.
  if (answer.value.some(({ errorCode }) => errorCode === notController)) connection.reset()
  const outcomes = new Map(answer.value.map((outcome) => [outcome.name, outcome]))
  return items.map(({ name }) => written(outcomes.get(name), `${verb} the topic ${name}`))
}

function written(outcome: TopicOutcome | undefined, doing: string): Written {
  if (outcome === undefined) return unmentioned(doing)
  return outcome.errorCode === noError ? ok(undefined) : failed(failureOf(outcome, doing))
}

async function describeAll(connection: ClusterConnection, names: readonly string[]): Promise<readonly Described[]> {
  const metadata = await askMetadata(connection, names)
  if (!metadata.ok) return names.map(() => metadata)
  const existing = names.filter((name) => isThere(metadata.value.topics.get(name)?.errorCode))
  const configs = await askConfigs(connection, existing)
  if (!configs.ok) return names.map(() => configs)
  return names.map((name) => described(name, metadata.value, configs.value))
}

/** Format of a cluster id. Kafka makes ids of 22 letters, digits, dashes and underscores. Other implementations choose their own. */
const clusterIdPattern = /^[\x21-\x7e]{1,128}$/

async function askMetadata(connection: ClusterConnection, names: readonly string[]) {
  const answer = await connection.ask('metadata', (broker) => describeTopicsRequest(broker, names))
  if (!answer.ok) return answer
  const clusterId = answer.value.clusterId === '' ? null : answer.value.clusterId
  // The id becomes part of the status, which limits its length, and of messages.
  if (clusterId !== null && !clusterIdPattern.test(clusterId))
    return failed<TopicFailure>({
      kind: 'transient',
      detail: `${describeBrokers(connection.brokers)}: the cluster reports an invalid id: ${clusterId.length} characters`,
    })
  return ok({ clusterId, topics: new Map(answer.value.topics.map((topic) => [topic.name, topic])) })
}

async function askConfigs(connection: ClusterConnection, names: readonly string[]) {
  if (names.length === 0) return ok(new Map<string, never>())
  const answer = await connection.ask('describe-configs', () => describeConfigsRequest(names))
  return answer.ok ? ok(new Map(answer.value.map((topic) => [topic.name, topic]))) : answer
}

type Ok<T> = T extends { readonly ok: true; readonly value: infer V } ? V : never
type Configs = Ok<Awaited<ReturnType<typeof askConfigs>>>

function described(name: string, { clusterId, topics }: Ok<Metadata>, configs: Configs): Described {
  const [topic, own] = [topics.get(name), configs.get(name)]
  const missing = ok({ name, clusterId })
  if (topic?.errorCode === unknownTopic) return missing
  if (topic !== undefined && !isThere(topic.errorCode))
    return failed(failureOf({ errorCode: topic.errorCode, message: null }, `describe the topic ${name}`))
  if (topic === undefined || own === undefined) return unmentioned(`describe the topic ${name}`)
  if (own.errorCode === unknownTopic) return missing // it was deleted between the two requests
  if (own.errorCode !== noError) return failed(failureOf(own, `describe the config of the topic ${name}`))
  const { topicId, partitions, replicas, isInternal } = topic
  return ok({ name, topicId, clusterId, partitions: partitions.length, replicas, isInternal, config: own.config, inForce: own.inForce })
}

/** Returns true if the topic exists. A topic whose partitions have no leader at the moment exists, too. */
function isThere(errorCode: number | undefined): boolean {
  return errorCode === noError || errorCode === leaderNotAvailable
}

function unmentioned(doing: string): { readonly ok: false; readonly error: TopicFailure } {
  return failed({ kind: 'transient', detail: `Kafka was asked to ${doing}, but its response does not mention it` })
}
