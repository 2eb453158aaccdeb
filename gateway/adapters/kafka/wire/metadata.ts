import { BrokerError, errorOfCode } from '../kafka-error.ts'
import type { BrokerAddress } from './broker-address.ts'
import { decodesThrottled, negotiate, type Api, type VersionedBroker, type WireRequest } from './wire-request.ts'
import type { WireReader } from './wire-reader.ts'
import { WireWriter } from './wire-writer.ts'

/** Kafka 1.0 supports 4. Version 7 has leader epochs (2.1), 9 is the first flexible version (2.4), 10 the first with topic ids (2.8). */
const api: Api = { key: 3, name: 'Metadata', min: 4, max: 12 }
const [firstWithOffline, firstWithEpochs, firstWithOperations, firstFlexible, firstWithIds, firstWithoutClusterOperations] = [
  5, 7, 8, 9, 10, 11,
]
const errorCodes = { none: 0, unknownTopic: 3, leaderNotAvailable: 5 }
const noTopicId = '00000000-0000-0000-0000-000000000000'

export interface ClusterView {
  readonly clusterId: string | null
  readonly brokers: ReadonlyMap<number, ListedBroker>
  /** Null: there is no such topic. */
  readonly topic: TopicView | null
}

export interface ListedBroker extends BrokerAddress {
  readonly rack: string | null
}

export interface TopicView {
  /** Null: brokers older than 2.8 report none. */
  readonly topicId: string | null
  /** The index is the partition's number. */
  readonly partitions: readonly PartitionView[]
}

export interface PartitionView {
  /** A broker's id; -1: none. */
  readonly leader: number
  /** -1: unknown. */
  readonly leaderEpoch: number
  readonly errorCode: number
}

/** A broker's description of a cluster and of the requested topics. */
export interface ClusterMetadata {
  readonly clusterId: string | null
  readonly brokers: ReadonlyMap<number, ListedBroker>
  /** One for each topic of the request, in any order. */
  readonly topics: readonly TopicMetadata[]
}

export interface TopicMetadata extends TopicView {
  readonly name: string
  /** 0, or one of the broker's error codes. */
  readonly errorCode: number
  /** True for topics that Kafka made for itself. */
  readonly isInternal: boolean
  /** Replicas of the partition that has the fewest. A partition that is being moved has more for a while. 0 without partitions. */
  readonly replicas: number
}

/** Asks for topics, and creates none. */
export function metadataRequest(broker: VersionedBroker, topics: readonly string[]): WireRequest<ClusterMetadata> {
  const version = negotiate(broker, api)
  return {
    apiKey: api.key,
    apiName: api.name,
    version,
    body: encode(topics, version),
    ...decodesThrottled(version >= firstFlexible, (reader) => decode(reader, version, topics.length)),
  }
}

/**
 * Picks one topic out of a response.
 * @throws BrokerError when the broker does not describe it
 */
export function clusterViewOf({ clusterId, brokers, topics }: ClusterMetadata, topic: string): ClusterView {
  const found = topics.find(({ name }) => name === topic)
  if (found === undefined)
    throw new BrokerError('connection', '', `Kafka was asked for the topic ${topic}, and its response does not mention it`)
  if (found.errorCode === errorCodes.unknownTopic) return { clusterId, brokers, topic: null }
  // A topic that was created a moment ago has no leaders yet: its partitions report that.
  const isDescribed =
    found.errorCode === errorCodes.none || (found.errorCode === errorCodes.leaderNotAvailable && found.partitions.length > 0)
  if (!isDescribed) throw errorOfCode(found.errorCode, `describe the topic ${topic}`)
  return { clusterId, brokers, topic: { topicId: found.topicId, partitions: found.partitions } }
}

function encode(topics: readonly string[], version: number): Buffer {
  const writer = new WireWriter({ isFlexible: version >= firstFlexible })
  writer.array(topics, (topic) => {
    if (version >= firstWithIds) writer.uuid(null)
    writer.string(topic).tags()
  })
  writer.boolean(false) // creates none
  if (version >= firstWithOperations && version < firstWithoutClusterOperations) writer.boolean(false)
  if (version >= firstWithOperations) writer.boolean(false)
  return writer.tags().done()
}

/** @throws RangeError when the response lists more topics than the request: a topic costs 5 bytes there, and hundreds here */
function decode(reader: WireReader, version: number, asked: number): ClusterMetadata {
  const brokers = reader.array(() => {
    const [id, host, port, rack] = [reader.int32(), reader.string() ?? '', reader.int32(), reader.string()]
    reader.tags()
    return [id, { host, port, rack }] as const
  }, 10)
  const clusterId = reader.string()
  reader.skip(4) // controller
  let listed = 0
  const topics = reader.array(() => {
    listed += 1
    if (listed > asked) throw new RangeError(`the response lists more topics than the ${asked} that were asked for`)
    return decodeTopic(reader, version)
  }, 5)
  if (version >= firstWithOperations && version < firstWithoutClusterOperations) reader.skip(4)
  reader.tags()
  return { clusterId, brokers: new Map(brokers), topics }
}

function decodeTopic(reader: WireReader, version: number): TopicMetadata {
  const [errorCode, name] = [reader.int16(), reader.string() ?? '']
  const topicId = version >= firstWithIds ? reader.uuid() : noTopicId
  const isInternal = reader.int8() !== 0
  const partitions = reader.array(() => decodePartition(reader, version), 13)
  if (version >= firstWithOperations) reader.skip(4)
  reader.tags()
  const replicas = partitions.reduce(
    (least, partition) => Math.min(least, partition.replicas),
    partitions.length === 0 ? 0 : Number.POSITIVE_INFINITY,
  )
  return { name, errorCode, isInternal, topicId: topicId === noTopicId ? null : topicId, partitions: inOrder(partitions), replicas }
}

interface NumberedPartition extends PartitionView {
  readonly partition: number
  readonly replicas: number
}

function decodePartition(reader: WireReader, version: number): NumberedPartition {
  const [errorCode, partition, leader] = [reader.int16(), reader.int32(), reader.int32()]
  const leaderEpoch = version >= firstWithEpochs ? reader.int32() : -1
  const replicas = reader.skipArray(4)
  reader.skipArray(4) // in sync
  if (version >= firstWithOffline) reader.skipArray(4)
  reader.tags()
  return { partition, leader, leaderEpoch, errorCode, replicas }
}

/**
 * Sorts partitions, which brokers list in any order.
 * @throws RangeError when one is missing, or is there twice
 */
function inOrder(partitions: readonly NumberedPartition[]): readonly PartitionView[] {
  const sorted = partitions.toSorted((a, b) => a.partition - b.partition)
  return sorted.map(({ partition, leader, leaderEpoch, errorCode }, index) => {
    if (partition !== index) throw new RangeError(`the response lists ${partitions.length} partitions, and not number ${index}`)
    return { leader, leaderEpoch, errorCode }
  })
}
