import { randomUUID } from 'node:crypto'
import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import type { PartitionBehind, PartitionOffsets, RecordSink, SourceHealth, SourceProblem } from '../../../replay/record-source.ts'
import { describeKafkaError, isRefusal } from '../kafka-error.ts'
import { createBackOffWait } from '../../../../program/back-off.ts'
import type { ConnectBroker } from '../wire/broker-link.ts'
import type { Discovery } from '../wire/discovery.ts'
import type { ClusterView, TopicView } from '../wire/metadata.ts'
import { Delivery } from './delivery.ts'
import type { KafkaRecordSourceOptions } from './kafka-record-source.ts'
import { createPartitionReader, type PartitionReader, type PartitionReaderHandler, type Watermarks } from './partition-reader.ts'
import { healthOf, isSameHealth } from './source-state.ts'
import { epochAfterCuts, epochOf, nextEpoch, wasMadeAgain, withCut, type LogCut, type TopicIdentity } from './topic-identity.ts'
import { askOffsets, askToRead, type OffsetsQuestion } from './topic-offsets.ts'
import { endOfLog, startOfLog } from '../wire/requests/list-offsets.ts'
import { createTopology, type Topology } from './topology.ts'

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
  /** Creates the topic; null when a missing topic is not the gateway's to create. */
  readonly createTopic: (() => Promise<void>) | null
  /** How often the metadata is asked for, and the sink is told the ends. */
  readonly inspectEveryMs: number
}

/** One life of the topic: from its opening until it is made again or cut. */
interface Life {
  readonly reader: PartitionReader
  readonly topology: Topology
  readonly unsubscribe: () => void
}

