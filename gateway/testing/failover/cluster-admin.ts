import { setTimeout as delay } from 'node:timers/promises'
import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs'

/**
 * The test's requests to a cluster, over the listener that no case breaks. Each request has a connection of its own, so that a dead broker
 * spoils none.
 */
export interface ClusterAdmin {
  /** @param replicas ids of the brokers of each partition, the preferred leader first */
  createTopic(topic: string, replicas: readonly (readonly number[])[], config?: Readonly<Record<string, string>>): Promise<void>
  deleteTopic(topic: string): Promise<void>
  /** Returns the leader of each partition; -1: none. */
  leaders(topic: string): Promise<readonly number[]>
  /**
   * Resolves when each partition is led by its first replica and all replicas are in sync.
   * @throws after two minutes
   */
  untilSettled(topic: string): Promise<void>
  /**
   * Resolves when the condition holds for the leaders.
   * @throws after two minutes
   */
  untilLeaders(topic: string, isTrue: (leaders: readonly number[]) => boolean): Promise<void>
  /** Moves the partitions, and resolves when all replicas are where they should be. */
  reassign(topic: string, replicas: readonly (readonly number[])[]): Promise<void>
  /** Returns the next offset of each partition. */
  ends(topic: string): Promise<readonly number[]>
}

const patienceMs = 120_000

export function createClusterAdmin(brokers: readonly string[]): ClusterAdmin {
  const kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'test',
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 10_000,
    retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 200 },
  })

  async function ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafka.admin()
    try {
      await admin.connect()
      return await question(admin)
    } finally {
      await admin.disconnect()
    }
  }
  const describe = (topic: string): Promise<readonly Partition[]> =>
    ask(async (admin) => partitionsOf((await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]))
  const untilPartitions = (topic: string, what: string, isTrue: (partitions: readonly Partition[]) => boolean): Promise<void> =>
    untilTrue(`${topic}: ${what}`, async () => isTrue(await describe(topic)))
  const leaders = async (topic: string): Promise<readonly number[]> => (await describe(topic)).map(({ leader }) => leader)

  return {
    createTopic: async (topic, replicas, config = {}) => {
      const replicaAssignment = replicas.map((brokerIds, partition) => ({ partition, replicas: [...brokerIds] }))
      const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
      // It may exist from an attempt that was not answered in time.
      await untilTrue(`${topic} can be created`, async () => {
        await ask((admin) => admin.createTopics({ topics: [{ topic, replicaAssignment, configEntries }] }))
        return true
      })
      await untilPartitions(
        topic,
        'every partition has a leader',
        (partitions) => partitions.length === replicas.length && partitions.every(({ leader }) => leader >= 0),
      )
    },
    deleteTopic: (topic) => ask((admin) => admin.deleteTopics({ topics: [topic] })),
    leaders,
    untilSettled: (topic) =>
      untilPartitions(
        topic,
        'every leader is at home and every replica is in sync',
        (partitions) => partitions.length > 0 && partitions.every(isSettled),
      ),
    untilLeaders: (topic, isTrue) =>
      untilPartitions(topic, 'its leaders are the expected ones', (partitions) => isTrue(partitions.map(({ leader }) => leader))),
    reassign: async (topic, replicas) => {
      await ask((admin) =>
        admin.alterPartitionReassignments({
          topics: [{ topic, partitionAssignment: replicas.map((ids, partition) => ({ partition, replicas: [...ids] })) }],
        }),
      )
      await untilPartitions(topic, 'its replicas have moved', (partitions) =>
        partitions.every((partition) => isSettled(partition) && partition.replicas.join() === replicas[partition.id]?.join()),
      )
    },
    ends: async (topic) => {
      const offsets = await ask((admin) => admin.fetchTopicOffsets(topic))
      return offsets.toSorted((a, b) => a.partition - b.partition).map(({ high }) => Number(high))
    },
  }
}

interface Partition {
  readonly id: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

function partitionsOf(topic: ITopicMetadata | undefined): readonly Partition[] {
  const partitions = (topic?.partitions ?? []).map(({ partitionId, leader, replicas, isr }) => ({
    id: partitionId,
    leader,
    replicas,
    inSync: isr,
  }))
  return partitions.toSorted((a, b) => a.id - b.id)
}

const isSettled = ({ leader, replicas, inSync }: Partition): boolean => leader === replicas[0] && inSync.length === replicas.length

/**
 * Asks until the answer is yes. Not vi.waitFor, because scripts use this, too.
 * @throws after two minutes, with the last failure
 */
export async function untilTrue(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  let last: unknown = 'the answer was no'
  for (const deadlineMs = performance.now() + patienceMs; performance.now() < deadlineMs; await delay(100)) {
    try {
      if (await isTrue()) return
      last = 'the answer was no'
    } catch (cause) {
      // A cluster in trouble refuses requests for a while.
      last = cause
    }
  }
  throw new Error(`waited ${patienceMs / 1000} s until ${what}: ${String(last)}`, { cause: last })
}
