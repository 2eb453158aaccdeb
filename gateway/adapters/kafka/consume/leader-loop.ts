import type { PartitionBehind } from '../../../replay/record-source.ts'
import { BrokerError, describeKafkaError, errorOfCode, isRefusal } from '../kafka-error.ts'
import { createBackOffWait } from '../../../../program/back-off.ts'
import { settledWithin, sleep } from '../../../../program/waiting.ts'
import type { RecordStep } from '../records/read-records.ts'
import { Turns } from '../records/turns.ts'
import type { BrokerAddress, BrokerLink } from '../wire/broker-link.ts'
import type { FetchAnswer, FetchedPartition } from '../wire/requests/fetch.ts'
import { askFetch, offsetsBehind, type AskedFetch } from './asked-fetch.ts'
import type { PartitionReaderParts } from './partition-handler.ts'
import type { PartitionState } from './partition-state.ts'
import { stepsOf } from './partition-steps.ts'
import { isSure, validateEpochs } from './validate-epochs.ts'
import { watermarksOf, type Watermarks } from './watermarks.ts'

/** The parts of the reader that a loop needs. */
export interface LoopOwner {
  readonly parts: PartitionReaderParts
  readonly isStopped: boolean
  /** Id of the topic that is read; null: brokers report none. */
  readonly topicId: string | null
  /** Grows with each answer of the metadata. */
  readonly version: number
  statesOf(broker: number): readonly PartitionState[]
  owns(broker: number, state: PartitionState): boolean
  prefer(state: PartitionState, broker: number): void
  forgetPreference(state: PartitionState): void
  trouble(state: PartitionState, kind: PartitionBehind['kind'], detail: string): void
  fine(state: PartitionState): void
}

/** Time for the handlers of an answer before the loop fetches the other partitions again. */
export const handlersMs = 100
/** Time for a connection. It grows after each failure, because a busy machine is slow. */
const [firstConnectMs, maxConnectMs] = [3_000, 12_000]
const idleMs = 1_000
/** First and longest wait for a partition that its broker does not serve. */
const [failedMs, maxFailedMs] = [100, 5_000]
const refusedMs = 2_000
const failedStepMs = 1_000
const maxThrottleMs = 30_000
/** Partitions that a broker does not serve for longer than this are reported. */
const reportedThrottleMs = 5_000
/** A broker without records holds the fetch. One that answers at once instead is asked no more often than this. */
const leastRoundMs = 50
/** OFFSET_OUT_OF_RANGE: https://kafka.apache.org/protocol.html#protocol_error_codes */
const offsetOutOfRange = 1

/**
 * Reads from one broker the partitions that the reader places there: connect, validate, fetch, hand over, again. No step waits for another
 * broker.
 */
export class LeaderLoop {
  readonly #owner: LoopOwner
  readonly #broker: number
  readonly #stopping = new AbortController()
  readonly #backOff = createBackOffWait({ firstMs: 100, maxMs: 5_000 })
  /** Rounds that failed in a row. */
  #failures = 0
  readonly #running: Promise<void>
  #link: BrokerLink | null = null
  /** Ends the present wait; null without one. */
  #waking: AbortController | null = null
  #turn = 0
  /** The turns of the event loop that decoding and handling share, over all partitions of this broker. */
  readonly #turns = new Turns()
  /** The fetch in progress while the answer before it is handled. */
  #ahead: AskedFetch | null = null
  /**
   * True when the last answer was handled in time and could be read. Otherwise the records of another fetch would take memory, or be
   * dropped.
   */
  #keepsUp = true

  constructor(owner: LoopOwner, broker: number) {
    this.#owner = owner
    this.#broker = broker
    this.#running = this.#run()
  }

  /** Ends a wait of the loop: there may be something to fetch. */
  wake(): void {
    this.#waking?.abort()
  }

  /** Takes the broker's address in the newest metadata. A connection to another address is closed. */
  follow(address: BrokerAddress | undefined): void {
    const link = this.#link
    if (link !== null && address !== undefined && !isSame(link.address, address)) link.close()
    this.wake()
  }

