import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Consumer, ConsumerConfig, Kafka } from 'kafkajs'
import { fetchedBatch, type FetchedBatch } from './fetched-partition.ts'
import { describeKafkaError } from '../kafka-error.ts'
import { within } from '../patience.ts'

/** One consumer, from its first connection until it breaks or is ended. */
export interface ConsumerLife {
  /** Resolves once, when the consumer can do no more by itself, with the reason; not when `end` was called first. */
  readonly broken: Promise<string>
  /** Reads this partition from `offset` on, as soon as the fetch that is under way has returned. */
  seek(partition: number, offset: number): void
  /** Commits, per partition, the offset to go on from. Rejects when this consumer is no longer the owner of one of them. */
  commit(offsets: ReadonlyMap<number, number>): Promise<void>
  /** Waits for the batches in hand, but not for ever. Must not be awaited by a handler of this consumer. */
  end(): Promise<void>
}

export interface ConsumerLifeOptions {
  readonly kafka: Kafka
  readonly topic: string
  readonly groupId: string
  /** How long the broker holds a fetch for which it has less than `leastFetchBytes`. */
  readonly fetchWaitMs: number
  /** 1: what there is comes at once, with a fetch for nearly every record. More: fewer fetches, for those who are in no hurry. */
  readonly leastFetchBytes: number
}

export interface ConsumerHandler {
  /** The consumer was given partitions, and is about to fetch: where each of them begins. */
  offsetsToSeek(partitions: readonly number[]): ReadonlyMap<number, number>
  /** A fetch came back, with or without records. */
  fetched(): void
  /** @param interrupted aborted when the group rebalances: what takes long should end, and may reject, to be given the same batch later */
  batch(batch: FetchedBatch, interrupted: AbortSignal): Promise<void>
}

/** At most so much is decoded in one turn of the event loop: about 2,000 records of 0.5 KB. */
const maxFetchBytes = 1_048_576
const maxFetchBytesPerPartition = 262_144
const heartbeatMs = 3_000
const endTimeoutMs = 5_000

const consumerConfig: Omit<ConsumerConfig, 'groupId' | 'minBytes'> = {
  sessionTimeout: 30_000,
  heartbeatInterval: heartbeatMs,
  maxBytes: maxFetchBytes,
  maxBytesPerPartition: maxFetchBytesPerPartition,
  // New partitions, and leaders that moved while nothing failed, are seen after this time.
  metadataMaxAge: 5_000,
  allowAutoTopicCreation: false,
  readUncommitted: false,
  // A broker that restarts is back within these attempts (some 6 s); after them the consumer breaks, and its owner makes another.
  retry: { initialRetryTime: 150, maxRetryTime: 2_000, retries: 5, restartOnFailure: async () => false },
}

/**
 * Starts a consumer that commits nothing by itself. It is told where to begin whenever it is given partitions: before its first fetch, and
 * after each rebalance, when kafkajs would begin where the group last committed, or at the beginning when that is nowhere.
 */
export function startConsumerLife(options: ConsumerLifeOptions, handler: ConsumerHandler): ConsumerLife {
  const { kafka, topic, groupId, fetchWaitMs, leastFetchBytes } = options
  const consumer = kafka.consumer({ ...consumerConfig, groupId, minBytes: leastFetchBytes, maxWaitTimeInMs: fetchWaitMs })
  const broken = Promise.withResolvers<string>()
  const seek = (partition: number, offset: number): void => consumer.seek({ topic, partition, offset: String(offset) })

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    for (const [partition, offset] of handler.offsetsToSeek(payload.memberAssignment[topic] ?? [])) seek(partition, offset)
  })
  consumer.on(consumer.events.FETCH, () => handler.fetched())
  consumer.on(consumer.events.CRASH, ({ payload }) => broken.resolve(describeKafkaError(payload.error).detail))

  const running = run(consumer, topic, handler).catch((cause: unknown) => broken.resolve(describeKafkaError(cause).detail))
  return {
    broken: broken.promise,
    seek,
    commit: (offsets) => consumer.commitOffsets([...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) }))),
    end: () => end(consumer, running),
  }
}

async function run(consumer: Consumer, topic: string, handler: ConsumerHandler): Promise<void> {
  await consumer.connect()
  // From the beginning: whatever kafkajs does by itself (an offset out of range, a lost seek) then leads below what was read, never above it.
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 64,
    eachBatch: async ({ batch, heartbeat }) => {
      const fetched = fetchedBatch(batch)
      if (fetched !== null) await keepAlive((interrupted) => handler.batch(fetched, interrupted), heartbeat)
      await nextTurn()
    },
  })
}

/** A member that says nothing for its session's time is expelled: say something while the work goes on. */
async function keepAlive(work: (interrupted: AbortSignal) => Promise<void>, heartbeat: () => Promise<void>): Promise<void> {
  const interruption = new AbortController()
  const timer = setInterval(() => void heartbeat().catch((cause: unknown) => interruption.abort(cause)), heartbeatMs)
  try {
    await work(interruption.signal)
  } finally {
    clearInterval(timer)
  }
  // A rebalance, above all: kafkajs must hear of it.
  if (interruption.signal.aborted) throw interruption.signal.reason
}

async function end(consumer: Consumer, running: Promise<void>): Promise<void> {
  const ended = running.then(() => consumer.disconnect())
  // Both may fail or hang with the brokers gone; then the connections time out by themselves, and nothing of this consumer is listened to.
  await within(ended, endTimeoutMs, 'ending the consumer').catch(() => undefined)
}
