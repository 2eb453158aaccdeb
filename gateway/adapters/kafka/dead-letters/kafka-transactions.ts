import type { Kafka, Message, Producer, Transaction } from 'kafkajs'
import { sleep, within } from '../../../../program/waiting.ts'
import { exactHeaders } from './exact-headers.ts'
import type { DeadLetterCopy } from './dead-letter-copy.ts'
import type { Coordinator, GroupOffsets } from './group-offsets.ts'
import { verdictOf } from './refusal.ts'
import { createSeats } from './seats.ts'
import type { DeadLetterTransactions, Due } from './transactions.ts'

export interface KafkaTransactionsParts {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topic: string
  readonly dlqTopic: string
  readonly offsets: Pick<GroupOffsets, 'connect'>
}

/** Shorter than the session of a group's member, so that a transaction of the last owner does not hold up a partition that moves. */
const transactionTimeoutMs = 15_000
const attemptTimeoutMs = 12_000
/**
 * Limit on open producers. Each has connections to the brokers it needs: 200 partitions with undecodable records would open 200 producers.
 */
export const maxProducers = 8
export const idleMs = 30_000
/** Time for which the count of the dead letter topic's partitions is believed. The broker's answer shows a wrong count. */
const metadataMaxAgeMs = 30_000
/** Pause between two looks at a partition whose transaction is being aborted. */
const lookAgainMs = 50
/** Pause between two brokers that are asked where the group is. */
const findAgainMs = 200

interface OpenProducer {
  readonly producer: Producer
  /** The group's offset. No other producer has moved it since the fence. */
  committed: number
  isBusy: boolean
  idle: NodeJS.Timeout | null
}

/**
 * Keeps one transactional producer per partition, named after it. Its first transaction is the fence: the broker aborts the open
 * transaction of another producer of this name, and refuses its later requests. The group's offset is read behind the fence.
 *
 * All progress of the group goes this way, also when there is nothing to copy. The naive way commits progress without copies as any
 * consumer does. Such a commit can arrive behind a transaction and take the group back, and the next owner copies a second time. Here every
 * commit needs the fence: a process without it cannot move the offset, however late its request arrives.
 */
export function createKafkaTransactions(parts: KafkaTransactionsParts): DeadLetterTransactions {
  const open = new Map<number, OpenProducer>()
  const seats = createSeats(maxProducers)
  /** Producers that are being opened, and are not in `open` yet. */
  let opening = 0
  const ending = new AbortController()

  async function openProducer(partition: number, abandoned: AbortSignal): Promise<OpenProducer> {
    closeIdleOnes(maxProducers - 1 - opening)
    opening += 1
    const producer = createProducer(parts, partition)
    try {
      await producer.connect()
      const committed = await offsetBehindFence(parts, { producer, partition, abandoned })
      // There is no wait from here on: a caller that gave up may have started again.
      abandoned.throwIfAborted()
      return { producer, committed, isBusy: true, idle: null }
    } catch (cause) {
      disconnect(producer)
      throw cause
    } finally {
      opening -= 1
    }
  }

  function close(partition: number): void {
    const opened = open.get(partition)
    if (opened === undefined) return
    open.delete(partition)
    if (opened.idle !== null) clearTimeout(opened.idle)
    disconnect(opened.producer)
  }

  /** The first in the map has been idle for the longest time. */
  function closeIdleOnes(leave: number): void {
    for (const [partition, { isBusy }] of open) {
      if (open.size <= leave) return
      if (!isBusy) close(partition)
    }
  }

  async function attempt(partition: number, choose: (committed: number) => Due | null, abandoned: AbortSignal): Promise<number> {
    const known = open.get(partition)
    if (known !== undefined) known.isBusy = true
    if (known?.idle) clearTimeout(known.idle)
    const opened = known ?? (await openProducer(partition, abandoned))
    open.delete(partition)
    open.set(partition, opened)
    const due = choose(opened.committed)
    if (due === null) return opened.committed
    try {
      await commitAll(parts, { producer: opened.producer, partition, due, abandoned })
      opened.committed = due.offset
      return due.offset
    } finally {
      if (abandoned.aborted) disconnect(opened.producer) // kafkajs connects again when a request fails for want of a connection
    }
  }

  function rest(partition: number): void {
    const opened = open.get(partition)
    if (opened === undefined) return
    opened.isBusy = false
    opened.idle = setTimeout(() => close(partition), idleMs).unref()
  }

  return {
    async run(partition, choose, isSuspect) {
      const leave = await seats.take(isSuspect, ending.signal)
      const abandoning = new AbortController()
      try {
        const committed = await within(attempt(partition, choose, abandoning.signal), attemptTimeoutMs, 'a transaction of dead letters')
        rest(partition)
        return committed
      } catch (cause) {
        abandoning.abort(cause)
        if (cause instanceof RefusedError) rest(partition)
        else close(partition)
        throw cause instanceof RefusedError ? cause.cause : cause
      } finally {
        leave()
      }
    },
    async end() {
      ending.abort(new Error('the dead letter worker has ended'))
      for (const partition of open.keys()) close(partition)
    },
  }
}

