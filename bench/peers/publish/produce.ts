import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { nowMs } from '../../lib/clock.ts'
import type { Dialect, PublishedEvent } from '../dialects/dialect.ts'
import { dataOf } from '../load/marks.ts'
import { type EmitReport, type EventShape, type RatePlan, userOf } from './emit.ts'

/** Writes events for a server that reads them from a topic. */
export interface TopicSpeaker {
  readonly dialect: Dialect
  readonly topic: string
  readonly producer: Producer
}

const batchMs = 5
/** Most records at once: a broker refuses batches of more than a megabyte, and a rig that fell behind would never be rid of one. */
const maxBatch = 2_000
const partitions = 8
const topicTimeoutMs = 20_000

/** Creates the topic when it is missing. */
export async function openTopic(brokers: readonly string[], topic: string, dialect: Dialect): Promise<TopicSpeaker> {
  const kafka = new Kafka({
    clientId: 'bench',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 3, maxRetryTime: 2_000 },
  })
  const admin = kafka.admin()
  await admin.connect()
  // False when it exists.
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }], waitForLeaders: false })
  await untilLed(admin, topic)
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false })
  await producer.connect()
  return { dialect, topic, producer }
}

/** Resolves when all partitions have a leader: a broker that has just created a topic may not know it yet. @throws Error after the deadline */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  const deadlineMs = nowMs() + topicTimeoutMs
  for (;;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      if (topics.every((one) => one.partitions.length === partitions && one.partitions.every(({ leader }) => leader >= 0))) return
    } catch (error) {
      // It is not known yet, or has no leader yet.
      if (nowMs() > deadlineMs) throw error
    }
    if (nowMs() > deadlineMs) throw new Error(`topic ${topic} has no leaders`)
    await sleep(100)
  }
}

/** Writes events at their times, some milliseconds' worth at once, and each batch until the brokers have it. */
export async function produceAtRate(speaker: TopicSpeaker, plan: RatePlan): Promise<EmitReport> {
  const startMs = nowMs()
  const accepted: number[] = []
  let retries = 0
  for (let next = 0; next < plan.events;) {
    const due = Math.min(plan.events, next + maxBatch, Math.floor(((nowMs() - startMs) * plan.perSecond) / 1000) + 1)
    const batch = Array.from({ length: due - next }, (_, index) => ({
      number: plan.firstNumber + next + index,
      atMs: startMs + ((next + index) * 1000) / plan.perSecond,
    }))
    next = due
    const giveUpAtMs = nowMs() + plan.retryForMs
    while (batch.length > 0 && !(await write(speaker, plan, batch))) {
      if (nowMs() > giveUpAtMs) return { accepted, retries }
      retries += 1
      await sleep(200)
    }
    accepted.push(...batch.map(({ number }) => number))
    await sleep(batchMs)
  }
  return { accepted, retries }
}

async function write(
  { dialect, topic, producer }: TopicSpeaker,
  shape: EventShape,
  batch: readonly { readonly number: number; readonly atMs: number }[],
): Promise<boolean> {
  const messages = batch.map((mark) => ({
    key: null,
    ...recordOf(dialect, { number: mark.number, data: dataOf(mark, shape.bytes), user: userOf(shape.users, mark.number), mayRepeat: true }),
  }))
  try {
    await producer.send({ topic, messages, acks: -1 })
    return true
  } catch {
    // The broker is down, or went down: the batch may have arrived or not, and is written again.
    return false
  }
}

function recordOf(dialect: Dialect, event: PublishedEvent) {
  if (dialect.record === undefined) throw new Error('this server reads nothing from Kafka')
  const { value, headers } = dialect.record(event)
  return { value, headers: { ...headers } }
}
