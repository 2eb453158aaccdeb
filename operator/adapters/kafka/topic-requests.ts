/**
 * The operator's requests to brokers, in Kafka's protocol: https://kafka.apache.org/protocol.html. kafkajs's own admin is not used, because
 * it
 * - has no topic ids and no IncrementalAlterConfigs. Its alterConfigs replaces the whole config of a topic, so a change of another writer
 *   between our read and our write is lost.
 * - drops the brokers' error messages.
 * - fails a whole list at its first topic.
 * - cannot be used at all while any topic of the cluster has an offline partition.
 */
import { sendBy, type Broker } from '../../../gateway/adapters/kafka/wire/kafkajs-internals.ts'
import { metadataRequest, type ClusterMetadata } from '../../../gateway/adapters/kafka/wire/metadata.ts'
import { decodesThrottled, highestVersion, versionedBroker, type WireRequest } from '../../../gateway/adapters/kafka/wire/wire-request.ts'
import type { WireReader } from '../../../gateway/adapters/kafka/wire/wire-reader.ts'
import { WireWriter } from '../../../gateway/adapters/kafka/wire/wire-writer.ts'
import { checkedSettings, type NewTopic } from '../../reconcile/topic/topic-admin.ts'

/** Requests topics in the newest version that the broker speaks: with topic ids from 2.8 on. */
export function describeTopicsRequest({ versions, connectionPool }: Broker, topics: readonly string[]): WireRequest<ClusterMetadata> {
  return metadataRequest(versionedBroker(versions, connectionPool), topics)
}

/** Outcome for one topic of a list. */
export interface TopicOutcome {
  readonly name: string
  /** 0, or an error code of the broker. */
  readonly errorCode: number
  /** Error message of the broker, if it sent one. */
  readonly message: string | null
}

export interface TopicConfig extends TopicOutcome {
  /** Config entries that are set on the topic itself. */
  readonly config: Readonly<Record<string, string>>
  /** Effective values of the settings that the operator checks. */
  readonly inForce: Readonly<Record<string, string>>
}

export interface ConfigChange {
  readonly name: string
  readonly changes: Readonly<Record<string, string | null>>
}

/** Time limit of the controller. Less than the deadline of a call. Milliseconds. */
const brokerTimeoutMs = 8_000
const topicResource = 2
const setOnTopic = 1 // source of a config entry: DYNAMIC_TOPIC_CONFIG
const operations = { set: 0, delete: 1 }
const validateOnly = false

export function describeConfigsRequest(topics: readonly string[]): WireRequest<readonly TopicConfig[]> {
  const all = -1
  const withSynonyms = false
  const writer = new WireWriter()
  writer.array(topics, (name) => writer.int8(topicResource).string(name).int32(all)).boolean(withSynonyms)
  return requestOf({ apiKey: 32, version: 2, apiName: 'DescribeConfigs' }, writer, (reader) => reader.array(() => topicConfigOf(reader)))
}

function topicConfigOf(reader: WireReader): TopicConfig {
  const [errorCode, message] = [reader.int16(), reader.string()]
  reader.skip(1) // resource type
  const name = reader.string() ?? ''
  const entries = reader.array(() => {
    const [entry, value] = [reader.string() ?? '', reader.string()]
    reader.skip(1) // read only
    const source = reader.int8()
    reader.skip(1) // sensitive
    reader.array(() => [reader.skipString(), reader.skipString(), reader.skip(1)]) // synonyms
    return { entry, value, source }
  })
  const own = entries.flatMap(({ entry, value, source }) => (source === setOnTopic && value !== null ? [[entry, value] as const] : []))
  const inForce = entries.flatMap(({ entry, value }) =>
    checkedSettings.includes(entry) && value !== null ? [[entry, value] as const] : [],
  )
  return { name, errorCode, message, config: Object.fromEntries(own), inForce: Object.fromEntries(inForce) }
}

