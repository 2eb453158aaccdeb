import { randomUUID } from 'node:crypto'
import type { Logger } from '../../../observability/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import { healthySource, type PartitionOffsets, type RecordSink } from '../../../replay/record-source.ts'
import type { ConsumerHandler, ConsumerLife } from './consumer-life.ts'
import { Delivery, type Fetcher } from './delivery.ts'
import { describeKafkaError, isRefusal } from '../kafka-error.ts'
import type { KafkaRecordSourceOptions } from './kafka-record-source.ts'
import { createBackoff, pause, within } from '../patience.ts'
import { createStallWatch } from './stall-watch.ts'
import { backwards, countBackwards, epochOf, isKnown, looksUntilCut, nextEpoch, wasMadeAnew, type TopicIdentity } from './topic-identity.ts'
import type { TopicInspector } from '../wire/topic-inspector.ts'

export type TopicReaderOptions = Pick<KafkaRecordSourceOptions, 'channel' | 'kafkaBrokers' | 'kafkaClientId' | 'kafkaTopic' | 'kafkaTopicEpoch' | 'kafkaStallTimeoutMs'>

export interface TopicReaderParts {
  readonly sink: RecordSink
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'sourceRebuilds'>
  readonly clock: { now(): number }
  readonly inspector: TopicInspector
  /** Starts a consumer in a group of that name. */
  readonly startConsumer: (groupId: string, handler: ConsumerHandler) => ConsumerLife
  /** Creates the topic; null when a missing topic is not ours to create. */
  readonly createTopic: (() => Promise<void>) | null
  /** How often the broker is asked what the topic is, and where it ends. */
  readonly inspectEveryMs: number
}

/** How soon it is asked again after a failure. */
const inspectAgainMs = 500
const inspectTimeoutMs = 3_000
const closeTimeoutMs = 5_000

interface ReaderProblem {
  readonly kind: 'connecting' | 'stalled' | 'crashed' | 'rebuilding'
  readonly detail: string
}

/** Why the consumer is replaced. */
interface Break {
  readonly cause: 'crash' | 'stall' | 'start'
  readonly detail: string
}

/**
 * Two loops over one topic. One keeps a consumer alive: when it breaks, the next begins where `Delivery` stands. The other looks at the
 * topic from outside every two seconds: it tells the sink the ends, and breaks the consumer when it stalls or the topic is another one.
 */
export class TopicReader {
  readonly #options: TopicReaderOptions
  readonly #parts: TopicReaderParts
  readonly #stopping = new AbortController()
  readonly #delivery: Delivery
  readonly #stalls
  readonly #backoff = createBackoff({ firstMs: 250, maxMs: 5_000 })
  #loops: Promise<unknown> = Promise.resolve()
  #identity: TopicIdentity = { topicId: null, partitions: 0 }
  #epoch = ''
  /** How far back from now reading begins when there is nowhere to go on from. */
  #windowMs = 0
  /** Grows with each consumer: what an earlier one brings is dropped. */
  #generation = 0
  #breakConsumer: (reason: Break) => void = () => undefined
  #consumerProblem: ReaderProblem | null = { kind: 'connecting', detail: 'the consumer is joining its group' }
  #inspectProblem: ReaderProblem | null = null
  /** Where the consumer stood when it was found to stall. */
  #stalledAt: { readonly partition: number; readonly position: number } | null = null
  #told: ReaderProblem | null | undefined
  /** Partitions whose offsets ran backwards when last looked at, and how often in a row. */
  #backwards: ReadonlyMap<number, number> = new Map()

