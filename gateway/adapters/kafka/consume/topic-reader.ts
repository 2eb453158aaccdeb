import { randomUUID } from 'node:crypto'
import type { Config } from '../../../config/options.ts'
import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import type { PartitionOffsets, RecordSink } from '../../../replay/record-source.ts'
import type { KafkaClientOptions } from '../client.ts'
import { describeKafkaError, isRefusal } from '../kafka-error.ts'
import { createBackOffWait } from '../../../../program/back-off.ts'
import type { ConnectBroker } from '../wire/broker-link.ts'
import type { Discovery } from '../wire/discovery.ts'
import type { ClusterView, TopicView } from '../wire/metadata.ts'
import { endOfLog, startOfLog } from '../wire/requests/list-offsets.ts'
import { Delivery } from './delivery.ts'
import type { PartitionReaderHandler } from './partition-handler.ts'
import { createPartitionReader, type PartitionReader } from './partition-reader.ts'
import { SourceReport } from './source-report.ts'
import { epochAfterCuts, epochOf, nextEpoch, wasMadeAgain, withCut, type LogCut, type TopicIdentity } from './topic-identity.ts'
import { askOffsets, askToRead, type OffsetsQuestion } from './topic-offsets.ts'
import { createTopology, type Topology } from './topology.ts'

export type KafkaRecordSourceOptions = KafkaClientOptions &
  Pick<
    Config,
    | 'kafkaTopic'
    | 'kafkaTopicPartitions'
    | 'kafkaTopicEpoch'
    | 'kafkaCreateTopic'
    | 'kafkaClientRack'
    | 'kafkaFetchWaitMs'
    | 'kafkaStallTimeoutMs'
    | 'isDevelopment'
  >

export type TopicReaderOptions = Pick<
  KafkaRecordSourceOptions,
  'kafkaBrokers' | 'kafkaClientRack' | 'kafkaFetchWaitMs' | 'kafkaStallTimeoutMs' | 'kafkaTopic' | 'kafkaTopicEpoch'
>

export interface TopicReaderParts {
  readonly sink: RecordSink
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'sourceRebuilds' | 'recordsUnreadable'>
  readonly clock: { now(): number }
  readonly discovery: Discovery
  readonly connect: ConnectBroker
  /** Creates the topic; null when the gateway may not create a missing topic. */
  readonly createTopic: (() => Promise<void>) | null
  /** Option that names the topic, for messages. @default KAFKA_TOPIC */
  readonly setting?: string
  /** Interval at which the metadata is asked for, and the ends are reported to the sink. */
  readonly inspectEveryMs: number
}

/** Least time between two fetches from a leader, in milliseconds. It is a part of the latency of frequent events (ADR 0040). */
export const fetchGapMs = 5

/** One life of the topic: from its opening until it is recreated or cut. */
interface Life {
  readonly reader: PartitionReader
  readonly topology: Topology
  readonly unsubscribe: () => void
}

