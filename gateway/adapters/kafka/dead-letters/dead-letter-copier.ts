import type { Kafka, Message, Producer } from 'kafkajs'
import type { DecodeFailure } from '../../../event/decoded-record.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import { describeKafkaError } from '../kafka-error.ts'

export interface DeadLetter {
  readonly record: LogRecord
  readonly failure: DecodeFailure
}

/** Copies poison records of one partition at a time, each exactly once. */
export interface DeadLetterCopier {
  /**
   * Copies the first of these records (all of one partition) and commits the group's progress behind them, in one transaction.
   * @returns how many were copied, and what is left for the next call; records that another worker has copied are in neither
   * @throws kafkajs's error; then nothing was copied, or it is not known: call again with the same records
   */
  copy(letters: readonly DeadLetter[]): Promise<{ readonly copied: number; readonly rest: readonly DeadLetter[] }>
  /** Ends the producers: the partitions may be another's. */
  forget(): Promise<void>
}

export interface DeadLetterCopierParts {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topic: string
  readonly dlqTopic: string
  readonly dlqPartitions: number
}

const maxRecordsPerTransaction = 200
const transactionTimeoutMs = 20_000

/**
 * One transactional producer per partition, named after it. The naive way, one producer per worker, fails when a worker stalls, loses its
 * partition, wakes up, and commits its copies after its successor has made them. Named after the partition, the successor's producer fences
 * the predecessor's: a transaction that is open is aborted, and the next one refused. What the predecessor had already committed is known
 * from the group's offset, which is read after the fence, and skipped.
 */
export function createDeadLetterCopier(parts: DeadLetterCopierParts): DeadLetterCopier {
  const owned = new Map<number, Promise<Owned>>()

  async function own(partition: number): Promise<Owned> {
    const producer = parts.kafka.producer({
      transactionalId: `${parts.groupId}.${partition}`,
      transactionTimeout: transactionTimeoutMs,
      idempotent: true,
      createPartitioner: () => () => partition % parts.dlqPartitions,
      allowAutoTopicCreation: false,
    })
    await producer.connect()
    // The first transaction makes kafkajs introduce the producer to the broker: that is the fence.
    await (await producer.transaction()).abort()
    return { producer, committed: await committedOffset(parts, partition) }
  }

  async function disown(partition: number): Promise<void> {
    const owner = owned.get(partition)
    owned.delete(partition)
    // It never connected, or the connection is what failed.
    await owner?.then(({ producer }) => producer.disconnect()).catch(() => undefined)
  }

  async function send(letters: readonly DeadLetter[], partition: number, form: (letter: DeadLetter) => Message): Promise<number> {
    const owner = owned.get(partition) ?? own(partition)
    owned.set(partition, owner)
    const { producer, committed } = await owner
    const due = letters.filter(({ record }) => record.offset >= committed)
    const last = due.at(-1)
    if (last === undefined) return 0
    const transaction = await producer.transaction()
    await transaction.send({ topic: parts.dlqTopic, acks: -1, messages: due.map(form) })
    const offsets = [{ partition, offset: String(last.record.offset + 1) }]
    await transaction.sendOffsets({ consumerGroupId: parts.groupId, topics: [{ topic: parts.topic, partitions: offsets }] })
    await transaction.commit()
    return due.length
  }

  return {
    async copy(letters) {
      const partition = letters[0]?.record.partition ?? 0
      const chunk = letters.slice(0, maxRecordsPerTransaction)
      try {
        return { copied: await send(chunk, partition, toMessage), rest: letters.slice(chunk.length) }
      } catch (cause) {
        // Whatever went wrong, the transaction is over: a new producer aborts it, and finds out what was committed.
        await disown(partition)
        if (describeKafkaError(cause).kind !== 'too-large') throw cause
        // One by one; what is too large by itself goes without its value: it can still be read at its offset.
        const [first] = letters
        if (first === undefined) throw cause
        return { copied: await sendAlone(first), rest: letters.slice(1) }
      }
    },
    async forget() {
      await Promise.all([...owned.keys()].map(disown))
    },
  }

  async function sendAlone(letter: DeadLetter): Promise<number> {
    const { partition } = letter.record
    try {
      return await send([letter], partition, toMessage)
    } catch (cause) {
      await disown(partition)
      if (describeKafkaError(cause).kind !== 'too-large') throw cause
      return await send([letter], partition, withoutValue)
    }
  }

  function toMessage({ record, failure }: DeadLetter): Message {
    const headers: Record<string, Buffer | Buffer[] | string> = {}
    for (const [name, value] of Object.entries(record.headers)) if (value !== undefined) headers[name] = Buffer.isBuffer(value) ? value : [...value]
    headers.carillon_dlq_reason = failure.reason
    headers.carillon_dlq_detail = failure.detail
    headers.carillon_dlq_topic = parts.topic
    headers.carillon_dlq_partition = String(record.partition)
    headers.carillon_dlq_offset = String(record.offset)
    headers.carillon_dlq_time = new Date(record.timestampMs).toISOString()
    return { key: record.key, value: record.value, headers }
  }

  function withoutValue(letter: DeadLetter): Message {
    const { headers, key } = toMessage(letter)
    return { key: key ?? null, value: null, headers: { ...headers, carillon_dlq_value: 'omitted' } }
  }
}

interface Owned {
  readonly producer: Producer
  /** What lies below was judged by this worker or another, and copied where it had to be. */
  readonly committed: number
}

async function committedOffset({ kafka, groupId, topic }: DeadLetterCopierParts, partition: number): Promise<number> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
    return Number(committed?.partitions.find((entry) => entry.partition === partition)?.offset ?? -1)
  } finally {
    await admin.disconnect()
  }
}
