import type { PartitionBehind } from '../../../replay/record-source.ts'
import { BrokerError, describeKafkaError, errorOfCode, isRefusal } from '../kafka-error.ts'
import { createBackOffWait } from '../../../../program/back-off.ts'
import { settledWithin, sleep } from '../../../../program/waiting.ts'
import { endOfBatches } from '../records/batch.ts'
import { readRecords, stuckBatch, type RecordStep } from '../records/read-records.ts'
import { Turns } from '../records/turns.ts'
import type { BrokerAddress, BrokerLink } from '../wire/broker-link.ts'
import { fetchRequest, type FetchAnswer, type FetchedPartition } from '../wire/requests/fetch.ts'
import type { PartitionReaderParts, Watermarks } from './partition-reader.ts'
import type { PartitionState } from './partition-state.ts'
import { isSure, validateEpochs } from './validate-epochs.ts'
import { watermarksOf } from './watermarks.ts'

/** What a loop needs of the reader that it belongs to. */
export interface LoopOwner {
  readonly parts: PartitionReaderParts
  readonly isStopped: boolean
  /** Of the topic that is read; null: brokers tell none. */
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

/** Most bytes of one answer. A single batch that is larger comes whole. */
export const maxFetchBytes = 1_048_576
/** How long a loop waits for the handlers of an answer before it fetches the other partitions again. */
export const handlersMs = 100
/** How long a connection may take: longer after each failure, for a busy machine takes its time. */
const [firstConnectMs, maxConnectMs] = [3_000, 12_000]
const idleMs = 1_000
/** The first wait for a partition that its broker does not serve, and the longest. */
const [failedMs, maxFailedMs] = [100, 5_000]
const refusedMs = 2_000
const failedStepMs = 1_000
const maxThrottleMs = 30_000
/** Partitions that a broker does not serve for longer than this are named. */
const toldThrottleMs = 5_000
/** A broker that has nothing holds the fetch. One that answers at once instead is asked no more often than this. */
const leastRoundMs = 50
/** A larger batch is given up: the answer with it would be longer than a link takes. */
const maxBatchBytes = 60 * 1_048_576
/** OFFSET_OUT_OF_RANGE: https://kafka.apache.org/protocol.html#protocol_error_codes */
const offsetOutOfRange = 1

/** A fetch that was sent, with its offsets. */
interface Asked {
  readonly link: BrokerLink
  readonly states: readonly PartitionState[]
  /** By partition, the offset that was asked for. `epochs` has the epoch of the leader that was asked. */
  readonly offsets: ReadonlyMap<number, number>
  readonly epochs: ReadonlyMap<number, number>
  readonly askedAt: number
  readonly answer: Promise<FetchAnswer>
}

/** Reads from one broker what the reader places there: connect, validate, fetch, hand over, again. Nothing here waits for another broker. */
export class LeaderLoop {
  readonly #owner: LoopOwner
  readonly #broker: number
  readonly #stopping = new AbortController()
  readonly #backOff = createBackOffWait({ firstMs: 100, maxMs: 5_000 })
  /** Rounds that failed in a row. */
  #failures = 0
  readonly #running: Promise<void>
  #link: BrokerLink | null = null
  /** Ends the wait that is under way; null when there is none. */
  #waking: AbortController | null = null
  #turn = 0
  /** The turns of the event loop that decoding and handling share, over all partitions of this broker. */
  readonly #turns = new Turns()
  /** The fetch that is under way while the answer before it is handled. */
  #ahead: Asked | null = null
  /** Whether the last answer was handled in time and could be read. Otherwise records of another fetch would take memory, or be dropped. */
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

  /** Hears where the broker is, as the newest metadata say: a connection to another place is given up. */
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
      else await this.#round(due).catch((cause: unknown) => this.#bear(cause))
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

