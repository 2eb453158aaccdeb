import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { Config } from '../../../config/options.ts'
import type { DecodeFailure } from '../../../event/decoded-record.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import type { Logger } from '../../../observability/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import { createKafkaClient, type KafkaClientOptions } from '../client.ts'
import { startConsumerLife, type ConsumerLife } from '../consume/consumer-life.ts'
import { createDeadLetterCopier, type DeadLetterCopier, type DeadLetter } from './dead-letter-copier.ts'
import { createsTopics, ensureTopics } from '../ensure-topic.ts'
import type { FetchedBatch } from '../consume/fetched-partition.ts'
import { describeKafkaError } from '../kafka-error.ts'
import { createBackoff, pause, within } from '../patience.ts'
import { createTopicInspector } from '../wire/topic-inspector.ts'

export type DeadLetterOptions = KafkaClientOptions &
  Pick<Config, 'kafkaTopic' | 'kafkaDlqTopic' | 'kafkaTopicPartitions' | 'kafkaCreateTopic' | 'kafkaFetchWaitMs' | 'replayWindowMs' | 'isDevelopment'>

export interface DeadLetterParts {
  /** Why this record is no event that can be delivered, or null. Pure; never puts the record's content into the detail. */
  readonly judge: (record: LogRecord) => DecodeFailure | null
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'dlqRecords'>
  readonly clock: { now(): number }
}

export interface DeadLetterWorker {
  /** Begins in the background; whatever fails is tried again, and never hurts the gateway. */
  start(): void
  /** Idempotent. */
  stop(): Promise<void>
}

const commitEveryMs = 2_000
const closeTimeoutMs = 3_000

/**
 * Copies each record that cannot be decoded to the dead letter topic, once for all pods: the workers share one consumer group, so a
 * partition is one worker's. Copies and the group's progress are written in one transaction per batch (docs/kafka.md): readers of committed
 * records see each poison record once, whatever crashes.
 *
 * A group that has committed nothing yet begins where pods begin to read: `replayWindowMs` ago. What no gateway has ever read is not its
 * business, and an old topic of other use is not copied as a whole.
 */
