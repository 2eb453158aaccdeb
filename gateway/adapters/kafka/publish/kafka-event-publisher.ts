import type { Kafka, Message, Producer } from 'kafkajs'
import type { Config } from '../../../config/options.ts'
import type { EventPublisher, OutgoingRecord } from '../../../emit/event-publisher.ts'
import { partitionFor } from '../../../emit/partition-for.ts'
import type { Logger } from '../../../observability/logger.ts'
import { failed } from '../../../result.ts'
import { createKafkaClient, type KafkaClientOptions } from '../client.ts'
import { describeKafkaError, isRefusal } from '../kafka-error.ts'
import { createBackoff, within } from '../patience.ts'
import { createPublishQueue, type QueuedRecord } from './publish-queue.ts'

export type KafkaEventPublisherOptions = KafkaClientOptions & Pick<Config, 'kafkaTopic' | 'kafkaProduceTimeoutMs'>

/** After so many failures in a row the producer is made anew, in case it is what is broken. */
const failuresBeforeRebuild = 3
const closeTimeoutMs = 3_000

/**
 * Appends records to the topic, acknowledged by all in-sync replicas (acks=all).
 *
 * - One request at a time, and everything that is asked for while it is under way leaves with the next: order holds through retries, and
 *   a round trip carries as many events as are waiting.
 * - Not idempotent. kafkajs takes its sequence numbers back when a request fails, also when the broker has appended the records: it then
 *   gives the same numbers to other records, which the broker takes for the ones it has and acknowledges without appending them. That is a
 *   202 for an event that is lost. A retry that appends twice is harmless here: the same source and id is delivered once.
 * - Trying again is the queue's work, not kafkajs's: until the deadline of each publish, and not beyond. kafkajs would not ask a broker again that
 *   has answered for other partitions: when one that had just died was replaced by that broker as the leader, what had been meant for the dead
 *   one was sent to nobody, and all of it acknowledged.
 */
export function createKafkaEventPublisher(options: KafkaEventPublisherOptions, { logger }: { readonly logger: Logger }): EventPublisher {
  const kafka = createKafkaClient(options, logger, { requestTimeoutMs: options.kafkaProduceTimeoutMs + 1_000 })
  const connection = createConnection(kafka)
  const queue = createPublishQueue()
  const stopping = new AbortController()
  let sending: Promise<void> | null = null

  async function sendAll(): Promise<void> {
    for (let batch = queue.take(); batch.length > 0; batch = queue.take()) await sendUntilSettled(batch)
    // In the same turn as the look at the queue: whoever publishes next begins anew.
    sending = null
  }

  async function sendUntilSettled(batch: readonly QueuedRecord[]): Promise<void> {
    const backoff = createBackoff({ firstMs: 50, maxMs: 1_000 })
    for (let waiting = batch; waiting.length > 0; waiting = waiting.filter(({ publish }) => !publish.isSettled)) {
      const isDone = await sendOnce(waiting)
      if (isDone) return
      await backoff.wait(stopping.signal)
    }
  }

  /** @returns whether nothing of this batch is left to be tried again */
  async function sendOnce(batch: readonly QueuedRecord[]): Promise<boolean> {
    try {
      const producer = await connection.producer()
      await producer.send({ topic: options.kafkaTopic, acks: -1, timeout: options.kafkaProduceTimeoutMs, messages: batch.map(toMessage) })
      connection.succeeded()
      for (const { publish } of batch) publish.acknowledged()
      return true
    } catch (cause) {
      return bear(cause, batch)
    }
  }

  async function bear(cause: unknown, batch: readonly QueuedRecord[]): Promise<boolean> {
    const failure = describeKafkaError(cause)
    if (failure.kind === 'too-large' && batch.length > 1) return sendHalves(batch)
    if (failure.kind === 'too-large') return settle(batch, { kind: 'too-large', detail: `a record of ${batch[0]?.bytes ?? 0} bytes is larger than the topic takes: ${failure.detail}` })
    const detail = `Kafka did not take the record: ${failure.detail}`
    connection.failed(detail, logger)
    if (isRefusal(failure)) return settle(batch, { kind: 'unavailable', detail })
    for (const { publish } of batch) publish.delayed(detail)
    return false
  }

  /** One of them is too large, or the topic takes smaller batches than were made. */
  async function sendHalves(batch: readonly QueuedRecord[]): Promise<true> {
    const middle = Math.ceil(batch.length / 2)
    await sendUntilSettled(batch.slice(0, middle))
    await sendUntilSettled(batch.slice(middle))
    return true
  }

  return {
    async publish(records, { timeoutMs }) {
      if (stopping.signal.aborted || queue.isClosed) return failed({ kind: 'unavailable', detail: 'the publisher was stopped' })
      const outcome = queue.add(records, timeoutMs)
      // Begins in the next turn: what is published in this one leaves together.
      sending ??= nextTurn().then(sendAll)
      return outcome
    },
    async stop({ deadlineMs }) {
      queue.close()
      await within(sending ?? Promise.resolve(), deadlineMs, 'flushing').catch(() => undefined) // what is left is settled below
      stopping.abort()
      queue.abandon('the publisher was stopped before the log had acknowledged')
      await connection.close()
    },
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function settle(batch: readonly QueuedRecord[], error: Parameters<QueuedRecord['publish']['failed']>[0]): true {
  for (const { publish } of batch) publish.failed(error)
  return true
}

/** A message that knows its event's identity, for the partitioner. */
interface IdentifiedMessage extends Message {
  readonly identity: string
}

function toMessage({ record }: QueuedRecord): IdentifiedMessage {
  const { key, value, headers, identity } = record
  return { key, value, headers, identity }
}

interface Connection {
  producer(): Promise<Producer>
  succeeded(): void
  failed(detail: string, logger: Logger): void
  close(): Promise<void>
}

/** A producer that is connected when it is needed, and replaced when it goes on failing. */
function createConnection(kafka: Kafka): Connection {
  let current: Promise<Producer> | null = null
  let failures = 0

  async function connect(): Promise<Producer> {
    const producer = kafka.producer({ createPartitioner, allowAutoTopicCreation: false, metadataMaxAge: 60_000, retry: { retries: 0 } })
    await producer.connect()
    return producer
  }

  async function close(): Promise<void> {
    const closing = current
    current = null
    if (closing === null) return
    // Never connected, or the brokers are gone: nothing is left to be closed.
    await within(closing.then((producer) => producer.disconnect()), closeTimeoutMs, 'disconnecting').catch(() => undefined)
  }

  return {
    producer() {
      current ??= connect().catch((cause: unknown) => {
        current = null
        throw cause
      })
      return current
    },
    succeeded() {
      failures = 0
    },
    failed(detail, logger) {
      failures += 1
      if (failures === 1) logger.warn({ detail }, 'publishing to Kafka fails; trying again')
      if (failures % failuresBeforeRebuild === 0) void close()
    },
    close,
  }
}

const createPartitioner =
  () =>
  ({ message, partitionMetadata }: { readonly message: Message; readonly partitionMetadata: readonly unknown[] }): number =>
    partitionFor(identified(message), partitionMetadata.length)

function identified(message: Message): Pick<OutgoingRecord, 'key' | 'identity'> {
  const { key, identity } = message as IdentifiedMessage // every message of this producer is made by toMessage
  return { key: key === null || key === undefined ? null : key.toString(), identity }
}