  constructor(options: TopicReaderOptions, parts: TopicReaderParts) {
    this.#options = options
    this.#parts = parts
    this.#delivery = new Delivery(parts.sink, parts.logger, this.#stopping.signal)
    this.#stalls = createStallWatch(options.kafkaStallTimeoutMs)
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  async start(sinceMs: number): Promise<void> {
    this.#windowMs = Math.max(0, this.#parts.clock.now() - sinceMs)
    const backoff = createBackoff({ firstMs: 250, maxMs: 5_000 })
    for (let attempt = 1; !this.#isStopped; attempt++) {
      try {
        await this.#open(sinceMs)
        break
      } catch (cause) {
        await this.#bearStartFailure(cause, attempt)
        await backoff.wait(this.#stopping.signal)
      }
    }
    if (!this.#isStopped) this.#loops = Promise.all([this.#keepConsuming(), this.#keepInspecting()])
    else await this.#closeInspector() // an attempt that was under way may have connected since
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#breakConsumer({ cause: 'start', detail: 'stopping' })
    await within(this.#loops, closeTimeoutMs, 'ending the consumer').catch(() => undefined) // a question that no broker answers: it times out by itself
    await this.#closeInspector()
  }

  async #closeInspector(): Promise<void> {
    await within(this.#parts.inspector.close(), closeTimeoutMs, 'closing the connection').catch(() => undefined) // the brokers are gone: so is the connection, soon
  }

  // ---- where to begin

  /** @throws MissingTopicError, and what kafkajs throws */
  async #open(sinceMs: number): Promise<void> {
    const identity = await this.#parts.inspector.describe()
    if (identity === null) return this.#openMissing(sinceMs)
    // The ends first: what arrives between the two questions then lies above, and is read.
    const ends = await this.#knownEnds(identity.partitions)
    const starts = await this.#parts.inspector.offsetsAt(identity.partitions, sinceMs)
    this.#identity = identity
    this.#epoch = epochOf(identity, this.#options.kafkaTopicEpoch, this.#options.kafkaTopic)
    this.#inspectProblem = null
    this.#delivery.open({ epoch: this.#epoch, startOffsets: starts.map((start, partition) => (start === -1 ? (ends[partition] ?? 0) : start)), endOffsets: ends })
    this.#tellHealth()
  }

  /** @throws Error while a partition has no leader: where it ends, and so where to begin, is not known */
  async #knownEnds(partitions: number): Promise<PartitionOffsets> {
    const ends = await this.#parts.inspector.endOffsets(partitions)
    const unknown = ends.findIndex((end) => !isKnown(end))
    if (unknown !== -1) throw new Error(`partition ${unknown} has no leader`)
    return ends
  }

  async #openMissing(sinceMs: number): Promise<void> {
    const { createTopic, inspector } = this.#parts
    const { kafkaTopic } = this.#options
    if (createTopic === null) throw new MissingTopicError(kafkaTopic)
    await createTopic()
    if ((await inspector.describe()) === null) throw new Error(`the topic ${kafkaTopic} was created, but the broker does not know of it yet`)
    await this.#open(sinceMs)
  }

  /** Brokers that do not answer are waited for; anything else is the operator's to mend. */
  async #bearStartFailure(cause: unknown, attempt: number): Promise<void> {
    if (this.#isStopped) return
    const failure = describeKafkaError(cause)
    if (cause instanceof MissingTopicError || isRefusal(failure)) {
      await this.stop()
      throw cause instanceof MissingTopicError ? cause : new Error(`Kafka refused this gateway (${failure.kind}): ${failure.detail}. Check the KAFKA_* options.`, { cause })
    }
    // A topic that was made just now has no leaders yet: once is nothing to be told.
    if (attempt === 2) this.#parts.logger.warn({ detail: failure.detail, brokers: this.#options.kafkaBrokers }, 'waiting for Kafka')
    this.#inspectProblem = { kind: 'connecting', detail: failure.detail }
    this.#tellHealth()
  }

  // ---- the consumer

  async #keepConsuming(): Promise<void> {
    while (!this.#isStopped) {
      const reason = await this.#consumeUntilBroken()
      if (this.#isStopped) return
      this.#parts.metrics.sourceRebuilds.add(1, { cause: reason.cause })
      if (reason.cause === 'crash') await this.#backoff.wait(this.#stopping.signal)
      if (reason.cause === 'crash') this.#setConsumerProblem({ kind: 'rebuilding', detail: `after: ${reason.detail}` })
    }
  }

  async #consumeUntilBroken(): Promise<Break> {
    const generation = ++this.#generation
    const { promise: interrupted, resolve } = Promise.withResolvers<Break>()
    this.#breakConsumer = resolve
    const life = this.#startLife(generation)
    const crashed = life.broken.then((detail): Break => ({ cause: 'crash', detail }))
    const reason = await Promise.race([crashed, interrupted])
    if (this.#generation === generation) this.#generation++
    this.#stalls.reset()
    this.#logBreak(reason)
    if (reason.cause === 'crash') this.#setConsumerProblem({ kind: 'crashed', detail: reason.detail })
    await life.end()
    return reason
  }

  /** Once per trouble: what follows until reading goes on is for debugging. */
  #logBreak({ cause, detail }: Break): void {
    if (this.#isStopped) return
    const level = this.#consumerProblem === null || cause !== 'crash' ? 'warn' : 'debug'
    this.#parts.logger[level]({ cause, detail }, 'the consumer is replaced')
  }

  #startLife(generation: number): ConsumerLife {
    const { kafkaClientId, channel } = this.#options
    const fetcher: Fetcher = { isCurrent: () => this.#generation === generation, seek: (partition, offset) => life.seek(partition, offset) }
    // Another group each time: one that lost its broker without a goodbye would keep a newcomer waiting until it expires.
    const life = this.#parts.startConsumer(`${kafkaClientId}.${channel}.${randomUUID()}`, {
      offsetsToSeek: (partitions) => new Map(partitions.map((partition) => [partition, this.#delivery.positions[partition] ?? 0])),
      fetched: () => {
        if (fetcher.isCurrent()) this.#fetched()
      },
      batch: (batch) => this.#delivery.deliver(batch, fetcher),
    })
    return life
  }

  /** The consumer reads. One that replaced a stalled one has to move, too. */
  #fetched(): void {
    this.#backoff.reset()
    if (this.#consumerProblem !== null && this.#consumerProblem.kind !== 'stalled') this.#setConsumerProblem(null)
  }

  // ---- the topic, from outside

  async #keepInspecting(): Promise<void> {
    let failures = 0
    while (!this.#isStopped) {
      await pause(failures === 0 ? this.#parts.inspectEveryMs : Math.min(inspectAgainMs, this.#parts.inspectEveryMs), this.#stopping.signal)
      if (this.#isStopped) return
      try {
        await this.#inspect()
        // The brokers are back: the consumer need not wait any longer for its next attempt.
        if (failures > 0) this.#backoff.wake()
        failures = 0
        this.#inspectProblem = null
      } catch (cause) {
        failures++
        if (failures >= 2) this.#inspectProblem = { kind: 'connecting', detail: describeKafkaError(cause).detail }
        // Close: kafkajs may hold on to a connection that is no more. It may hang, too, and nobody waits for it.
        void this.#parts.inspector.close().catch(() => undefined)
      }
      this.#tellHealth()
    }
  }

  async #inspect(): Promise<void> {
    const { identity, ends } = await within(this.#look(), inspectTimeoutMs, 'asking the broker for the ends of the partitions')
    if (this.#isStopped) return
    if (wasMadeAnew(this.#identity, identity)) return this.#reopen(identity, await this.#parts.inspector.startOffsets(identity.partitions))
    const ranBackwards = backwards(this.#delivery.positions, ends)
    this.#backwards = countBackwards(this.#backwards, ranBackwards)
    if ([...this.#backwards.values()].some((looks) => looks >= looksUntilCut)) return this.#reopen(identity, await this.#offsetsOfWindow(ends))
    this.#identity = identity
    this.#delivery.setEnds(ends.map((end, partition) => (ranBackwards.has(partition) || !isKnown(end) ? (this.#delivery.ends[partition] ?? 0) : end)))
    this.#watchForStall()
  }

  async #look(): Promise<{ readonly identity: TopicIdentity; readonly ends: PartitionOffsets }> {
    const identity = await this.#parts.inspector.describe()
    if (identity === null) throw new MissingTopicError(this.#options.kafkaTopic)
    return { identity, ends: await this.#parts.inspector.endOffsets(identity.partitions) }
  }

  async #offsetsOfWindow(ends: PartitionOffsets): Promise<PartitionOffsets> {
    const starts = await this.#parts.inspector.offsetsAt(ends.length, this.#parts.clock.now() - this.#windowMs)
    return starts.map((start, partition) => (start === -1 ? (ends[partition] ?? 0) : start))
  }

  /** The topic is another than the one that was read: no offset of before means anything. */
  async #reopen(identity: TopicIdentity, startOffsets: PartitionOffsets): Promise<void> {
    const endOffsets = await this.#knownEnds(identity.partitions)
    if (this.#isStopped) return
    this.#generation++
    this.#epoch = nextEpoch({ identity: this.#identity, epoch: this.#epoch }, identity, { configured: this.#options.kafkaTopicEpoch, unique: randomUUID() })
    this.#identity = identity
    this.#backwards = new Map()
    this.#parts.logger.warn({ topic: this.#options.kafkaTopic, epoch: this.#epoch }, 'the topic was made anew, or its offsets ran backwards')
    this.#delivery.open({ epoch: this.#epoch, startOffsets, endOffsets })
    this.#setConsumerProblem({ kind: 'rebuilding', detail: 'the topic is another one of the same name' })
    this.#breakConsumer({ cause: 'start', detail: 'the topic is another one' })
  }

  #watchForStall(): void {
    const { positions, ends, busy } = this.#delivery
    this.#judgeRecovery()
    const partition = this.#stalls.look({ nowMs: this.#parts.clock.now(), positions, ends, busy })
    if (partition !== null) {
      const detail = `partition ${partition} has stood at offset ${positions[partition]} for ${this.#options.kafkaStallTimeoutMs} ms, with its end at ${ends[partition]}`
      this.#stalledAt = { partition, position: positions[partition] ?? 0 }
      this.#setConsumerProblem({ kind: 'stalled', detail })
      this.#breakConsumer({ cause: 'stall', detail })
    }
  }

  #judgeRecovery(): void {
    if (this.#stalledAt === null) return
    const { partition, position } = this.#stalledAt
    const now = this.#delivery.positions[partition] ?? 0
    if (now <= position && now < (this.#delivery.ends[partition] ?? 0)) return
    this.#stalledAt = null
    if (this.#consumerProblem?.kind === 'stalled') this.#setConsumerProblem(null)
  }

  // ---- health

  #setConsumerProblem(problem: ReaderProblem | null): void {
    this.#consumerProblem = problem
    this.#tellHealth()
  }

  #tellHealth(): void {
    const problem = this.#inspectProblem ?? this.#consumerProblem
    if (this.#isStopped || isSame(problem, this.#told)) return
    this.#told = problem
    if (problem === null) this.#parts.logger.info({ topic: this.#options.kafkaTopic }, 'reading from Kafka')
    const detail = problem?.kind === 'connecting' ? problem.detail : `${problem?.kind}: ${problem?.detail}`
    this.#parts.sink.health({ ...healthySource, problem: problem === null ? null : { kind: 'connecting', detail } })
  }
}

function isSame(left: ReaderProblem | null, right: ReaderProblem | null | undefined): boolean {
  if (left === null || right === null || right === undefined) return left === right
  return left.kind === right.kind && left.detail === right.detail
}

/** The topic is missing and nobody is to create it. */
class MissingTopicError extends Error {
  constructor(topic: string) {
    super(`the topic ${topic} does not exist: create it, name another one with KAFKA_TOPIC, or let the gateway create it with KAFKA_CREATE_TOPIC=on`)
  }
}