export function createDeadLetterWorker(options: DeadLetterOptions, parts: DeadLetterParts): DeadLetterWorker {
  const kafka = createKafkaClient(options, parts.logger)
  const stopping = new AbortController()
  let running: Promise<void> | null = null
  return {
    start() {
      if (!stopping.signal.aborted) running ??= keepRunning(kafka, options, parts, stopping.signal)
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

export const dlqTopicOf = (options: Pick<Config, 'kafkaTopic' | 'kafkaDlqTopic'>): string => (options.kafkaDlqTopic === '' ? `${options.kafkaTopic}.dlq` : options.kafkaDlqTopic)

async function keepRunning(kafka: Kafka, options: DeadLetterOptions, parts: DeadLetterParts, stopped: AbortSignal): Promise<void> {
  const backoff = createBackoff({ firstMs: 1_000, maxMs: 60_000 })
  let told = ''
  while (!stopped.aborted) {
    try {
      await runOnce(kafka, options, parts, { stopped, succeeded: backoff.reset })
    } catch (cause) {
      const { detail } = describeKafkaError(cause)
      if (detail !== told) parts.logger.warn({ topic: dlqTopicOf(options), detail }, 'records that cannot be decoded are not copied; trying again')
      told = detail
    }
    await backoff.wait(stopped)
  }
}

interface Run {
  readonly stopped: AbortSignal
  /** Something was read: what fails next is another trouble. */
  succeeded(): void
}

/**
 * Nobody waits for a dead letter, and what is judged is all of the topic a second time: fetched bit by bit, as for delivery, that made 500 records a second
 * cost a pod without others a fifth more.
 */
const leastFetchBytes = 262_144
const patienceMs = 500

/** One consumer's life. @throws when it ends otherwise than by `stopped` */
async function runOnce(kafka: Kafka, options: DeadLetterOptions, parts: DeadLetterParts, run: Run): Promise<void> {
  const topics = await prepareTopics(kafka, options)
  const groupId = `${options.kafkaClientId}.${options.kafkaTopic}.dlq`
  const copier = createDeadLetterCopier({ kafka, groupId, topic: options.kafkaTopic, ...topics })
  const progress = new Map<number, number>()
  let starts = startOffsets(kafka, options, { groupId, sinceMs: parts.clock.now() - options.replayWindowMs })
  starts.catch(() => undefined) // told to whoever awaits it
  const life: ConsumerLife = startConsumerLife(
    { kafka, topic: options.kafkaTopic, groupId, fetchWaitMs: Math.max(options.kafkaFetchWaitMs, patienceMs), leastFetchBytes },
    {
      offsetsToSeek() {
        // Given partitions anew: others may have had them since, and copied and committed what is noted here.
        progress.clear()
        void copier.forget()
        starts = startOffsets(kafka, options, { groupId, sinceMs: parts.clock.now() - options.replayWindowMs })
        starts.catch(() => undefined)
        return new Map()
      },
      fetched: run.succeeded,
      async batch(batch, interrupted) {
        const start = progress.get(batch.partition) ?? (await starts)[batch.partition] ?? 0
        if (batch.fetchOffset < start) {
          progress.set(batch.partition, start)
          return life.seek(batch.partition, start)
        }
        await copyBatch(batch, copier, parts, AbortSignal.any([interrupted, run.stopped]))
        progress.set(batch.partition, batch.fetched.nextOffset)
      },
    },
  )
  await commitUntilBroken(life, progress, run.stopped).finally(async () => {
    await life.end()
    await copier.forget()
  })
}

async function prepareTopics(kafka: Kafka, options: DeadLetterOptions): Promise<{ readonly dlqTopic: string; readonly dlqPartitions: number }> {
  const dlqTopic = dlqTopicOf(options)
  const inspector = createTopicInspector(kafka, dlqTopic)
  try {
    const found = await inspector.describe()
    if (found !== null) return { dlqTopic, dlqPartitions: found.partitions }
    if (!createsTopics(options)) throw new Error(`the dead letter topic ${dlqTopic} does not exist: create it, name another one with KAFKA_DLQ_TOPIC, or set KAFKA_DLQ=false`)
    await ensureTopics(kafka, [{ topic: dlqTopic, partitions: options.kafkaTopicPartitions }])
    return { dlqTopic, dlqPartitions: options.kafkaTopicPartitions }
  } finally {
    void inspector.close().catch(() => undefined) // nothing depends on the goodbye
  }
}

/** Per partition, where the group begins at least: 0 where it has committed something, else where pods begin to read. */
async function startOffsets(kafka: Kafka, options: DeadLetterOptions, { groupId, sinceMs }: { readonly groupId: string; readonly sinceMs: number }): Promise<readonly number[]> {
  const admin = kafka.admin()
  const inspector = createTopicInspector(kafka, options.kafkaTopic)
  try {
    await admin.connect()
    const [committed] = await admin.fetchOffsets({ groupId, topics: [options.kafkaTopic] })
    const partitions = committed?.partitions ?? []
    const ends = await inspector.endOffsets(partitions.length)
    const since = await inspector.offsetsAt(partitions.length, sinceMs)
    const begins = ends.map((end, partition) => (since[partition] === -1 ? end : (since[partition] ?? 0)))
    for (const { partition, offset } of partitions) if (Number(offset) >= 0) begins[partition] = 0
    return begins
  } finally {
    void inspector.close().catch(() => undefined) // nothing depends on the goodbye
    void admin.disconnect().catch(() => undefined)
  }
}

/** To judge one takes some 25 us, in which nothing is delivered. */
const recordsPerTurn = 50

async function copyBatch({ fetched, fetchOffset }: FetchedBatch, copier: DeadLetterCopier, parts: DeadLetterParts, interrupted: AbortSignal): Promise<void> {
  const letters: DeadLetter[] = []
  for (const [index, record] of fetched.records.entries()) {
    if (index > 0 && index % recordsPerTurn === 0) await nextTurn()
    const failure = record.offset < fetchOffset ? null : parts.judge(record)
    if (failure !== null) letters.push({ record, failure })
  }
  const backoff = createBackoff({ firstMs: 500, maxMs: 30_000 })
  let left: readonly DeadLetter[] = letters
  while (left.length > 0) {
    // Thrown: kafkajs then does not count the batch as read, and brings it again.
    interrupted.throwIfAborted()
    try {
      const { copied, rest } = await copier.copy(left)
      parts.metrics.dlqRecords.add(copied)
      left = rest
    } catch (cause) {
      parts.logger.warn({ detail: describeKafkaError(cause).detail, records: left.length }, 'copying to the dead letter topic failed; trying again')
      await backoff.wait(interrupted)
    }
  }
}

/** Commits now and then what was read without a copy; copies commit for themselves. */
async function commitUntilBroken(life: ConsumerLife, progress: ReadonlyMap<number, number>, stopped: AbortSignal): Promise<void> {
  const breaking = new AbortController()
  void life.broken.then((detail) => breaking.abort(new Error(detail)))
  const interrupted = AbortSignal.any([stopped, breaking.signal])
  let committed = new Map<number, number>()
  const commit = async (): Promise<void> => {
    const moved = new Map([...progress].filter(([partition, offset]) => committed.get(partition) !== offset))
    if (moved.size > 0) await life.commit(moved)
    committed = new Map(progress)
  }
  while (!stopped.aborted) {
    await pause(commitEveryMs, interrupted)
    breaking.signal.throwIfAborted()
    // A rebalance makes a commit fail; whoever has the partition now begins a little earlier, finds no poison twice, and commits.
    await within(commit(), closeTimeoutMs, 'committing').catch(() => undefined)
  }
}
