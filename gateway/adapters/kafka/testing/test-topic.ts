import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import type { Admin, Kafka, Producer, ProducerRecord } from 'kafkajs'
import type { KafkaBroker } from '../../../../testing/kafka/kafka-broker.ts'
import { useStarted } from '../../../../testing/use.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics, type RecordingMetrics } from '../../../testing/recording-metrics.ts'
import { createRecordingSink } from '../../../testing/recording-sink.ts'
import type { TestRecord } from '../../../testing/record-source-contract.ts'
import type { RecordSource } from '../../../replay/record-source.ts'
import { registerCodecs } from '../records/codecs.ts'
import type { DeadLetterOptions } from '../dead-letters/dead-letter-run.ts'
import type { KafkaEventPublisherOptions } from '../publish/kafka-event-publisher.ts'
import { createKafkaRecordSource } from '../consume/kafka-record-source.ts'
import type { KafkaRecordSourceOptions } from '../consume/topic-reader.ts'

export type KafkaTestOptions = KafkaRecordSourceOptions & KafkaEventPublisherOptions & DeadLetterOptions

/** All the options that the adapters read, for a broker without authentication. */
export function kafkaOptions(given: Partial<KafkaTestOptions> & Pick<KafkaTestOptions, 'kafkaBrokers'>): KafkaTestOptions {
  return {
    isDevelopment: false,
    kafkaTopic: 'platform.chrome',
    kafkaTopicPartitions: 3,
    kafkaTopicEpoch: '',
    kafkaCreateTopic: 'auto',
    kafkaClientId: 'carillon',
    kafkaTls: false,
    kafkaTlsCaFile: '',
    kafkaTlsCertFile: '',
    kafkaTlsKeyFile: '',
    kafkaSaslMechanism: 'none',
    kafkaSaslUsername: '',
    kafkaSaslUsernameFile: '',
    kafkaSaslPassword: '',
    kafkaSaslPasswordFile: '',
    kafkaSaslTokenFile: '',
    kafkaClientRack: '',
    kafkaFetchWaitMs: 100,
    kafkaStallTimeoutMs: 15_000,
    kafkaDlqTopic: '',
    kafkaDlqRatePerS: 100,
    replayWindowMs: 300_000,
    ...given,
  }
}

/** A producer, an administrator, and a reader of topics: the foreign clients of a test. */
export interface TestClient {
  readonly kafka: Kafka
  readonly admin: Admin
  createTopic(partitions?: number, config?: Readonly<Record<string, string>>, name?: string): Promise<string>
  append(topic: string, records: readonly TestRecord[], compression?: number): Promise<void>
  /** Writes to the partition in a transaction, and aborts it. */
  appendAborted(topic: string, partition: number, values: readonly string[]): Promise<void>
  /** Drops the records below the offset. */
  trim(topic: string, partition: number, offset: number): Promise<void>
  /** Returns all records of the topic, as a reader of committed records sees them. */
  readAll(topic: string): Promise<readonly LogRecord[]>
  close(): Promise<void>
}

/** Connects a client before the tests of a file, and closes it after them. */
export const useTestClient = (broker: KafkaBroker): TestClient =>
  useStarted(
    'Kafka client',
    () => connectTestClient(broker.brokers),
    (client) => client.close(),
  )

