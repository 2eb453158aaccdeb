import type { Kafka } from 'kafkajs'
import { dlqTopicOf } from '../../../config/dead-letter-topic.ts'
import { createKafkaClient } from '../client.ts'
import { createsTopics, ensureTopics } from '../ensure-topic.ts'
import { createBackOffWait } from '../../../../program/back-off.ts'
import { unlessAborted } from '../../../../program/waiting.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery, type Discovery } from '../wire/discovery.ts'
import { TokenBucket } from '../../../emit/token-bucket.ts'
import { startDeadLetterRun, type DeadLetterOptions, type DeadLetterParts, type RunParts } from './dead-letter-run.ts'
import { createDescribeTrouble, groupIdOf } from './describe-trouble.ts'
import { createHealth, MissingTopicError } from './health.ts'

export interface DeadLetterWorker {
  /** Begins in the background. Every failure is retried, and none affects the gateway. */
  start(): void
  /** Idempotent. */
  stop(): Promise<void>
}

const firstWaitMs = 500
const maxWaitMs = 5_000
/**
 * Requests take milliseconds. A broker that hangs holds one partition for this time, and is asked again. (Joining a group has a time of its
 * own.)
 */
const requestTimeoutMs = 8_000

/**
 * Copies each record that cannot be decoded to the dead letter topic, once for all pods.
 *
 * The workers share one consumer group, so that each partition has one worker. The group is not exact; the transaction is. Copies and
 * progress of a partition are written together, by a producer that fences all others of the partition (kafka-transactions.ts). Readers of
 * committed records see each undecodable record once, under any crash, and also while two workers believe to own the partition.
 *
 * A group without a commit begins where pods begin to read: `replayWindowMs` ago. Records that no gateway has ever read are not copied, nor
 * is an old topic of other use.
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

/**
 * Starts runs. A run ends when its member of the group does. The next one begins soon, because no other pod may be there to do the work.
 */
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

/** Seconds of copies that may be made at once, after a time with fewer. */
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