/**
 * Reads all partitions of one topic for the sink. It decides where reading begins, notices that the topic is another one or that its log was
 * cut, and says how reading goes. The records themselves come through a `PartitionReader`.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions
  readonly #parts: TopicReaderParts
  readonly #stopping = new AbortController()
  readonly #delivery: Delivery
  readonly #question: OffsetsQuestion
  #identity: TopicIdentity = { topicId: null, partitions: 0 }
  /** Of the topic, before any cut. */
  #epoch = ''
  #cuts: readonly LogCut[] = []
  #life: Life | null = null
  #timer: NodeJS.Timeout | undefined
  #isReopening = false
  /** The partitions were set aside for a topic that is yet to be opened. */
  #isSetAside = false
  /** Of topics that were deleted: a broker that is cut off may show one still. */
  readonly #formerIds = new Set<string>()
  #isHealthDue = false
  readonly #behind = new Map<number, PartitionBehind>()
  /** What the leaders said last, by partition, and which of them said something since the sink was told the ends. */
  readonly #marks = new Map<number, Watermarks>()
  readonly #fresh = new Set<number>()
  #topicProblem: SourceProblem | null = { kind: 'connecting', detail: 'no broker has answered yet' }
  #told: SourceHealth | null = null

  constructor(options: TopicReaderOptions, parts: TopicReaderParts) {
    this.#options = options
    this.#parts = parts
    this.#delivery = new Delivery({ ...parts, stopped: this.#stopping.signal })
    this.#question = { connect: parts.connect, signal: this.#stopping.signal, topic: options.kafkaTopic }
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** Resolves when reading has begun. @throws MissingTopicError, and an Error when the brokers refuse this gateway */
  async start(sinceMs: number): Promise<void> {
    const backOff = createBackOffWait({ firstMs: 100, maxMs: 2_000 })
    for (let attempt = 1; !this.#isStopped; attempt++) {
      try {
        await this.#open(sinceMs)
        return
      } catch (cause) {
        await this.#judgeStartFailure(cause, attempt)
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
    // The ends first: what arrives between the two questions then lies above, and is read.
    const [ends = [], since = []] = await askOffsets(view, [endOfLog, sinceMs], this.#question)
    if (this.#isStopped) return
    this.#identity = identityOf(view.topic)
    this.#begin(
      view,
      epochOf(this.#identity, this.#options.kafkaTopicEpoch, this.#options.kafkaTopic),
      since.map((start, partition) => (start === -1 ? (ends[partition] ?? 0) : start)),
      ends,
    )
    this.#timer = setInterval(() => this.#tellEnds(), this.#parts.inspectEveryMs)
  }

  async #openMissing(sinceMs: number): Promise<void> {
    const { createTopic, discovery } = this.#parts
    const { kafkaTopic } = this.#options
    if (createTopic === null) throw new MissingTopicError(kafkaTopic)
    await createTopic()
    if ((await discovery.describe(kafkaTopic)).topic === null)
      throw new Error(`the topic ${kafkaTopic} was created, but the broker does not know it yet`)
    await this.#open(sinceMs)
  }

  /** Waits for brokers that do not answer. Ends the start when only a change of the configuration helps. */
  async #judgeStartFailure(cause: unknown, attempt: number): Promise<void> {
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
    this.#topicProblem = { kind: 'connecting', detail: failure.detail }
    this.#tellHealth()
  }

  #begin(view: ClusterView, epoch: string, startOffsets: PartitionOffsets, endOffsets: PartitionOffsets): void {
    this.#epoch = epoch
    this.#cuts = []
    this.#behind.clear()
    this.#marks.clear()
    this.#fresh.clear()
    this.#topicProblem = null
    this.#isSetAside = false
    this.#delivery.open({ epoch, startOffsets, endOffsets })
    const topology = this.#createTopology(view)
    // Before the reader: of another topic it must hear nothing.
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
    this.#tellHealth()
  }

  #createTopology(first: ClusterView): Topology {
    const { discovery, inspectEveryMs: everyMs, logger } = this.#parts
    const topic = this.#options.kafkaTopic
    const onStale = (): void => logger.warn({ topic }, 'a broker described the topic as it was before; another broker is asked')
    return createTopology({ discovery, topic, everyMs, first, formerIds: this.#formerIds, onStale })
  }

  #fetchSettings() {
    const { kafkaFetchWaitMs: waitMs, kafkaStallTimeoutMs: stallMs, kafkaClientRack: rack } = this.#options
    return { waitMs, stallMs, rack, minBytes: 1, partitionBytes: 1_048_576 }
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
      fetched: (partition, marks) => this.#fetched(partition, marks),
      outOfRange: (partition) => this.#outOfRange(partition),
      truncated: (partition, { leaderEpoch, endOffset }) => this.#cut({ partition, leaderEpoch, endOffset }),
      state: (partition, problem) => this.#setBehind(partition, problem),
      replaced: (cause, detail) => {
        sourceRebuilds.add(1, { cause })
        this.#parts.logger.debug({ cause, detail }, 'a connection to a leader is replaced')
      },
    }
  }

  #fetched(partition: number, marks: Watermarks): void {
    const isFirst = !this.#marks.has(partition)
    this.#marks.set(partition, marks)
    this.#fresh.add(partition)
    if (isFirst) this.#tellHealth()
  }

  #setBehind(partition: number, problem: PartitionBehind | null): void {
    if (problem === null) this.#behind.delete(partition)
    else this.#behind.set(partition, problem)
    this.#tellHealth()
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
      this.#topicProblem = { kind: 'missing', detail: new MissingTopicError(this.#options.kafkaTopic).message }
      return this.#tellHealth()
    }
    const seen = identityOf(view.topic)
    if (wasMadeAgain(this.#identity, seen)) return void this.#reopen(view, seen) // it never rejects
    if (this.#topicProblem !== null) {
      this.#topicProblem = null
      this.#tellHealth()
    }
    this.#identity = { topicId: seen.topicId ?? this.#identity.topicId, partitions: seen.partitions }
    if (seen.partitions <= this.#delivery.positions.length && !this.#isSetAside) return
    const isLarger = seen.partitions > this.#delivery.positions.length
    this.#delivery.grow(seen.partitions)
    // The sink hears of new partitions before it gets their records.
    if (isLarger) this.#tellEnds()
    this.#isSetAside = false
    this.#life?.reader.assign(this.#delivery.positions.map((_, partition) => partition))
  }

  /** The topic is another one: no offset of before means anything. Tried again with the next metadata when a leader does not answer. */
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
      this.#parts.logger.warn({ topic: this.#options.kafkaTopic, epoch }, 'the topic was made again')
      this.#begin(view, epoch, starts, ends)
    } catch (cause) {
      const { detail } = describeKafkaError(cause)
      this.#parts.logger.debug({ detail }, 'the topic was made again, and its leaders do not answer yet')
      this.#topicProblem = { kind: 'connecting', detail: `the topic was made again, and its leaders do not answer yet: ${detail}` }
      this.#tellHealth()
      this.#life?.topology.refresh()
    } finally {
      this.#isReopening = false
    }
  }

  /**
   * The cluster lost acknowledged records of this partition. Offsets above the cut mean other records now, so cursors need another epoch. Every
   * partition goes on where it stands: what it had was delivered.
   */
  #cut(cut: LogCut): void {
    if (this.#isStopped || this.#isReopening) return
    const start = Math.min(cut.endOffset, this.#delivery.position(cut.partition))
    const positions = this.#delivery.positions.with(cut.partition, start)
    const ends = positions.map((position, partition) =>
      partition === cut.partition ? position : Math.max(position, this.#marks.get(partition)?.lastStableOffset ?? 0),
    )
    this.#parts.logger.error({ ...cut, position: this.#delivery.position(cut.partition) }, 'the cluster lost acknowledged records')
    this.#cuts = withCut(this.#cuts, cut)
    // What the old log told of its end is not true of this one.
    this.#marks.set(cut.partition, { lastStableOffset: start, highWatermark: start, logStartOffset: 0 })
    this.#fresh.delete(cut.partition)
    this.#parts.metrics.sourceRebuilds.add(1, { cause: 'start' })
    this.#delivery.open({ epoch: epochAfterCuts(this.#epoch, this.#cuts), startOffsets: positions, endOffsets: ends })
  }

  // ---- telling

  /** Tells the ends. A partition of which nothing was heard since the last time is not known: -1. */
  #tellEnds(): void {
    if (this.#isStopped || this.#life === null) return
    this.#parts.sink.ends(
      this.#delivery.positions.map((_, partition) =>
        this.#fresh.has(partition) ? (this.#marks.get(partition)?.lastStableOffset ?? -1) : -1,
      ),
    )
    this.#fresh.clear()
    this.#tellHealth()
  }

  /** Tells the health once, however many partitions change at a time. */
  #tellHealth(): void {
    if (this.#isHealthDue) return
    this.#isHealthDue = true
    queueMicrotask(() => {
      this.#isHealthDue = false
      this.#tellHealthNow()
    })
  }

  #tellHealthNow(): void {
    if (this.#isStopped) return
    const uncommittedRecords = [...this.#marks.values()].reduce(
      (sum, { highWatermark, lastStableOffset }) => sum + Math.max(0, highWatermark - lastStableOffset),
      0,
    )
    const partitions = this.#delivery.positions.length
    const health = healthOf({
      partitions,
      behind: this.#behind,
      read: new Set(this.#marks.keys()),
      topicProblem: this.#topicProblem,
      uncommittedRecords,
    })
    if (isSameHealth(health, this.#told)) return
    const wasWell = this.#told !== null && this.#told.problem === null
    this.#told = health
    if (health.problem === null && !wasWell) this.#parts.logger.info({ topic: this.#options.kafkaTopic }, 'reading from Kafka')
    this.#parts.sink.health(health)
  }
}

/** Kept of topics that were deleted. One that is made again more often may be shown from its past. */
const maxFormerIds = 1_000

const identityOf = (topic: TopicView): TopicIdentity => ({ topicId: topic.topicId, partitions: topic.partitions.length })

/** The topic is missing, and the gateway is not to create it. */
export class MissingTopicError extends Error {
  constructor(topic: string) {
    super(`The topic ${topic} does not exist. Create it, name another one with KAFKA_TOPIC, or set KAFKA_CREATE_TOPIC=on.`)
  }
}
