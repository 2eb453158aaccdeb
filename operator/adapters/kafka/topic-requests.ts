/**
 * The operator's requests to brokers, in Kafka's protocol: https://kafka.apache.org/protocol.html. kafkajs's own admin is not used, because
 * it
 * - has no topic ids and no IncrementalAlterConfigs. Its alterConfigs replaces the whole config of a topic, so a change of another writer
 * between our read and our write is lost.
 * - drops the brokers' error messages.
 * - fails a whole list at its first topic.
 * - cannot be used at all while any topic of the cluster has an offline partition.
 */
import { sendBy, type Broker } from '../../../gateway/adapters/kafka/wire/kafkajs-internals.ts'
import { metadataRequest, type ClusterMetadata } from '../../../gateway/adapters/kafka/wire/metadata.ts'
import { decodesThrottled, highestVersion, versionedBroker, type WireRequest } from '../../../gateway/adapters/kafka/wire/wire-request.ts'
import type { WireReader } from '../../../gateway/adapters/kafka/wire/wire-reader.ts'
import { judgedSettings, type NewTopic } from '../../reconcile/topic/topic-admin.ts'
import { array, boolean, int16, int32, int8, string } from './wire.ts'

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

export function describeConfigsRequest(topics: readonly string[]): WireRequest<readonly TopicConfig[]> {
  const all = int32(-1)
  const withSynonyms = boolean(false)
  const body = Buffer.concat([array(topics, (name) => Buffer.concat([int8(topicResource), string(name), all])), withSynonyms])
  return requestOf({ apiKey: 32, version: 2, apiName: 'DescribeConfigs' }, body, (reader) => reader.array(() => topicConfigOf(reader)))
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
  const inForce = entries.flatMap(({ entry, value }) => (judgedSettings.includes(entry) && value !== null ? [[entry, value] as const] : []))
  return { name, errorCode, message, config: Object.fromEntries(own), inForce: Object.fromEntries(inForce) }
}

export function createTopicsRequest(topics: readonly NewTopic[]): WireRequest<readonly TopicOutcome[]> {
  const body = Buffer.concat([array(topics, newTopic), int32(brokerTimeoutMs), boolean(false)]) // false: not only to validate
  return requestOf({ apiKey: 19, version: 4, apiName: 'CreateTopics' }, body, (reader) =>
    reader.array(() => ({ name: reader.string() ?? '', errorCode: reader.int16(), message: reader.string() })),
  )
}

function newTopic({ name, partitions, replicas, config }: NewTopic): Buffer {
  const brokersChoose = int32(0)
  const entries = array(Object.entries(config), ([entry, value]) => Buffer.concat([string(entry), string(value)]))
  return Buffer.concat([string(name), int32(partitions), int16(replicas ?? -1), brokersChoose, entries])
}

export function createPartitionsRequest(
  topics: readonly { readonly name: string; readonly partitions: number }[],
): WireRequest<readonly TopicOutcome[]> {
  const brokersChoose = int32(-1)
  const growth = array(topics, ({ name, partitions }) => Buffer.concat([string(name), int32(partitions), brokersChoose]))
  const body = Buffer.concat([growth, int32(brokerTimeoutMs), boolean(false)]) // false: not only to validate
  return requestOf({ apiKey: 37, version: 1, apiName: 'CreatePartitions' }, body, (reader) =>
    reader.array(() => ({ name: reader.string() ?? '', errorCode: reader.int16(), message: reader.string() })),
  )
}

export function alterConfigsRequest(topics: readonly ConfigChange[]): WireRequest<readonly TopicOutcome[]> {
  const change = ([entry, value]: readonly [string, string | null]): Buffer =>
    Buffer.concat([string(entry), int8(value === null ? operations.delete : operations.set), string(value)])
  const resources = array(topics, ({ name, changes }) =>
    Buffer.concat([int8(topicResource), string(name), array(Object.entries(changes), change)]),
  )
  const body = Buffer.concat([resources, boolean(false)]) // false: not only to validate
  return requestOf({ apiKey: 44, version: 0, apiName: 'IncrementalAlterConfigs' }, body, (reader) => {
    return reader.array(() => {
      const [errorCode, message] = [reader.int16(), reader.string()]
      reader.skip(1) // resource type
      return { name: reader.string() ?? '', errorCode, message }
    })
  })
}

export function deleteTopicsRequest(names: readonly string[]): WireRequest<readonly TopicOutcome[]> {
  const body = Buffer.concat([array(names, string), int32(brokerTimeoutMs)])
  return requestOf({ apiKey: 20, version: 3, apiName: 'DeleteTopics' }, body, (reader) =>
    reader.array(() => ({ name: reader.string() ?? '', errorCode: reader.int16(), message: null })),
  )
}

type Head = Pick<WireRequest<unknown>, 'apiKey' | 'version' | 'apiName'>

function requestOf<T>(head: Head, body: Buffer, decode: (reader: WireReader) => T): WireRequest<T> {
  return { ...head, body, ...decodesThrottled(false, decode) }
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