const disconnect = (producer: Producer): void => void producer.disconnect().catch(() => undefined) // it is done with, or broken

/** The broker has refused the records, and the transaction was aborted: the producer can begin another. */
class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

function createProducer({ kafka, groupId }: KafkaTransactionsParts, partition: number): Producer {
  return kafka.producer({
    transactionalId: `${groupId}.${partition}`,
    transactionTimeout: transactionTimeoutMs,
    idempotent: true,
    // The count in the present metadata: the topic may have been recreated with fewer partitions.
    createPartitioner:
      () =>
      ({ partitionMetadata }) =>
        partition % Math.max(1, partitionMetadata.length),
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
  })
}

interface Attempt {
  readonly producer: Producer
  readonly partition: number
  readonly due: Due
  /** Aborted when the attempt took too long. The next attempt finds its outcome. */
  readonly abandoned: AbortSignal
}

/**
 * Fences all others and returns the group's offset behind the fence.
 *
 * Any broker may be out of date: the one that has just lost the group, and the one that has just got it and has not heard from the others.
 * Either would report an offset from before the last commit, and that commit's copies would be made twice. So the new producer first opens
 * a transaction with an offset of this partition. A broker that knows of it knows all earlier commits. The same connection is asked again
 * when that transaction is aborted.
 */
async function offsetBehindFence(parts: KafkaTransactionsParts, { producer, partition, abandoned }: Omit<Attempt, 'due'>): Promise<number> {
  const transaction = await producer.transaction()
  await transaction.sendOffsets({
    consumerGroupId: parts.groupId,
    topics: [{ topic: parts.topic, partitions: [{ partition, offset: '0' }] }],
  })
  const coordinator = await findProven(parts.offsets, partition, abandoned)
  try {
    await transaction.abort()
    for (;;) {
      const offset = await coordinator.look(partition)
      if (offset !== 'open') return offset
      await sleep(lookAgainMs, [abandoned])
      abandoned.throwIfAborted()
    }
  } finally {
    coordinator.close()
  }
}

/** Connects to brokers until one knows of the open transaction. */
async function findProven(offsets: Pick<GroupOffsets, 'connect'>, partition: number, abandoned: AbortSignal): Promise<Coordinator> {
  for (;;) {
    const coordinator = await offsets.connect(abandoned)
    try {
      if ((await coordinator.look(partition)) === 'open') return coordinator
    } catch (cause) {
      coordinator.close()
      throw cause
    }
    coordinator.close()
    await sleep(findAgainMs, [abandoned])
    abandoned.throwIfAborted()
  }
}

async function commitAll(parts: KafkaTransactionsParts, { producer, partition, due, abandoned }: Attempt): Promise<void> {
  const transaction = await producer.transaction()
  try {
    if (due.copies.length > 0) await sendAll(transaction, parts.dlqTopic, due.copies)
  } catch (cause) {
    if (verdictOf(cause) === 'unavailable') throw cause
    await transaction.abort()
    throw new RefusedError('the broker refuses the records', { cause })
  }
  abandoned.throwIfAborted()
  const offsets = [{ partition, offset: String(due.offset) }]
  await transaction.sendOffsets({ consumerGroupId: parts.groupId, topics: [{ topic: parts.topic, partitions: offsets }] })
  abandoned.throwIfAborted()
  await transaction.commit()
}

/**
 * kafkajs resolves also when it has sent nothing, because its metadata names no leader for the partition.
 * @throws when the broker has not acknowledged the records
 */
async function sendAll(transaction: Transaction, topic: string, copies: readonly DeadLetterCopy[]): Promise<void> {
  const answers = await transaction.send({ topic, acks: -1, messages: copies.map(toMessage) })
  const [answer] = answers
  if (answers.length !== 1 || answer?.topicName !== topic || answer.errorCode !== 0)
    throw new Error(`no broker has acknowledged the copies: the partitions of ${topic} have changed, or one has no leader`)
}

const toMessage = ({ key, value, headers }: DeadLetterCopy): Message => ({ key, value, headers: exactHeaders(headers) })
