import type { Kafka } from 'kafkajs'
import type { PartitionOffsets } from '../../../replay/record-source.ts'
import { createCluster, sendBy, type Cluster, type TopicOffsetsRequest } from './kafkajs-internals.ts'
import { clusterViewOf, metadataRequest } from './metadata.ts'
import { versionedBroker } from './wire-request.ts'

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
      const { connectionPool, versions } = broker
      const request = metadataRequest(versionedBroker(versions, connectionPool), [topic])
      const view = clusterViewOf(await sendBy(connectionPool, request), topic)
      return view.topic === null ? null : { topicId: view.topic.topicId, partitions: view.topic.partitions.length }
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
