import type { Kafka } from 'kafkajs'
import type { PartitionOffsets } from '../../../replay/record-source.ts'
import { createCluster, type Broker, type Cluster, type TopicOffsetsRequest } from './kafkajs-internals.ts'
import { metadataVersion, topicMetadataRequest, type ClusterMetadata } from './topic-metadata.ts'

/** Looks at a topic from outside: what it is, and where its partitions begin and end. Every method rejects with kafkajs's error when the brokers do not answer. */
export interface TopicInspector {
  /** null when there is no such topic. */
  describe(): Promise<TopicDescription | null>
  /** Per partition, the first offset that is still there. */
  startOffsets(partitions: number): Promise<PartitionOffsets>
  /** Per partition, the end for readers of committed records: an open transaction holds it back. */
  endOffsets(partitions: number): Promise<PartitionOffsets>
  /** Per partition, the first record that is not older than `timestampMs`, or -1 when there is none. */
  offsetsAt(partitions: number, timestampMs: number): Promise<PartitionOffsets>
  /** Idempotent; the next call of another method connects again. */
  close(): Promise<void>
}

export interface TopicDescription {
  /** A UUID that no other topic has or had; null when the brokers are older than Kafka 2.8 and tell none. */
  readonly topicId: string | null
  readonly partitions: number
}

const errorCodes = { none: 0, unknownTopic: 3, leaderNotAvailable: 5, topicAuthorizationFailed: 29 }

export function createTopicInspector(kafka: Kafka, topic: string): TopicInspector {
  let cluster: Cluster | null = null

  async function connected(): Promise<Cluster> {
    cluster ??= createCluster(kafka)
    await cluster.connect()
    return cluster
  }

  async function ask(partitions: number, what: Omit<TopicOffsetsRequest, 'topic' | 'partitions'>): Promise<PartitionOffsets> {
    const connection = await connected()
    // Leaders move; kafkajs's own memory of them is refreshed for consumers only.
    connection.targetTopics.add(topic)
    await connection.refreshMetadata()
    const wanted = Array.from({ length: partitions }, (_, partition) => ({ partition }))
    const [answer] = await connection.fetchTopicsOffset([{ topic, partitions: wanted, ...what }])
    const offsets = new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    return wanted.map(({ partition }) => offsets.get(partition) ?? -1)
  }

  return {
    async describe() {
      const broker = await (await connected()).brokerPool.findConnectedBroker()
      const version = metadataVersion(broker)
      if (version === null) return describeByKafkajs(await connected(), topic)
      return describeByMetadata(broker, topic, version)
    },
    startOffsets: (partitions) => ask(partitions, { fromBeginning: true }),
    endOffsets: (partitions) => ask(partitions, { fromBeginning: false }),
    offsetsAt: (partitions, timestampMs) => ask(partitions, { fromTimestamp: timestampMs }),
    async close() {
      const closing = cluster
      cluster = null
      await closing?.disconnect()
    },
  }
}

async function describeByMetadata(broker: Broker, topic: string, version: number): Promise<TopicDescription | null> {
  const { topics } = (await broker.connectionPool.send(topicMetadataRequest([topic], version))) as ClusterMetadata // what its decoder returns
  const [metadata] = topics
  if (metadata === undefined) throw new RangeError('the broker answered nothing about the topic')
  if (metadata.errorCode === errorCodes.unknownTopic) return null
  if (metadata.errorCode === errorCodes.topicAuthorizationFailed) throw new TopicAuthorizationError(topic)
  if (metadata.errorCode !== errorCodes.none && metadata.errorCode !== errorCodes.leaderNotAvailable) {
    throw new Error(`the broker cannot describe the topic ${topic} (error code ${metadata.errorCode})`)
  }
  return { topicId: metadata.topicId, partitions: metadata.partitions }
}

async function describeByKafkajs(cluster: Cluster, topic: string): Promise<TopicDescription | null> {
  cluster.targetTopics.add(topic)
  await cluster.refreshMetadata()
  const partitions = cluster.findTopicPartitionMetadata(topic).length
  return partitions === 0 ? null : { topicId: null, partitions }
}

class TopicAuthorizationError extends Error {
  readonly type = 'TOPIC_AUTHORIZATION_FAILED'
  constructor(topic: string) {
    super(`not authorized to describe the topic ${topic}: grant this user DESCRIBE and READ on it`)
  }
}
