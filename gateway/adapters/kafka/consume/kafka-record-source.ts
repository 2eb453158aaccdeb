import type { Config } from '../../../config/options.ts'
import type { Logger } from '../../../observability/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import type { RecordSource } from '../../../replay/record-source.ts'
import { createKafkaClient, type KafkaClientOptions } from '../client.ts'
import { startConsumerLife } from './consumer-life.ts'
import { createsTopics, ensureTopics } from '../ensure-topic.ts'
import { createTopicInspector } from '../wire/topic-inspector.ts'
import { TopicReader } from './topic-reader.ts'

export type KafkaRecordSourceOptions = KafkaClientOptions &
  Pick<Config, 'channel' | 'kafkaTopic' | 'kafkaTopicPartitions' | 'kafkaTopicEpoch' | 'kafkaCreateTopic' | 'kafkaFetchWaitMs' | 'kafkaStallTimeoutMs' | 'isDevelopment'>

export interface KafkaRecordSourceDependencies {
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'sourceRebuilds'>
  readonly clock: { now(): number }
  /** How often the topic is looked at from outside. @default 2_000 */
  readonly inspectEveryMs?: number
}

/**
 * Reads a Kafka topic (DESIGN section 3): all partitions, in a consumer group of its own that commits nothing. Where each partition goes
 * on is remembered here, not in Kafka: a consumer that crashed, stalled, or lost its broker is replaced by another that begins at exactly
 * that offset.
 *
 * `start` rejects when the topic is missing and may not be created, and when the brokers refuse the credentials or the access; while they
 * do not answer, it waits.
 */
export function createKafkaRecordSource(options: KafkaRecordSourceOptions, dependencies: KafkaRecordSourceDependencies): RecordSource {
  const kafka = createKafkaClient(options, dependencies.logger)
  const topic = options.kafkaTopic
  let reader: TopicReader | null = null
  let stopped = false

  async function createTopic(): Promise<void> {
    const partitions = options.kafkaTopicPartitions
    const created = await ensureTopics(kafka, [{ topic, partitions }])
    if (created.length > 0) dependencies.logger.info({ topic, partitions }, 'created the topic')
  }

  return {
    async start(sink, { sinceMs }) {
      if (reader !== null || stopped) throw new Error('a record source is started once')
      reader = new TopicReader(options, {
        inspectEveryMs: 2_000,
        ...dependencies,
        sink,
        inspector: createTopicInspector(kafka, topic),
        startConsumer: (groupId, handler) => startConsumerLife({ kafka, topic, groupId, fetchWaitMs: options.kafkaFetchWaitMs, leastFetchBytes: 1 }, handler),
        createTopic: createsTopics(options) ? createTopic : null,
      })
      await reader.start(sinceMs)
    },
    async stop() {
      stopped = true
      await reader?.stop()
    },
  }
}
