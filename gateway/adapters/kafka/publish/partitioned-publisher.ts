import type { EventPublisher } from '../../../emit/event-publisher.ts'
import type { Logger } from '../../../../program/log/logger.ts'
import { within } from '../../../../program/waiting.ts'
import type { Discovery } from '../wire/discovery.ts'
import { createLanes } from './lanes.ts'
import type { TakenBatch } from './leader.ts'
import { createLeaders, type ConnectLeader } from './leaders.ts'
import type { ProduceOutcome } from './produce-outcome.ts'
import type { QueuedRecord } from './publish.ts'
import { createPublishQueue } from './publish-queue.ts'
import { createRouteRefresh } from './route-refresh.ts'
import { settleBatch } from './settle-batch.ts'
import { createTopicRoutes } from './topic-routes.ts'
import { createTopicWatch, type TopicOption } from './topic-watch.ts'
import { createTroubleLog } from './trouble-log.ts'

export interface PartitionedPublisherParts {
  readonly topic: string
  /** The option that names the topic. */
  readonly topicOption: TopicOption
  readonly discovery: Discovery
  readonly connect: ConnectLeader
  readonly logger: Logger
}

/**
 * Appends records to the topic, acknowledged by all in-sync replicas (acks=all), with a sender for each leader.
 *
 * - A lane per partition keeps its records in order (partition-lane.ts). A sender per leader has one request in progress (leader.ts), and
 * later records leave with the next. A leader that is away holds up its own lanes only, and their records fail at their own deadlines.
 * - Not idempotent: a retry may append the same records twice. That is harmless, because the same source and id is delivered once.
 * - Retries end with the deadline of each publish. A refusal of the broker ends it at once.
 */
export function createPartitionedPublisher({ topic, topicOption, discovery, connect, logger }: PartitionedPublisherParts): EventPublisher {
  const troubles = createTroubleLog(logger, topic)
  const routes = createTopicRoutes()
  const lanes = createLanes({ partitions: () => routes.partitions, ready: (lane) => leaders.pump(lane) })
  const leaders = createLeaders({ topic, connect, routes, lanes, troubles, settle, lost: () => refresh.want() })
  const watch = createTopicWatch({ topic, topicOption, routes, lanes, leaders, troubles })
  const refresh = createRouteRefresh({ describe: () => discovery.describe(topic), turn: () => discovery.turn(), ...watch })
  const queue = createPublishQueue({ added, dropped: (records) => records.forEach(lanes.remove) })
  let isFlushDue = false
  let isStopped = false

  function added(record: QueuedRecord): void {
    const lane = lanes.place(record)
    if (routes.leaderOf(lane.partition) === null) refresh.want()
  }

  /** Sent in the next turn: the records of this turn leave together. */
  function flushSoon(): void {
    if (isFlushDue) return
    isFlushDue = true
    setImmediate(() => {
      isFlushDue = false
      if (isStopped) return
      refresh.publishing()
      leaders.pumpAll()
    })
  }

  function settle(batch: TakenBatch, outcome: ProduceOutcome, broker: number): void {
    settleBatch(batch, outcome, troubles)
    watch.answered(batch.lane, outcome, broker)
    // The partition may be gone since the batch was sent.
    const isGone = batch.partition >= routes.partitions
    if (isGone) lanes.rearrange()
    if (isGone || outcome.kind === 'stale-leader') refresh.want()
    // Another leader was found while this one was asked: it needs no pause.
    if (routes.leaderOf(batch.partition) === broker) return
    batch.lane.resume()
    leaders.pump(batch.lane)
  }

  return {
    publish(records, { timeoutMs }) {
      const outcome = queue.add(records, timeoutMs)
      flushSoon()
      return outcome
    },
    async stop({ deadlineMs }) {
      queue.close()
      await within(queue.settled(), deadlineMs, 'flushing').catch(() => undefined) // the rest is settled below
      queue.abandon('the publisher was stopped before the log had acknowledged')
      isStopped = true
      refresh.close()
      leaders.close()
      lanes.close()
      discovery.close()
    },
  }
}
