import type { Consumer, Kafka } from 'kafkajs'
import { within } from '../../../../program/waiting.ts'

/** One membership of a group, from its first connection until it breaks or is ended. */
export interface GroupMember {
  /** Resolves once with the error, when the member cannot go on by itself; not when `end` was called first. */
  readonly broken: Promise<unknown>
  end(): Promise<void>
}

export interface GroupMemberParts {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topic: string
  /** Called with the partitions of this member, after each rebalance. */
  readonly assigned: (partitions: readonly number[]) => void
}

/** Also the wait of a partition whose worker has died, or whose coordinator was away for so long that it forgot the member. */
const sessionTimeoutMs = 12_000
const rebalanceTimeoutMs = 15_000
const heartbeatMs = 3_000
/** Sleep of kafkajs between two looks at what there is to fetch, which is nothing. */
const sleepMs = 500
const metadataMaxAgeMs = 5_000
const endTimeoutMs = 3_000

/**
 * Joins the group, and fetches and commits nothing: kafkajs reports the partitions of this process, and sends heartbeats. All its
 * partitions are paused from its first assignment on (the event comes before the first fetch, and the pause outlives rebalances). With
 * nothing to fetch, kafkajs sleeps, reads the topic's metadata when it is old, sends a heartbeat when one is due, and sleeps again.
 */
export function joinGroup({ kafka, groupId, topic, assigned }: GroupMemberParts): GroupMember {
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: rebalanceTimeoutMs,
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: sleepMs,
    // New partitions are seen after this time.
    metadataMaxAge: metadataMaxAgeMs,
    allowAutoTopicCreation: false,
    // Its owner makes another member.
    retry: { initialRetryTime: 150, maxRetryTime: 1_000, retries: 5, restartOnFailure: async () => false },
  })
  const broken = Promise.withResolvers<unknown>()
  let isEnding = false
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    consumer.pause([{ topic }])
    if (!isEnding) assigned(payload.memberAssignment[topic] ?? [])
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => broken.resolve(payload.error))
  const running = run(consumer, topic).catch((cause: unknown) => broken.resolve(cause))
  return {
    broken: broken.promise,
    async end() {
      isEnding = true
      // Both may fail or hang with the brokers gone. Then the connections time out by themselves, and this consumer's events are ignored.
      await within(
        running.then(() => consumer.disconnect()),
        endTimeoutMs,
        'leaving the group',
      ).catch(() => undefined)
    },
  }
}

async function run(consumer: Consumer, topic: string): Promise<void> {
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatch: async () => undefined })
}
