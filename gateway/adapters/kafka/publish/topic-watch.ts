import { describeKafkaError, isRefusal } from '../kafka-error.ts'
import type { ClusterView } from '../wire/metadata.ts'
import type { Lanes } from './lanes.ts'
import type { Leaders } from './leaders.ts'
import type { PartitionLane } from './partition-lane.ts'
import type { ProduceOutcome } from './produce-outcome.ts'
import { delay, refuse } from './settle-batch.ts'
import type { TopicRoutes } from './topic-routes.ts'
import type { TroubleLog } from './trouble-log.ts'

/** Brings lanes and leaders into line with the brokers' description of the topic. */
export interface TopicWatch {
  /** @returns whether every waiting record has a leader that has not denied leading */
  described(view: ClusterView): boolean
  failed(cause: unknown): void
  /** Notes that a broker has answered for this lane: perhaps that it does not lead the partition. */
  answered(lane: PartitionLane, outcome: ProduceOutcome, broker: number): void
}

/** An option that names a topic to publish to. */
export type TopicOption = 'KAFKA_TOPIC' | 'KAFKA_UPSTREAM_TOPIC'

export interface TopicWatchParts {
  readonly topic: string
  readonly topicOption: TopicOption
  readonly routes: TopicRoutes
  readonly lanes: Lanes
  readonly leaders: Leaders
  readonly troubles: TroubleLog
}

/** Time for which a topic may be missing: a broker that has just started may not know it yet. After it, records are refused. */
const missingForMs = 5_000
const place = 'metadata'

export function createTopicWatch({ topic, topicOption, routes, lanes, leaders, troubles }: TopicWatchParts): TopicWatch {
  /** The broker that denied leading, by lane. */
  const wrong = new Map<PartitionLane, number>()
  let missingSinceMs: number | null = null

  const withoutLeader = (): readonly PartitionLane[] =>
    [...lanes.all()].filter(({ records, partition }) => records.size > 0 && routes.leaderOf(partition) === null)
  const withoutPartition = (): readonly PartitionLane[] =>
    withoutLeader().filter(({ partition }) => partition < 0 || partition >= routes.partitions)

  function missing(): boolean {
    missingSinceMs ??= performance.now()
    const detail = `The topic ${topic} does not exist. Create it, or correct ${topicOption}.`
    const isForLong = performance.now() - missingSinceMs >= missingForMs
    if (isForLong) {
      routes.forget()
      lanes.rearrange()
      leaders.followRoutes()
    }
    for (const { records } of withoutPartition()) {
      if (isForLong) refuse([...records], detail, troubles)
      else delay(records, detail)
    }
    return withoutLeader().length === 0
  }

  function learn(view: Parameters<TopicRoutes['learn']>[0]): void {
    const [partitions, before] = [routes.partitions, new Map([...lanes.all()].map((lane) => [lane, routes.leaderOf(lane.partition)]))]
    routes.learn(view)
    if (routes.partitions !== partitions) lanes.rearrange()
    leaders.followRoutes()
    for (const lane of lanes.all()) {
      lane.takeFullBatches()
      const leader = routes.leaderOf(lane.partition)
      if (leader !== null && before.get(lane) !== leader) lane.resume()
      if (lane.records.size === 0 || wrong.get(lane) !== leader) wrong.delete(lane)
    }
  }

  return {
    described(view) {
      if (view.topic === null) return missing()
      missingSinceMs = null
      learn({ ...view, topic: view.topic })
      const waiting = withoutLeader()
      for (const { records, partition } of waiting) delay(records, `partition ${partition} of the topic ${topic} has no leader`)
      if (waiting.length === 0) troubles.works(place)
      leaders.pumpAll()
      return waiting.length === 0 && wrong.size === 0
    },
    failed(cause) {
      const failure = describeKafkaError(cause)
      const waiting = withoutLeader()
      if (waiting.length > 0) troubles.failed(place, failure.detail)
      for (const lane of waiting) {
        if (isRefusal(failure) && lane.partition < 0) refuse([...lane.records], failure.detail, troubles)
        else delay(lane.records, failure.detail)
      }
    },
    answered(lane, { kind }, broker) {
      if (kind === 'stale-leader') wrong.set(lane, broker)
      else wrong.delete(lane)
    },
  }
}
