import type { Kafka } from 'kafkajs'
import { dlqTopicOf } from '../../../config/dead-letter-topic.ts'
import type { Config } from '../../../config/options.ts'
import type { DecodeFailure } from '../../../event/decoded-record.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import { createKafkaClient, type KafkaClientOptions } from '../client.ts'
import { createsTopics, ensureTopics } from '../ensure-topic.ts'
import { createBackOffWait } from '../../../../program/back-off.ts'
import { unlessAborted } from '../../../../program/waiting.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery, type Discovery } from '../wire/discovery.ts'
import { TokenBucket } from '../../../emit/token-bucket.ts'
import { startDeadLetterRun, type RunParts } from './dead-letter-run.ts'
import { createDescribeTrouble, groupIdOf } from './describe-trouble.ts'
import { createHealth, MissingTopicError } from './health.ts'

export type DeadLetterOptions = KafkaClientOptions &
  Pick<
    Config,
    | 'kafkaTopic'
    | 'kafkaDlqTopic'
    | 'kafkaDlqRatePerS'
    | 'kafkaTopicPartitions'
    | 'kafkaCreateTopic'
    | 'kafkaClientRack'
    | 'kafkaFetchWaitMs'
    | 'kafkaStallTimeoutMs'
    | 'replayWindowMs'
    | 'isDevelopment'
  >

export interface DeadLetterParts {
  /** Why this record is no event that can be delivered, or null. Pure; never puts the record's content into the detail. */
  readonly judge: (record: LogRecord) => DecodeFailure | null
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'dlqRecords' | 'dlqSkipped' | 'dlqSummarised' | 'dlqLag' | 'dlqHealthy'>
  readonly clock: { now(): number }
  /** How long records beyond the rate are counted before their summary is written. @default 10_000 */
  readonly summaryEveryMs?: number
}

export interface DeadLetterWorker {
  /** Begins in the background; whatever fails is tried again, and never hurts the gateway. */
  start(): void
  /** Idempotent. */
  stop(): Promise<void>
}

const firstWaitMs = 500
const maxWaitMs = 5_000
/** What is asked takes milliseconds. A broker that hangs holds one partition for this time, and is asked again. (Joining a group has a time of its own.) */
const requestTimeoutMs = 8_000

/**
 * Copies each record that cannot be decoded to the dead letter topic, once for all pods. The workers share one consumer group, so that a
 * partition is one worker's. What is exact is not the group but the transaction: copies and progress of a partition are written together, by
 * a producer that fences all others of the partition (kafka-transactions.ts). Readers of committed records see each poison record once,
 * whatever crashes, and whoever believes to own the partition.
 *
 * A group that has committed nothing yet begins where pods begin to read: `replayWindowMs` ago. What no gateway has ever read is not its
 * business, and an old topic of other use is not copied as a whole.
 */
export function createDeadLetterWorker(options: DeadLetterOptions, parts: DeadLetterParts): DeadLetterWorker {
  const stopping = new AbortController()
  let running: Promise<void> | null = null
  return {
    start() {
      if (!stopping.signal.aborted) running ??= keepRunning(options, parts, stopping.signal)
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** A run ends when its member of the group does; the next one begins soon, because nobody else may be there to do the work. */
async function keepRunning(options: DeadLetterOptions, parts: DeadLetterParts, stopped: AbortSignal): Promise<void> {
  const { logger, metrics } = parts
  const connect = createBrokerConnector(options, logger)
  const discovery = createDiscovery({ brokers: options.kafkaBrokers.map(parseBroker), connect })
  const kafka = createKafkaClient(options, logger, { requestTimeoutMs })
  const dlqTopic = dlqTopicOf(options)
  const backOff = createBackOffWait({ firstMs: firstWaitMs, maxMs: maxWaitMs })
  const describe = createDescribeTrouble({ dlqTopic, groupId: groupIdOf(options) })
  const health = createHealth({ topic: dlqTopic, logger, metrics, clock: parts.clock, describe })
  const mayCopy = createRate(options.kafkaDlqRatePerS, parts.clock)
  while (!stopped.aborted) {
    try {
      await runOnce({ options, parts, kafka, dlqTopic, describe, connect, discovery, health, mayCopy }, stopped)
    } catch (cause) {
      if (!stopped.aborted) health.broken(cause)
    }
    await backOff.wait(stopped)
  }
  discovery.close()
}

/** How many seconds of copies may be made at once, after a time with fewer. */
const burstSeconds = 10

function createRate(ratePerS: number, clock: { now(): number }): () => boolean {
  const bucket = new TokenBucket({ ratePerS, burst: ratePerS * burstSeconds, now: clock.now() })
  return () => bucket.take(1, clock.now()) === 0
}

async function runOnce(parts: RunParts, stopped: AbortSignal): Promise<void> {
  await prepareTopic(parts.kafka, parts.options, parts.discovery)
  if (stopped.aborted) return
  const run = startDeadLetterRun(parts)
  try {
    await unlessAborted(run.broken, stopped)
  } finally {
    await run.end({ isGraceful: stopped.aborted })
  }
}

async function prepareTopic(kafka: Kafka, options: DeadLetterOptions, discovery: Discovery): Promise<void> {
  const dlqTopic = dlqTopicOf(options)
  if ((await discovery.describe(dlqTopic)).topic !== null) return
  if (!createsTopics(options))
    throw new MissingTopicError(
      `the dead letter topic ${dlqTopic} does not exist: create it, name another one with KAFKA_DLQ_TOPIC, or set KAFKA_DLQ=false`,
    )
  await ensureTopics(kafka, [{ topic: dlqTopic, partitions: options.kafkaTopicPartitions }])
}
