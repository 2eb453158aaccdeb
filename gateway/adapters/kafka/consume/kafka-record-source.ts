import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import type { RecordSource } from '../../../replay/record-source.ts'
import { createKafkaClient } from '../client.ts'
import { createsTopics, ensureTopics } from '../ensure-topic.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery } from '../wire/discovery.ts'
import { TopicReader, type KafkaRecordSourceOptions } from './topic-reader.ts'

export interface KafkaRecordSourceParts {
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'sourceRebuilds' | 'recordsUnreadable'>
  readonly clock: { now(): number }
  /** Option that names the topic, for messages. @default KAFKA_TOPIC */
  readonly setting?: string
  /** True: a topic that the gateway creates keeps the last record of each key. @default false */
  readonly isCompacted?: boolean
  /** Interval at which brokers are asked for the topic's metadata. @default 2_000 */
  readonly inspectEveryMs?: number
}

/**
 * Reads a Kafka topic: all partitions, without a consumer group. The position of each partition is kept in memory and not in Kafka. Each
 * leader is read by a loop of its own (docs/kafka.md, "Reading").
 *
 * `start` rejects when the topic is missing and may not be created, and when the brokers refuse the credentials or the access. While no
 * broker answers, it waits.
 */
export function createKafkaRecordSource(options: KafkaRecordSourceOptions, parts: KafkaRecordSourceParts): RecordSource {
  let reader: TopicReader | null = null
  let isStopped = false

  async function createTopic(): Promise<void> {
    const [topic, partitions] = [options.kafkaTopic, options.kafkaTopicPartitions]
    const created = await ensureTopics(createKafkaClient(options, parts.logger), [
      { topic, partitions, isCompacted: parts.isCompacted ?? false },
    ])
    if (created.length > 0) parts.logger.info({ topic, partitions }, 'topic created')
  }

  return {
    async start(sink, { sinceMs }) {
      if (reader !== null || isStopped) throw new Error('a record source is started once')
      const connect = createBrokerConnector(options, parts.logger)
      reader = new TopicReader(options, {
        inspectEveryMs: 2_000,
        ...parts,
        sink,
        connect,
        discovery: createDiscovery({ brokers: options.kafkaBrokers.map(parseBroker), connect }),
        createTopic: createsTopics(options) ? createTopic : null,
      })
      await reader.start(sinceMs)
    },
    async stop() {
      isStopped = true
      await reader?.stop()
    },
  }
}
