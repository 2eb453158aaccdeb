import type { Kafka } from 'kafkajs'
import type { Config } from '../../../config/options.ts'
import type { DecodeFailure } from '../../../event/decoded-record.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import type { KafkaClientOptions } from '../client.ts'
import { createPartitionReader } from '../consume/partition-reader.ts'
import { createTopology } from '../consume/topology.ts'
import { within } from '../../../../program/waiting.ts'
import type { ConnectBroker } from '../wire/broker-link.ts'
import type { Discovery } from '../wire/discovery.ts'
import { createAssignment } from './assignment.ts'
import { createCurrentTopic } from './current-topic.ts'
import { createFloodReport } from './flood-report.ts'
import { joinGroup } from './group-member.ts'
import { createGroupOffsets } from './group-offsets.ts'
import type { DeadLetterHealth } from './health.ts'
import { createKafkaTransactions } from './kafka-transactions.ts'
import { groupIdOf, type DescribeTrouble } from './describe-trouble.ts'
import { createPartitionSet } from './partition-set.ts'
import type { PartitionWorker } from './partition-worker.ts'
import { createPartitionWorkers } from './partition-workers.ts'
import { createStartingPoints } from './starting-points.ts'

export type DeadLetterOptions = KafkaClientOptions &
  Pick<
    Config,
    | 'kafkaTopic'
    | 'kafkaDlqTopic'
    | 'kafkaDlqRatePerS'
    | 'kafkaTopicPartitions'
    | 'kafkaCreateTopic'
    | 'kafkaClientRack'
    | 'kafkaFetchWaitMs'
    | 'kafkaStallTimeoutMs'
    | 'replayWindowMs'
    | 'isDevelopment'
  >

export interface DeadLetterParts {
  /** Returns why this record is not an event that can be delivered, or null. Pure. Never puts the record's content into the detail. */
  readonly check: (record: LogRecord) => DecodeFailure | null
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'dlqRecords' | 'dlqSkipped' | 'dlqSummarised' | 'dlqLag' | 'dlqHealthy'>
  readonly clock: { now(): number }
  /** Time for which records beyond the rate are counted before their summary is written. @default 10_000 */
  readonly summaryEveryMs?: number
}

export interface RunParts {
  readonly options: DeadLetterOptions
  readonly parts: DeadLetterParts
  readonly kafka: Kafka
  readonly dlqTopic: string
  readonly describe: DescribeTrouble
  readonly connect: ConnectBroker
  readonly discovery: Discovery
  readonly health: DeadLetterHealth
  /** Returns whether one copy may be made now, at the rate of the whole pod. */
  readonly mayCopy: () => boolean
}

/** One membership of the group, with its workers and connections. */
export interface DeadLetterRun {
  /** Rejects when the run cannot go on. */
  readonly broken: Promise<void>
  /** @param end.isGraceful true: brokers answer, and pending progress is written */
  end(end: { readonly isGraceful: boolean }): Promise<void>
}

const tickMs = 1_000
const endTimeoutMs = 3_000
const metadataEveryMs = 5_000
const defaultSummaryEveryMs = 10_000
/** A dead letter is not urgent, and the topic is read a second time for it. Fewer and larger fetches cost a pod a fifth less. */
export const leastFetch = { bytes: 262_144, waitMs: 500 }

export function startDeadLetterRun(run: RunParts): DeadLetterRun {
  const { options, parts, kafka, dlqTopic, connect, discovery, health } = run
  const topic = options.kafkaTopic
  const { summaryEveryMs = defaultSummaryEveryMs } = parts
  const groupId = groupIdOf(options)
  const ending = new AbortController()
  const broken = Promise.withResolvers<void>()
  const offsets = createGroupOffsets({ discovery, connect, groupId, topic })
  const transactions = createKafkaTransactions({ kafka, groupId, topic, dlqTopic, offsets })
  const points = createStartingPoints({
    topic,
    discovery,
    connect,
    offsets,
    signal: ending.signal,
    sinceMs: () => parts.clock.now() - options.replayWindowMs,
  })
  const formerIds = new Set<string>()
  const topology = createTopology({ discovery, topic, everyMs: metadataEveryMs, formerIds })
  const report = createFloodReport(topic, { ...parts, everyMs: summaryEveryMs })
  const set = createPartitionSet({
    broken: broken.reject,
    relocate,
    state(partition, problem) {
      health.trouble('read', partition, problem?.detail ?? null)
      if (problem === null) workers.wake()
    },
    replaced: (detail) => parts.logger.debug({ topic, detail }, 'dead letter connection replaced'),
  })
  const workers = createPartitionWorkers({
    ...parts,
    topic,
    transactions,
    health,
    describe: run.describe,
    mayCopy: run.mayCopy,
    summarised: report.add,
    summaryEveryMs,
    partitions: () => set.partitions,
  })
  const fetch = {
    waitMs: Math.max(options.kafkaFetchWaitMs, leastFetch.waitMs),
    minBytes: leastFetch.bytes,
    gapMs: 0,
    partitionBytes: 262_144,
    stallMs: options.kafkaStallTimeoutMs,
    rack: options.kafkaClientRack,
  }
  const current = createCurrentTopic({
    topology,
    formerIds,
    madeAgain,
    makeReader: () =>
      createPartitionReader({ topic, connect, topology, handler: set.handler, positionsAre: 'remembered', fetch, now: parts.clock.now }),
  })
  const assignment = createAssignment({
    points,
    set,
    health,
    signal: ending.signal,
    makeWorker: workers.make,
    generation: () => current.generation,
    assigned: () => current.assign(set.partitions),
  })
  const member = joinGroup({ kafka, groupId, topic, assigned: (partitions) => void assignment.become(partitions) })
  void member.broken.then(broken.reject)

  async function relocate(partition: number, worker: PartitionWorker): Promise<void> {
    const [position, { generation }] = [worker.position(), current]
    const found = await points.relocate(partition, position)
    if (found.kind === 'none' || generation !== current.generation) return
    parts.logger.warn(
      { topic, partition, position, offset: found.offset },
      found.kind === 'on' ? 'records removed before the dead letter check' : 'dead letter progress beyond the end of the topic; going back',
    )
    if (found.kind === 'on') worker.moveOn(found.offset)
    else worker.rewind(found.offset)
  }

  /** Forgets what the old topic's reader had reported. */
  function madeAgain(): readonly number[] {
    parts.logger.warn({ topic }, 'topic recreated; looking for dead letters from its beginning')
    set.rewindAll(0)
    for (const partition of set.partitions) health.trouble('read', partition, null)
    return set.partitions
  }

  const ticker = setInterval(() => {
    const now = parts.clock.now()
    set.tick(now)
    report.tick(now)
    parts.metrics.dlqLag.set(set.lag())
  }, tickMs).unref()

  return {
    broken: broken.promise,
    async end({ isGraceful }) {
      ending.abort(new Error('the dead letter worker has ended'))
      clearInterval(ticker)
      topology.stop()
      const stopped = current.stop()
      if (isGraceful) await within(set.flush(), endTimeoutMs, 'writing progress').catch(() => undefined) // the next owner reads a few records again
      set.keep([])
      parts.metrics.dlqLag.set(0)
      await Promise.all([transactions.end(), member.end(), stopped])
    },
  }
}