/**
 * Reads all partitions of one topic for the sink. It decides where reading begins, and notices a recreated topic or a cut log. The records
 * themselves come through a `PartitionReader`, and a `SourceReport` reports ends and health.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions
  readonly #parts: TopicReaderParts
  readonly #stopping = new AbortController()
  readonly #delivery: Delivery
  readonly #report: SourceReport
  readonly #question: OffsetsQuestion
  #identity: TopicIdentity = { topicId: null, partitions: 0 }
  /** Epoch of the topic before any cut. */
  #epoch = ''
  #cuts: readonly LogCut[] = []
  #life: Life | null = null
  #timer: NodeJS.Timeout | undefined
  #isReopening = false
  /** True while the partitions are set aside for a topic that is not opened yet. */
  #isSetAside = false
  /** Ids of deleted topics: a broker that is cut off may still show one. */
  readonly #formerIds = new Set<string>()

  constructor(options: TopicReaderOptions, parts: TopicReaderParts) {
    this.#options = options
    this.#parts = parts
    this.#delivery = new Delivery({ ...parts, stopped: this.#stopping.signal })
    this.#report = new SourceReport({
      ...parts,
      topic: options.kafkaTopic,
      partitions: () => this.#delivery.positions.length,
      stopped: this.#stopping.signal,
    })
    this.#question = { connect: parts.connect, signal: this.#stopping.signal, topic: options.kafkaTopic }
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /**
   * Resolves when reading has begun.
   * @throws MissingTopicError, and an Error when the brokers refuse this gateway
   */
  async start(sinceMs: number): Promise<void> {
    const backOff = createBackOffWait({ firstMs: 100, maxMs: 2_000 })
    for (let attempt = 1; !this.#isStopped; attempt++) {
      try {
        await this.#open(sinceMs)
        return
      } catch (cause) {
        await this.#handleStartFailure(cause, attempt)
        await backOff.wait(this.#stopping.signal)
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#timer)
    this.#parts.discovery.close()
    await this.#endLife()
  }

  // ---- where to begin

  async #open(sinceMs: number): Promise<void> {
    const view = await this.#parts.discovery.describe(this.#options.kafkaTopic)
    if (view.topic === null) return this.#openMissing(sinceMs)
    await askToRead(view, this.#question)
    // The ends are asked for first: records that arrive between the two requests then lie above, and are read.
    const [ends = [], since = []] = await askOffsets(view, [endOfLog, sinceMs <= 0 ? startOfLog : sinceMs], this.#question)
    if (this.#isStopped) return
    this.#identity = identityOf(view.topic)
    this.#begin(
      view,
      epochOf(this.#identity, this.#options.kafkaTopicEpoch, this.#options.kafkaTopic),
      since.map((start, partition) => (start === -1 ? (ends[partition] ?? 0) : start)),
      ends,
    )
    this.#timer = setInterval(() => this.#reportEnds(), this.#parts.inspectEveryMs)
  }

  #missing(): MissingTopicError {
    return new MissingTopicError(this.#options.kafkaTopic, this.#parts.setting ?? 'KAFKA_TOPIC')
  }

  async #openMissing(sinceMs: number): Promise<void> {
    const { createTopic, discovery } = this.#parts
    const { kafkaTopic } = this.#options
    if (createTopic === null) throw this.#missing()
    await createTopic()
    if ((await discovery.describe(kafkaTopic)).topic === null)
      throw new Error(`the topic ${kafkaTopic} was created, but the broker does not know it yet`)
    await this.#open(sinceMs)
  }

  /** Waits for brokers that do not answer. Ends the start when only a change of the configuration helps. */
  async #handleStartFailure(cause: unknown, attempt: number): Promise<void> {
    if (this.#isStopped) return
    const failure = describeKafkaError(cause)
    if (cause instanceof MissingTopicError || isRefusal(failure)) {
      await this.stop()
      throw cause instanceof MissingTopicError
        ? cause
        : new Error(`Kafka refused this gateway (${failure.kind}): ${failure.detail}. Check the KAFKA_* options.`, { cause })
    }
    // A topic that was just created has no leaders yet: one failure is normal.
    if (attempt === 2) this.#parts.logger.warn({ detail: failure.detail, brokers: this.#options.kafkaBrokers }, 'waiting for Kafka')
    this.#report.topicProblem({ kind: 'connecting', detail: failure.detail })
  }

  #begin(view: ClusterView, epoch: string, startOffsets: PartitionOffsets, endOffsets: PartitionOffsets): void {
    this.#epoch = epoch
    this.#cuts = []
    this.#report.reset()
    this.#isSetAside = false
    this.#delivery.open({ epoch, startOffsets, endOffsets })
    const topology = this.#createTopology(view)
    // Before the reader: it must not hear of another topic.
    const unsubscribe = topology.subscribe((seen) => this.#learn(seen))
    const reader = createPartitionReader({
      topic: this.#options.kafkaTopic,
      connect: this.#parts.connect,
      topology,
      handler: this.#handler(),
      positionsAre: 'asked',
      fetch: this.#fetchSettings(),
      now: () => this.#parts.clock.now(),
    })
    this.#life = { reader, topology, unsubscribe }
    reader.assign(startOffsets.map((_, partition) => partition))
    this.#report.health()
  }

  #createTopology(first: ClusterView): Topology {
    const { discovery, inspectEveryMs: everyMs, logger } = this.#parts
    const topic = this.#options.kafkaTopic
    const onStale = (): void => logger.warn({ topic }, 'stale topic description; asking another broker')
    return createTopology({ discovery, topic, everyMs, first, formerIds: this.#formerIds, onStale })
  }

  #fetchSettings() {
    const { kafkaFetchWaitMs: waitMs, kafkaStallTimeoutMs: stallMs, kafkaClientRack: rack } = this.#options
    return { waitMs, stallMs, rack, minBytes: 1, gapMs: fetchGapMs, partitionBytes: 1_048_576 }
  }

  async #endLife(): Promise<void> {
    const life = this.#life
    this.#life = null
    if (life === null) return
    life.unsubscribe()
    life.topology.stop()
    await life.reader.stop()
  }

  // ---- reading

  #handler(): PartitionReaderHandler {
    const { sourceRebuilds } = this.#parts.metrics
    return {
      position: (partition) => this.#delivery.position(partition),
      deliver: (partition, step, marks) => this.#delivery.take(partition, step, marks),
      fetched: (partition, marks) => this.#report.fetched(partition, marks),
      outOfRange: (partition) => this.#outOfRange(partition),
      truncated: (partition, { leaderEpoch, endOffset }) => this.#cut({ partition, leaderEpoch, endOffset }),
      state: (partition, problem) => this.#report.behind(partition, problem),
      replaced: (cause, detail) => {
        sourceRebuilds.add(1, { cause })
        this.#parts.logger.debug({ cause, detail }, 'connection to a leader replaced')
      },
    }
  }

  async #outOfRange(partition: number): Promise<void> {
    const view = this.#life?.topology.view
    if (view === undefined || view === null) return
    const [starts = [], ends = []] = await askOffsets(view, [startOfLog, endOfLog], { ...this.#question, partitions: [partition] })
    const [start = 0, end = 0] = [starts[partition], ends[partition]]
    const position = this.#delivery.position(partition)
    if (position < start) this.#delivery.overtaken(partition, start)
    else if (position > end) this.#cut({ partition, leaderEpoch: -1, endOffset: Math.max(0, end) })
  }

  // ---- another topic of the same name, or another log

  #learn(view: ClusterView): void {
    if (view.topic === null) {
      return this.#report.topicProblem({ kind: 'missing', detail: this.#missing().message })
    }
    const seen = identityOf(view.topic)
    if (wasMadeAgain(this.#identity, seen)) return void this.#reopen(view, seen) // it never rejects
    this.#report.topicProblem(null)
    this.#identity = { topicId: seen.topicId ?? this.#identity.topicId, partitions: seen.partitions }
    if (seen.partitions <= this.#delivery.positions.length && !this.#isSetAside) return
    const isLarger = seen.partitions > this.#delivery.positions.length
    this.#delivery.grow(seen.partitions)
    // The sink hears of new partitions before it gets their records.
    if (isLarger) this.#reportEnds()
    this.#isSetAside = false
    this.#life?.reader.assign(this.#delivery.positions.map((_, partition) => partition))
  }

  /** Opens a recreated topic: no offset of the old one applies. Tried again with the next metadata when a leader does not answer. */
  async #reopen(view: ClusterView, seen: TopicIdentity): Promise<void> {
    if (this.#isReopening || this.#isStopped) return
    this.#isReopening = true
    this.#isSetAside = true
    this.#life?.reader.assign([])
    try {
      const [starts = [], ends = []] = await askOffsets(view, [startOfLog, endOfLog], this.#question)
      if (this.#isStopped) return
      const epoch = nextEpoch({ identity: this.#identity, epoch: epochAfterCuts(this.#epoch, this.#cuts) }, seen, {
        configured: this.#options.kafkaTopicEpoch,
        unique: randomUUID(),
      })
      if (this.#identity.topicId !== null && this.#formerIds.size < maxFormerIds) this.#formerIds.add(this.#identity.topicId)
      if (seen.topicId !== null) this.#formerIds.delete(seen.topicId)
      this.#identity = seen
      void this.#endLife() // closes connections; it never rejects
      this.#parts.metrics.sourceRebuilds.add(1, { cause: 'start' })
      this.#parts.logger.warn({ topic: this.#options.kafkaTopic, epoch }, 'topic recreated')
      this.#begin(view, epoch, starts, ends)
    } catch (cause) {
      const { detail } = describeKafkaError(cause)
      this.#parts.logger.debug({ detail }, 'topic recreated, but its leaders do not answer yet')
      this.#report.topicProblem({ kind: 'connecting', detail: `the topic was recreated, and its leaders do not answer yet: ${detail}` })
      this.#life?.topology.refresh()
    } finally {
      this.#isReopening = false
    }
  }

  /**
   * The cluster lost acknowledged records of this partition. Offsets above the cut mean other records now, so cursors need another epoch.
   * Every partition goes on at its position: the records before it were delivered.
   */
  #cut(cut: LogCut): void {
    if (this.#isStopped || this.#isReopening) return
    const start = Math.min(cut.endOffset, this.#delivery.position(cut.partition))
    const positions = this.#delivery.positions.with(cut.partition, start)
    const ends = positions.map((position, partition) =>
      partition === cut.partition ? position : Math.max(position, this.#report.endOf(partition)),
    )
    this.#parts.logger.error({ ...cut, position: this.#delivery.position(cut.partition) }, 'the cluster lost acknowledged records')
    this.#cuts = withCut(this.#cuts, cut)
    this.#report.cut(cut.partition, start)
    this.#parts.metrics.sourceRebuilds.add(1, { cause: 'start' })
    this.#delivery.open({ epoch: epochAfterCuts(this.#epoch, this.#cuts), startOffsets: positions, endOffsets: ends })
  }

  #reportEnds(): void {
    if (!this.#isStopped && this.#life !== null) this.#report.ends()
  }
}

/** Limit on the ids of deleted topics. A topic that is recreated more often may be shown from its past. */
const maxFormerIds = 1_000

const identityOf = (topic: TopicView): TopicIdentity => ({ topicId: topic.topicId, partitions: topic.partitions.length })

/** The topic is missing, and the gateway may not create it. */
export class MissingTopicError extends Error {
  constructor(topic: string, setting: string) {
    super(`The topic ${topic} does not exist. Create it, name another one with ${setting}, or set KAFKA_CREATE_TOPIC=on.`)
  }
}