export async function connectTestClient(brokers: readonly string[]): Promise<TestClient> {
  registerCodecs()
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'test',
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 12, initialRetryTime: 100, maxRetryTime: 1_000 },
  })
  const admin = kafka.admin()
  let producer: Producer | null = null
  await admin.connect()

  // kafkajs's producer does not always survive its broker: after a failure a test goes on with another.
  async function send(record: ProducerRecord): Promise<void> {
    const used =
      producer ??
      kafka.producer({
        createPartitioner:
          () =>
          ({ message }) =>
            message.partition ?? 0,
        allowAutoTopicCreation: false,
        metadataMaxAge: 500,
        retry: { retries: 2, initialRetryTime: 50 },
      })
    try {
      if (producer === null) await used.connect()
      producer = used
      await used.send(record)
    } catch (cause) {
      producer = null
      void used.disconnect().catch(() => undefined) // it is broken already
      throw cause
    }
  }

  const toMessage = ({ partition, key, value, headers, timestampMs }: TestRecord) => ({
    partition,
    key: key ?? null,
    value,
    headers: { ...headers },
    ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
  })

  return {
    kafka,
    admin,
    async createTopic(partitions = 3, config = {}, name = `topic-${randomUUID()}`) {
      const configEntries = Object.entries(config).map(([entry, value]) => ({ name: entry, value }))
      // A topic of this name may still be in deletion.
      await retry(() => admin.createTopics({ topics: [{ topic: name, numPartitions: partitions, configEntries }], waitForLeaders: true }), {
        timeout: 10_000,
        interval: 50,
      })
      // kafkajs does not wait for leaders when it had to ask twice, because the first request had made the topic.
      await retry(() => checkLeaders(admin, name, partitions), { timeout: 10_000, interval: 20 })
      return name
    },
    async append(topic, records, compression = 0) {
      await retry(() => send({ topic, messages: records.map(toMessage), acks: -1, compression }), { timeout: 30_000, interval: 100 })
    },
    async appendAborted(topic, partition, values) {
      const writer = kafka.producer({ transactionalId: randomUUID(), idempotent: true, createPartitioner: () => () => partition })
      await writer.connect()
      const transaction = await writer.transaction()
      await transaction.send({ topic, messages: values.map((value) => ({ key: value, value })) })
      await transaction.abort()
      await writer.disconnect()
    },
    async trim(topic, partition, offset) {
      await admin.fetchTopicMetadata({ topics: [topic] }) // without, kafkajs does not know the leaders of a new topic
      await retry(() => admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] }), {
        timeout: 10_000,
        interval: 100,
      })
    },
    async readAll(topic) {
      const { source } = createTestSource(kafkaOptions({ kafkaBrokers: brokers, kafkaTopic: topic, kafkaFetchWaitMs: 10 }))
      const sink = createRecordingSink()
      await source.start(sink, { sinceMs: 0 })
      const ends = sink.starts[0]?.endOffsets ?? []
      await retry(
        () => {
          const isAtEnd = ends.every(
            (end, partition) =>
              Math.max(
                0,
                ...sink.offsets(partition).map((offset) => offset + 1),
                ...sink.skips.filter((skip) => skip.partition === partition).map((skip) => skip.nextOffset),
              ) >= end,
          )
          if (!isAtEnd) throw new Error('not at the end yet')
        },
        { timeout: 20_000, interval: 10 },
      )
      await source.stop()
      return sink.received
    },
    async close() {
      await Promise.all([admin.disconnect(), producer?.disconnect()])
    },
  }
}

/** @throws Error while a partition of the topic has no leader */
async function checkLeaders(admin: Admin, topic: string, partitions: number): Promise<void> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  const led = topics[0]?.partitions.filter(({ leader }) => leader >= 0) ?? []
  if (led.length < partitions) throw new Error(`${led.length} of ${partitions} partitions of ${topic} have a leader`)
}

export interface TestSource {
  readonly source: RecordSource
  readonly metrics: RecordingMetrics
  readonly log: ReturnType<typeof createRecordingLogger>
}

export function createTestSource(options: KafkaTestOptions): TestSource {
  const metrics = createRecordingMetrics()
  const log = createRecordingLogger()
  return {
    source: createKafkaRecordSource(options, {
      logger: log.logger,
      metrics: metrics.metrics,
      clock: { now: Date.now },
      inspectEveryMs: 300,
    }),
    metrics,
    log,
  }
}

/** Retries until it works. Not vi.waitFor, because scripts use this, too. */
async function retry<T>(attempt: () => T | Promise<T>, options: { readonly timeout: number; readonly interval: number }): Promise<T> {
  const deadline = performance.now() + options.timeout
  for (;;) {
    try {
      return await attempt()
    } catch (cause) {
      if (performance.now() > deadline) throw cause
      await delay(options.interval)
    }
  }
}
