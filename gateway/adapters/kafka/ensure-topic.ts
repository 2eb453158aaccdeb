import type { Admin, Kafka } from 'kafkajs'
import type { Config } from '../../config/options.ts'
import { describeKafkaError } from './kafka-error.ts'

export interface TopicToEnsure {
  readonly topic: string
  /** Partitions of a topic that is created. An existing topic keeps its own. */
  readonly partitions: number
  /** True: it is created so that it keeps the last record of each key. @default false */
  readonly isCompacted?: boolean
}

/**
 * Creates the missing topics with the broker's default replication. For development, where they have no other owner. Several pods may do
 * this at once.
 * @returns the topics that this call created @throws kafkajs's error when the broker refuses or does not answer
 */
export async function ensureTopics(kafka: Kafka, topics: readonly TopicToEnsure[]): Promise<readonly string[]> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    const existing = new Set(await admin.listTopics())
    const missing = topics.filter(({ topic }) => !existing.has(topic))
    const created = []
    for (const wanted of missing) if (await create(admin, wanted)) created.push(wanted.topic)
    return created
  } finally {
    await admin.disconnect()
  }
}

async function create(admin: Admin, { topic, partitions, isCompacted = false }: TopicToEnsure): Promise<boolean> {
  const configEntries = isCompacted ? [{ name: 'cleanup.policy', value: 'compact' }] : []
  try {
    return await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }],
      waitForLeaders: true,
      timeout: 10_000,
    })
  } catch (cause) {
    const failure = describeKafkaError(cause)
    // Only the wait for the leaders ends so: the topic is created, and the broker that was asked has not heard of it yet.
    if (failure.kind === 'not-found') return true
    throw new Error(`the topic ${topic} is missing and could not be created: ${failure.detail}`, { cause })
  }
}

/** Returns whether a missing topic is to be created. */
export function createsTopics(options: Pick<Config, 'kafkaCreateTopic' | 'isDevelopment'>): boolean {
  return options.kafkaCreateTopic === 'on' || (options.kafkaCreateTopic === 'auto' && options.isDevelopment)
}