  /** Returns the partitions to fetch now. A broker fills its answer from the front: first come those that had to wait longest. */
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
    const { fetch } = this.#owner.parts
    const answer = await asked.answer
    await this.#take(answer, asked)
    this.#backOff.reset()
    this.#failures = 0
    const isEmpty = answer.partitions.every(({ records }) => records.length === 0)
    const spareMs = isEmpty ? Math.min(leastRoundMs, fetch.waitMs) - (performance.now() - asked.askedAt) : 0
    const waitMs = Math.max(spareMs, Math.min(answer.throttleMs, maxThrottleMs))
    if (answer.throttleMs > toldThrottleMs) this.#tellThrottle(asked.states, answer.throttleMs)
    if (waitMs > 0) await sleep(waitMs, [this.#stopping.signal])
  }

  #tellThrottle(states: readonly PartitionState[], throttleMs: number): void {
    for (const state of states)
      if (this.#owner.owns(this.#broker, state))
        this.#owner.trouble(state, 'stalled', `the broker wants to be left alone for ${throttleMs} ms (a quota)`)
  }

  async #connected(): Promise<BrokerLink> {
    if (this.#link?.isOpen === true) return this.#link
    const address = this.#owner.parts.topology.view?.brokers.get(this.#broker)
    if (address === undefined) throw new BrokerError('stale-leader', '', `the metadata does not say where broker ${this.#broker} is`)
    const link = await this.#owner.parts.connect(address, {
      signal: this.#stopping.signal,
      connectTimeoutMs: Math.min(maxConnectMs, firstConnectMs * 2 ** this.#failures),
    })
    this.#link = link
    if (this.#stopping.signal.aborted) link.close()
    return link
  }

  // ---- one fetch

  async #askFor(due: readonly PartitionState[]): Promise<Asked | null> {
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

  /** Sends a fetch. @param wanted the offset of each partition */
  #ask(link: BrokerLink, wanted: ReadonlyMap<PartitionState, number>, holdMs: number): Asked {
    const states = [...wanted.keys()]
    const offsets = new Map(states.map((state) => [state.partition, wanted.get(state) ?? 0]))
    const epochs = new Map(states.map(({ partition, leaderEpoch }) => [partition, leaderEpoch]))
    const askedAt = performance.now()
    const answer = link.ask(this.#request(link, states, offsets, holdMs), { timeoutMs: holdMs + this.#owner.parts.fetch.stallMs })
    // The round awaits it later: until then a failure has no handler.
    answer.catch(() => undefined)
    return { link, states, offsets, epochs, askedAt, answer }
  }

  #request(
    link: BrokerLink,
    states: readonly PartitionState[],
    offsets: ReadonlyMap<number, number>,
    maxWaitMs: number,
  ): ReturnType<typeof fetchRequest> {
    const { topic, fetch, now } = this.#owner.parts
    const partitions = states.map(({ partition, leaderEpoch, validatedEpoch, wantsBytes }) => ({
      partition,
      leaderEpoch: leaderEpoch === -1 || validatedEpoch === -1 ? leaderEpoch : validatedEpoch,
      offset: offsets.get(partition) ?? 0,
      maxBytes: Math.max(fetch.partitionBytes, wantsBytes),
      lastFetchedEpoch: -1,
    }))
    const maxBytes = states.reduce((most, { wantsBytes }) => Math.max(most, wantsBytes), maxFetchBytes)
    // Without a rack the leader serves all itself, also partitions that a replica nearby did not serve.
    const rack = states.some(({ leaderOnlyUntilMs }) => leaderOnlyUntilMs > now()) ? '' : fetch.rack
    return fetchRequest(link, { topic, topicId: this.#owner.topicId, maxWaitMs, minBytes: fetch.minBytes, maxBytes, rack, partitions })
  }

  /**
   * Sends the next fetch before this answer is handled, when the broker has more: its answer comes while the records are decoded. It asks for the
   * offsets that follow if all of this answer can be read. Where that turns out wrong, its answer is not taken (`#isExpected`) and asked for again.
   */
  #askAhead({ partitions, throttleMs }: FetchAnswer, { link, states, offsets }: Asked): void {
    if (throttleMs > 0 || !link.isOpen || this.#stopping.signal.aborted || partitions.every(({ records }) => records.length === 0)) return
    const due = this.#due()
    // For the other partitions, the leader is first asked where its log parts from the log before.
    if (!due.every(isSure)) return
    const byPartition = new Map(states.map((state) => [state.partition, state]))
    // Partitions that were not asked for come along: otherwise they would wait until the others have no more.
    const wanted = new Map(
      due.filter((state) => !states.includes(state)).map((state) => [state, this.#owner.parts.handler.position(state.partition)]),
    )
    let hasMore = false
    // Those without records come first: the answer had no room for them.
    for (const { partition, errorCode, preferredReplica, records, lastStableOffset } of partitions.toSorted(
      (left, right) => left.records.length - right.records.length,
    )) {
      const state = byPartition.get(partition)
      const offset = offsets.get(partition) ?? 0
      const next = records.length === 0 ? offset : endOfBatches(records)
      if (state === undefined || next === null || (records.length > 0 && next <= offset) || errorCode !== 0 || preferredReplica >= 0)
        continue
      wanted.set(state, next)
      hasMore ||= lastStableOffset > next
    }
    if (hasMore) this.#ahead = this.#ask(link, wanted, 0)
  }

  /** Tells whether a fetch that is sent now would ask for the same offset of the same leader. */
  #isExpected(state: PartitionState, { offsets, epochs }: Asked): boolean {
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

  async #take(answer: FetchAnswer, asked: Asked): Promise<void> {
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
    // A replica that names another replica is not followed: two of them could go on for ever.
    if (fetched.preferredReplica >= 0 && fetched.preferredReplica !== this.#broker && state.preferred === null)
      return this.#owner.prefer(state, fetched.preferredReplica)
    state.isAnswered = true
    // `#isExpected`: the epoch is the one that was asked.
    if (state.validatedEpoch === -1) state.validatedEpoch = state.leaderEpoch
    const watermarks = watermarksOf(fetched)
    state.highWatermark = Math.max(state.highWatermark, watermarks.highWatermark)
    const hasRecords = fetched.records.length > 0
    this.#judgeStanding(state, watermarks.lastStableOffset > offset && !hasRecords)
    this.#owner.parts.handler.fetched(state.partition, watermarks)
    if (hasRecords) await this.#deliver(state, fetched, offset, watermarks)
    else state.failures = 0
  }

  /** A partition with records of which none comes: a broker that is throttled, or one that is broken. */
  #judgeStanding(state: PartitionState, stands: boolean): void {
    const now = this.#owner.parts.now()
    state.standsSinceMs = stands ? (state.standsSinceMs ?? now) : null
    if (state.standsSinceMs === null) return this.#owner.fine(state)
    if (now - state.standsSinceMs < this.#owner.parts.fetch.stallMs) return
    state.standsSinceMs = now
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
      const first = await this.#handOver(state, this.#steps(state, fetched, offset, watermarks), watermarks)
      if (first === null) this.#retryLater(state, failedMs)
      else state.failures = 0
      // Each batch that cannot be read is a log line: a broker that sends nothing else is asked less often.
      if (first === 'unreadable') state.retryAtMs = this.#owner.parts.now() + leastRoundMs
    } catch {
      // The handler has said why: a step that it could not take comes again.
      state.retryAtMs = this.#owner.parts.now() + failedStepMs
    } finally {
      state.isBusy = false
      this.wake()
    }
  }

  /** Returns the kind of the first step; null when there was none. */
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

  async *#steps(
    state: PartitionState,
    { partition, records, aborted }: FetchedPartition,
    offset: number,
    { highWatermark }: Watermarks,
  ): AsyncGenerator<RecordStep> {
    const stuck = stuckBatch(records, offset)
    const wantsBytes = stuck === null ? 0 : Math.max(stuck.bytes, this.#owner.parts.fetch.partitionBytes)
    if (stuck !== null && (wantsBytes <= state.wantsBytes || wantsBytes > maxBatchBytes)) {
      state.wantsBytes = 0
      return yield {
        kind: 'unreadable',
        nextOffset: stuck.nextOffset,
        why: `a batch of ${stuck.bytes} bytes, of which the broker sent ${records.length}`,
      }
    }
    state.wantsBytes = wantsBytes
    if (stuck !== null) state.servedTurn = 0 // the first in the next request has room
    else yield* readRecords({ partition, records, aborted, highWatermark }, offset, this.#turns)
  }

  async #outOfRange(state: PartitionState): Promise<void> {
    if (state.preferred !== null) return this.#owner.forgetPreference(state) // a replica may be behind its leader
    state.isBusy = true
    const { handler } = this.#owner.parts
    try {
      const before = handler.position(state.partition)
      await handler.outOfRange(state.partition)
      // What the old log had told of its end says nothing of the one that is there.
      state.highWatermark = handler.position(state.partition)
      state.validatedEpoch = -1
      this.#retryLater(state, failedMs)
      if (state.failures === 1) state.retryAtMs = 0 // the first time, the next offset is asked for at once
      if (state.highWatermark === before)
        this.#owner.trouble(state, 'stalled', `offset ${before} is out of range, the broker says, and within the log`)
    } catch (cause) {
      this.#retryLater(state, failedStepMs)
      this.#owner.trouble(state, 'unreachable', describeKafkaError(cause).detail)
    } finally {
      state.isBusy = false
      this.wake()
    }
  }

  // ---- what goes wrong

  /** The broker answered, and will not serve this partition. @param errorCode 0: it left the partition out */
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

  /** The broker did not answer: its partitions wait, with the metadata asked whether others lead them now. */
  async #bear(cause: unknown): Promise<void> {
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

/** Returns the records, copied unless they are most of the answer: a handler that waits holds on to its own partition, and not to all others. */
const ownPart = (records: Buffer, answerBytes: number): Buffer => (records.length * 2 > answerBytes ? records : Buffer.from(records))

const isSame = (left: BrokerAddress, right: BrokerAddress): boolean => left.host === right.host && left.port === right.port