  /** Closes the connection at once. */
  stop(): Promise<void> {
    this.#stopping.abort()
    this.#link?.close()
    return this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const due = this.#due()
      if (due.length === 0) await this.#idle()
      else await this.#round(due).catch((cause: unknown) => this.#handleFailure(cause))
    }
    this.#link?.close()
  }

  async #idle(): Promise<void> {
    const [now, { version }] = [this.#owner.parts.now(), this.#owner]
    const waits = this.#owner
      .statesOf(this.#broker)
      .filter((state) => !state.isBusy && state.waitsForVersion <= version)
      .map(({ retryAtMs }) => retryAtMs - now)
    const waitMs = waits.reduce((least, wait) => Math.min(least, wait), idleMs)
    const waking = new AbortController()
    this.#waking = waking
    await sleep(Math.max(10, waitMs), [this.#stopping.signal, waking.signal])
    this.#waking = null
  }

  /** Returns the partitions to fetch now. A broker fills its answer from the front, so those that waited longest come first. */
  #due(): readonly PartitionState[] {
    const [now, { version }] = [this.#owner.parts.now(), this.#owner]
    const due = this.#owner
      .statesOf(this.#broker)
      .filter((state) => !state.isBusy && state.retryAtMs <= now && state.waitsForVersion <= version)
    return due.toSorted((left, right) => left.servedTurn - right.servedTurn)
  }

  async #round(due: readonly PartitionState[]): Promise<void> {
    const asked = this.#ahead ?? (await this.#askFor(due))
    this.#ahead = null
    if (asked === null) return
    const { timers } = this.#owner.parts
    const answer = await asked.answer
    await this.#take(answer, asked)
    this.#backOff.reset()
    this.#failures = 0
    const waitMs = Math.max(this.#gapAfter(answer) - (performance.now() - asked.askedAt), Math.min(answer.throttleMs, maxThrottleMs))
    if (answer.throttleMs > reportedThrottleMs) this.#reportThrottle(asked.states, answer.throttleMs)
    if (waitMs > 0) await sleep(waitMs, [this.#stopping.signal], timers)
  }

  /** Returns the least time from a fetch to the next one, in milliseconds. None when the broker has more records: the next fetch is on its way. */
  #gapAfter({ partitions }: FetchAnswer): number {
    if (this.#ahead !== null) return 0
    const { fetch } = this.#owner.parts
    return partitions.every(({ records }) => records.length === 0) ? Math.min(leastRoundMs, fetch.waitMs) : fetch.gapMs
  }

  #reportThrottle(states: readonly PartitionState[], throttleMs: number): void {
    for (const state of states)
      if (this.#owner.owns(this.#broker, state))
        this.#owner.trouble(state, 'stalled', `the broker throttles this client for ${throttleMs} ms (a quota)`)
  }

  async #connected(): Promise<BrokerLink> {
    if (this.#link?.isOpen === true) return this.#link
    const address = this.#owner.parts.topology.view?.brokers.get(this.#broker)
    if (address === undefined) throw new BrokerError('stale-leader', '', `the metadata has no address of broker ${this.#broker}`)
    const link = await this.#owner.parts.connect(address, {
      signal: this.#stopping.signal,
      connectTimeoutMs: Math.min(maxConnectMs, firstConnectMs * 2 ** this.#failures),
    })
    this.#link = link
    if (this.#stopping.signal.aborted) link.close()
    return link
  }

  // ---- one fetch

  async #askFor(due: readonly PartitionState[]): Promise<AskedFetch | null> {
    const link = await this.#connected()
    const { topic, handler, fetch } = this.#owner.parts
    const valid = await validateEpochs(link, due, {
      topic,
      handler,
      owns: (state) => this.#owner.owns(this.#broker, state),
      failed: (state, code) => this.#failed(state, code),
    })
    if (valid.length === 0) return null
    const holdMs = valid.every(({ isAnswered }) => isAnswered) ? fetch.waitMs : 0
    return this.#ask(link, new Map(valid.map((state) => [state, handler.position(state.partition)])), holdMs)
  }

  #ask(link: BrokerLink, wanted: ReadonlyMap<PartitionState, number>, holdMs: number): AskedFetch {
    return askFetch(link, wanted, holdMs, { ...this.#owner.parts, topicId: this.#owner.topicId })
  }

  /**
   * Sends the next fetch before this answer is handled, when the broker has more. Its answer comes while the records are decoded. It asks
   * for the offsets that follow if all of this answer can be read. If they turn out wrong, its answer is dropped (`#isExpected`) and asked
   * for again.
   */
  #askAhead(answer: FetchAnswer, asked: AskedFetch): void {
    const { link } = asked
    const { partitions, throttleMs } = answer
    if (throttleMs > 0 || !link.isOpen || this.#stopping.signal.aborted || partitions.every(({ records }) => records.length === 0)) return
    const due = this.#due()
    // For the other partitions, the leader is first asked where its log diverges from the previous log.
    if (!due.every(isSure)) return
    const next = offsetsBehind(answer, asked)
    if (next === null) return
    // Partitions that were not asked for come along, and first: otherwise they would wait until the others have no more.
    const others = due
      .filter((state) => !asked.states.includes(state))
      .map((state) => [state, this.#owner.parts.handler.position(state.partition)] as const)
    this.#ahead = this.#ask(link, new Map([...others, ...next]), 0)
  }

  /** Returns whether a fetch that is sent now would ask for the same offset of the same leader. */
  #isExpected(state: PartitionState, { offsets, epochs }: AskedFetch): boolean {
    if (
      !this.#owner.owns(this.#broker, state) ||
      state.isBusy ||
      state.retryAtMs > this.#owner.parts.now() ||
      state.waitsForVersion > this.#owner.version
    )
      return false
    return (
      epochs.get(state.partition) === state.leaderEpoch &&
      offsets.get(state.partition) === this.#owner.parts.handler.position(state.partition)
    )
  }

  async #take(answer: FetchAnswer, asked: AskedFetch): Promise<void> {
    if (answer.errorCode !== 0) throw errorOfCode(answer.errorCode, `let this gateway read ${this.#owner.parts.topic}`)
    this.#turns.begin()
    const expected = asked.states.filter((state) => this.#isExpected(state, asked))
    if (expected.length > 0 && this.#keepsUp) this.#askAhead(answer, { ...asked, states: expected })
    const answerBytes = answer.partitions.reduce((sum, { records }) => sum + records.length, 0)
    const missing = new Map(expected.map((state) => [state.partition, state]))
    const handled = answer.partitions.flatMap((fetched) => {
      const state = missing.get(fetched.partition)
      missing.delete(fetched.partition) // each once: an answer that repeats a partition, or has another one, is not believed
      return state === undefined
        ? []
        : [
            this.#takePartition(
              state,
              { ...fetched, records: ownPart(fetched.records, answerBytes) },
              asked.offsets.get(fetched.partition) ?? 0,
            ),
          ]
    })
    for (const state of missing.values()) this.#failed(state, 0)
    await settledWithin(Promise.all(handled), handlersMs)
    const now = this.#owner.parts.now()
    this.#keepsUp = expected.every(({ isBusy, retryAtMs }) => !isBusy && retryAtMs <= now)
  }

  async #takePartition(state: PartitionState, fetched: FetchedPartition, offset: number): Promise<void> {
    if (!this.#owner.owns(this.#broker, state)) return
    if (fetched.errorCode === offsetOutOfRange) return this.#outOfRange(state)
    if (fetched.errorCode !== 0) return this.#failed(state, fetched.errorCode)
    // A replica that names another replica is not followed: two of them could go on without end.
    if (fetched.preferredReplica >= 0 && fetched.preferredReplica !== this.#broker && state.preferred === null)
      return this.#owner.prefer(state, fetched.preferredReplica)
    state.isAnswered = true
    // `#isExpected`: the epoch is that of the request.
    if (state.validatedEpoch === -1) state.validatedEpoch = state.leaderEpoch
    const watermarks = watermarksOf(fetched)
    state.highWatermark = Math.max(state.highWatermark, watermarks.highWatermark)
    const hasRecords = fetched.records.length > 0
    this.#checkProgress(state, watermarks.lastStableOffset > offset && !hasRecords)
    this.#owner.parts.handler.fetched(state.partition, watermarks)
    if (hasRecords) await this.#deliver(state, fetched, offset, watermarks)
    else state.failures = 0
  }

  /** Notices a partition with records of which none comes: its broker is throttled, or broken. */
  #checkProgress(state: PartitionState, isStalled: boolean): void {
    const now = this.#owner.parts.now()
    state.stalledSinceMs = isStalled ? (state.stalledSinceMs ?? now) : null
    if (state.stalledSinceMs === null) return this.#owner.fine(state)
    if (now - state.stalledSinceMs < this.#owner.parts.fetch.stallMs) return
    state.stalledSinceMs = now
    const detail = `the partition has records, and none came for ${this.#owner.parts.fetch.stallMs} ms`
    this.#owner.trouble(state, 'stalled', detail)
    this.#owner.parts.handler.replaced('stall', detail)
    this.#link?.close()
    this.#ahead = null
  }

  async #deliver(state: PartitionState, fetched: FetchedPartition, offset: number, watermarks: Watermarks): Promise<void> {
    state.isBusy = true
    state.servedTurn = ++this.#turn
    try {
      const first = await this.#handOver(
        state,
        stepsOf(state, { ...fetched, ...watermarks }, offset, { leastBytes: this.#owner.parts.fetch.partitionBytes, turns: this.#turns }),
        watermarks,
      )
      if (first === null) this.#retryLater(state, failedMs)
      else state.failures = 0
      // Each unreadable batch is a log line: a broker that sends nothing else is asked less often.
      if (first === 'unreadable') state.retryAtMs = this.#owner.parts.now() + leastRoundMs
    } catch {
      // The handler has logged the reason. The step comes again.
      state.retryAtMs = this.#owner.parts.now() + failedStepMs
    } finally {
      state.isBusy = false
      this.wake()
    }
  }

  /** Returns the kind of the first step; null without a step. */
  async #handOver(state: PartitionState, steps: AsyncIterable<RecordStep>, watermarks: Watermarks): Promise<RecordStep['kind'] | null> {
    let first: RecordStep['kind'] | null = null
    for await (const step of steps) {
      if (!this.#owner.owns(this.#broker, state)) break
      first ??= step.kind
      await this.#owner.parts.handler.deliver(state.partition, step, watermarks)
      await this.#turns.rest()
    }
    return first
  }

  async #outOfRange(state: PartitionState): Promise<void> {
    if (state.preferred !== null) return this.#owner.forgetPreference(state) // a replica may be behind its leader
    state.isBusy = true
    const { handler } = this.#owner.parts
    try {
      const before = handler.position(state.partition)
      await handler.outOfRange(state.partition)
      // The end of the old log does not apply to the present one.
      state.highWatermark = handler.position(state.partition)
      state.validatedEpoch = -1
      this.#retryLater(state, failedMs)
      if (state.failures === 1) state.retryAtMs = 0 // the first time, the next offset is asked for at once
      if (state.highWatermark === before)
        this.#owner.trouble(state, 'stalled', `the broker calls offset ${before} out of range, and it is within the log`)
    } catch (cause) {
      this.#retryLater(state, failedStepMs)
      this.#owner.trouble(state, 'unreachable', describeKafkaError(cause).detail)
    } finally {
      state.isBusy = false
      this.wake()
    }
  }

  // ---- what goes wrong

  /**
   * Handles a broker that answered and does not serve this partition.
   * @param errorCode 0: the answer leaves the partition out
   */
  #failed(state: PartitionState, errorCode: number): void {
    const what = `let this gateway read partition ${state.partition} of ${this.#owner.parts.topic}`
    const error =
      errorCode === 0 ? new BrokerError('transient', '', `Kafka did not ${what}: the answer leaves it out`) : errorOfCode(errorCode, what)
    const isRefused = isRefusal(describeKafkaError(error))
    this.#retryLater(state, isRefused ? refusedMs : failedMs)
    if (state.preferred !== null) this.#owner.forgetPreference(state)
    this.#owner.trouble(state, isRefused ? 'refused' : error.kind === 'stale-leader' ? 'no-leader' : 'unreachable', error.message)
    if (error.kind !== 'stale-leader') return
    state.waitsForVersion = this.#owner.version + 1
    this.#owner.parts.topology.refresh()
  }

  /** Leaves the partition alone, for longer with each failure in a row. */
  #retryLater(state: PartitionState, firstMs: number): void {
    const waitMs = Math.min(maxFailedMs, firstMs * 2 ** Math.min(state.failures, 10))
    state.failures += 1
    state.retryAtMs = this.#owner.parts.now() + waitMs * (0.5 + Math.random() / 2)
  }

  /** Handles a broker that did not answer. Its partitions wait, and the metadata is asked whether other brokers lead them now. */
  async #handleFailure(cause: unknown): Promise<void> {
    const wasOpen = this.#link !== null
    this.#link?.close()
    this.#link = null
    this.#ahead = null
    if (this.#stopping.signal.aborted) return
    const failure = describeKafkaError(cause)
    if (wasOpen) this.#owner.parts.handler.replaced('crash', failure.detail)
    const kind = isRefusal(failure) ? 'refused' : 'unreachable'
    for (const state of this.#owner.statesOf(this.#broker)) {
      this.#owner.trouble(state, kind, failure.detail)
      if (state.preferred !== null) this.#owner.forgetPreference(state)
    }
    this.#owner.parts.topology.refresh()
    this.#failures += 1
    await this.#backOff.wait(this.#stopping.signal)
  }
}

/**
 * Returns the records, copied unless they are most of the answer. A handler that waits then holds on to its own partition, and not to all
 * others.
 */
const ownPart = (records: Buffer, answerBytes: number): Buffer => (records.length * 2 > answerBytes ? records : Buffer.from(records))

const isSame = (left: BrokerAddress, right: BrokerAddress): boolean => left.host === right.host && left.port === right.port