export function createTopicsRequest(topics: readonly NewTopic[]): WireRequest<readonly TopicOutcome[]> {
  const brokersChoose = 0
  const writer = new WireWriter()
  const writeTopic = ({ name, partitions, replicas, config }: NewTopic): void => {
    writer.string(name).int32(partitions)
    writer.int16(replicas ?? -1).int32(brokersChoose)
    writer.array(Object.entries(config), ([entry, value]) => writer.string(entry).string(value))
  }
  writer.array(topics, writeTopic).int32(brokerTimeoutMs).boolean(validateOnly)
  return requestOf({ apiKey: 19, version: 4, apiName: 'CreateTopics' }, writer, (reader) =>
    reader.array(() => ({ name: reader.string() ?? '', errorCode: reader.int16(), message: reader.string() })),
  )
}

export function createPartitionsRequest(
  topics: readonly { readonly name: string; readonly partitions: number }[],
): WireRequest<readonly TopicOutcome[]> {
  const brokersChoose = -1
  const writer = new WireWriter()
  writer.array(topics, ({ name, partitions }) => writer.string(name).int32(partitions).int32(brokersChoose))
  writer.int32(brokerTimeoutMs).boolean(validateOnly)
  return requestOf({ apiKey: 37, version: 1, apiName: 'CreatePartitions' }, writer, (reader) =>
    reader.array(() => ({ name: reader.string() ?? '', errorCode: reader.int16(), message: reader.string() })),
  )
}

export function alterConfigsRequest(topics: readonly ConfigChange[]): WireRequest<readonly TopicOutcome[]> {
  const writer = new WireWriter()
  const writeChange = ([entry, value]: readonly [string, string | null]): WireWriter =>
    writer
      .string(entry)
      .int8(value === null ? operations.delete : operations.set)
      .string(value)
  writer.array(topics, ({ name, changes }) => writer.int8(topicResource).string(name).array(Object.entries(changes), writeChange))
  writer.boolean(validateOnly)
  return requestOf({ apiKey: 44, version: 0, apiName: 'IncrementalAlterConfigs' }, writer, (reader) => {
    return reader.array(() => {
      const [errorCode, message] = [reader.int16(), reader.string()]
      reader.skip(1) // resource type
      return { name: reader.string() ?? '', errorCode, message }
    })
  })
}

export function deleteTopicsRequest(names: readonly string[]): WireRequest<readonly TopicOutcome[]> {
  const writer = new WireWriter()
  writer.array(names, (name) => writer.string(name)).int32(brokerTimeoutMs)
  return requestOf({ apiKey: 20, version: 3, apiName: 'DeleteTopics' }, writer, (reader) =>
    reader.array(() => ({ name: reader.string() ?? '', errorCode: reader.int16(), message: null })),
  )
}

type Head = Pick<WireRequest<unknown>, 'apiKey' | 'version' | 'apiName'>

/** Every broker from 2.4 to 4.x speaks a version of each request that is not flexible. */
function requestOf<T>(head: Head, body: WireWriter, decode: (reader: WireReader) => T): WireRequest<T> {
  return { ...head, body: body.done(), ...decodesThrottled(false, decode) }
}

/**
 * Sends a request over the broker's connection. Rejects with kafkajs's error, or when the broker does not speak this version of the
 * request.
 */
export async function send<T>(broker: Broker, request: WireRequest<T>): Promise<T> {
  const { apiKey, apiName, version } = request
  const isSpoken = highestVersion(broker.versions ?? {}, apiKey, { min: version, max: version }) !== null
  if (!isSpoken) throw new UnsupportedRequestError(apiName, version)
  return sendBy(broker.connectionPool, request)
}

class UnsupportedRequestError extends Error {
  readonly type = 'UNSUPPORTED_VERSION'
  constructor(apiName: string, version: number) {
    super(`the brokers do not speak version ${version} of ${apiName}: Carillon's operator needs Kafka 2.4 or later`)
  }
}
