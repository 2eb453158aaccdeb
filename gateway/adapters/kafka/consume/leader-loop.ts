import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PartitionBehind } from '../../../replay/record-source.ts'
import { BrokerError, describeKafkaError, errorOfCode } from '../kafka-error.ts'
import { createBackoff, pause, settledWithin } from '../patience.ts'
import { readRecords } from '../records/read-records.ts'
import type { BrokerLink } from '../wire/broker-link.ts'
import { fetchRequest, type FetchAnswer, type FetchedPartition } from '../wire/requests/fetch.ts'
import { leaderEpochRequest } from '../wire/requests/leader-epoch.ts'
import type { PartitionReaderParts, Watermarks } from './partition-reader.ts'
import type { PartitionState } from './partition-state.ts'

/** What a loop needs of the reader that it belongs to. */
export interface LoopOwner {
  readonly parts: PartitionReaderParts
  readonly isStopped: boolean
  /** Grows with each answer of the metadata. */
  readonly version: number
  statesOf(broker: number): readonly PartitionState[]
  owns(broker: number, state: PartitionState): boolean
  prefer(state: PartitionState, broker: number): void
  forgetPreference(state: PartitionState): void
  trouble(state: PartitionState, kind: PartitionBehind['kind'], detail: string): void
  fine(state: PartitionState): void
}

/** Most bytes of one answer, and of one partition in it. A batch that is larger by itself comes whole. */
const maxFetchBytes = 1_048_576
const maxFetchBytesPerPartition = 262_144
/** How long a loop waits for the handlers of an answer before it fetches the other partitions again. */
const handlersMs = 100
const idleMs = 1_000
const refusedMs = 2_000
const failedStepMs = 1_000
const maxThrottleMs = 30_000
const epochTimeoutMs = 5_000
/** OFFSET_OUT_OF_RANGE: https://kafka.apache.org/protocol.html#protocol_error_codes */
const offsetOutOfRange = 1

/** Reads from one broker what the reader places there: connect, validate, fetch, hand over, again. Nothing here waits for another broker. */
export class LeaderLoop {
  readonly #owner: LoopOwner
  readonly #broker: number
  readonly #stopping = new AbortController()
  readonly #backoff = createBackoff({ firstMs: 100, maxMs: 5_000 })
  readonly #running: Promise<void>
  #link: BrokerLink | null = null
  #waking = new AbortController()
  #turn = 0

  constructor(owner: LoopOwner, broker: number) {
    this.#owner = owner
    this.#broker = broker
    this.#running = this.#run()
  }

  /** Ends a wait of the loop: there may be something to fetch. */
  wake(): void {
    this.#waking.abort()
  }

  /** Closes the connection at once. */
  stop(): Promise<void> {
    this.#stopping.abort()
    this.#link?.close()
    return this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#waking = new AbortController()
      const due = this.#due()
      if (due.length === 0) await this.#idle()
      else await this.#round(due).catch((cause: unknown) => this.#bear(cause))
    }
    this.#link?.close()
  }

  #idle(): Promise<void> {
    return pause(idleMs, AbortSignal.any([this.#stopping.signal, this.#waking.signal]))
  }

  /** Returns the partitions to fetch now, each time in another order: a broker fills its answer from the front. */
  #due(): readonly PartitionState[] {
    const now = this.#owner.parts.now()
    const due = this.#owner.statesOf(this.#broker).filter((state) => !state.isBusy && state.retryAtMs <= now && state.waitsForVersion <= this.#owner.version)
    const start = due.length === 0 ? 0 : this.#turn++ % due.length
    return [...due.slice(start), ...due.slice(0, start)]
  }

  async #round(due: readonly PartitionState[]): Promise<void> {
    const link = await this.#connected()
    const valid = await this.#validate(link, due)
    if (valid.length === 0) return void (await this.#idle())
    const { stallMs } = this.#owner.parts.fetch
    const waitMs = valid.every(({ isAnswered }) => isAnswered) ? this.#owner.parts.fetch.waitMs : 0
    const offsets = new Map(valid.map((state) => [state.partition, this.#owner.parts.handler.position(state.partition)]))
    const answer = await link.ask(this.#request(link, valid, offsets, waitMs), { timeoutMs: waitMs + stallMs })
    this.#backoff.reset()
    await this.#take(answer, valid, offsets)
    if (answer.throttleMs > 0) await pause(Math.min(answer.throttleMs, maxThrottleMs), this.#stopping.signal)
  }

  async #connected(): Promise<BrokerLink> {
    if (this.#link?.isOpen === true) return this.#link
    const address = this.#owner.parts.topology.view?.brokers.get(this.#broker)
    if (address === undefined) throw new BrokerError('stale-leader', '', `the metadata does not say where broker ${this.#broker} is`)
    const link = await this.#owner.parts.connect(address, { signal: this.#stopping.signal })
    this.#link = link
    if (this.#stopping.signal.aborted) link.close()
    return link
  }

  // ---- is it still the same log?

  /**
   * Asks a new leader where its log parts from the one that was read (KIP-320). Acknowledged records below that are there; what was acknowledged
   * above it is lost. Returns the partitions whose positions are of this log.
   */
  async #validate(link: BrokerLink, due: readonly PartitionState[]): Promise<readonly PartitionState[]> {
    const isSure = (state: PartitionState): boolean => state.validatedEpoch === state.leaderEpoch || state.validatedEpoch === -1 || state.leaderEpoch === -1
    const unsure = link.version(23, 3, 4) === null ? [] : due.filter((state) => !isSure(state))
    const valid = due.filter((state) => !unsure.includes(state))
    for (const state of valid) state.validatedEpoch = state.leaderEpoch
    if (unsure.length === 0) return valid
    const partitions = unsure.map((state) => ({ partition: state.partition, currentLeaderEpoch: state.leaderEpoch, leaderEpoch: state.validatedEpoch }))
    const answers = await link.ask(leaderEpochRequest(link, { topic: this.#owner.parts.topic, partitions }), { timeoutMs: epochTimeoutMs })
    return [...valid, ...unsure.filter((state) => this.#judgeEpoch(state, answers.find(({ partition }) => partition === state.partition)))]
  }

  #judgeEpoch(state: PartitionState, answer: { readonly errorCode: number; readonly leaderEpoch: number; readonly endOffset: number } | undefined): boolean {
    if (answer === undefined || !this.#owner.owns(this.#broker, state)) return false
    if (answer.errorCode !== 0) {
      this.#failed(state, answer.errorCode)
      return false
    }
    const acknowledged = Math.max(this.#owner.parts.handler.position(state.partition), state.highWatermark)
    state.validatedEpoch = state.leaderEpoch
    // -1: the leader knows no epoch as old. Then an offset that is out of range is all that can tell.
    if (answer.endOffset < 0 || answer.endOffset >= acknowledged) return true
    state.highWatermark = answer.endOffset
    this.#owner.parts.handler.truncated(state.partition, { leaderEpoch: answer.leaderEpoch, endOffset: answer.endOffset })
    return false
  }

  // ---- one fetch

  #request(link: BrokerLink, states: readonly PartitionState[], offsets: ReadonlyMap<number, number>, maxWaitMs: number): ReturnType<typeof fetchRequest> {
    const { topic, topology, fetch } = this.#owner.parts
    const partitions = states.map(({ partition, leaderEpoch }) => ({ partition, leaderEpoch, offset: offsets.get(partition) ?? 0, maxBytes: maxFetchBytesPerPartition, lastFetchedEpoch: -1 }))
    const topicId = topology.view?.topic?.topicId ?? null
    return fetchRequest(link, { topic, topicId, maxWaitMs, minBytes: fetch.minBytes, maxBytes: maxFetchBytes, rack: fetch.rack, partitions })
  }

  async #take(answer: FetchAnswer, states: readonly PartitionState[], offsets: ReadonlyMap<number, number>): Promise<void> {
    if (answer.errorCode !== 0) throw errorOfCode(answer.errorCode, `let this gateway read ${this.#owner.parts.topic}`)
    const asked = new Map(states.map((state) => [state.partition, state]))
    const handled = answer.partitions.flatMap((fetched) => {
      const state = asked.get(fetched.partition)
      asked.delete(fetched.partition) // each once: an answer that repeats a partition, or has another one, is not believed
      return state === undefined ? [] : [this.#takePartition(state, fetched, offsets.get(fetched.partition) ?? 0)]
    })
    await settledWithin(Promise.all(handled), handlersMs)
  }

  async #takePartition(state: PartitionState, fetched: FetchedPartition, offset: number): Promise<void> {
    if (!this.#owner.owns(this.#broker, state)) return
    if (fetched.errorCode === offsetOutOfRange) return this.#outOfRange(state)
    if (fetched.errorCode !== 0) return this.#failed(state, fetched.errorCode)
    if (fetched.preferredReplica >= 0 && fetched.preferredReplica !== this.#broker) return this.#owner.prefer(state, fetched.preferredReplica)
    const { lastStableOffset, highWatermark, logStartOffset } = fetched
    state.isAnswered = true
    state.highWatermark = Math.max(state.highWatermark, highWatermark)
    this.#judgeStanding(state, lastStableOffset > offset && fetched.records.length === 0)
    this.#owner.parts.handler.fetched(state.partition, { lastStableOffset, highWatermark, logStartOffset })
    if (fetched.records.length > 0) await this.#deliver(state, fetched, offset, { lastStableOffset, highWatermark, logStartOffset })
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
  }

  async #deliver(state: PartitionState, { partition, records, aborted }: FetchedPartition, offset: number, watermarks: Watermarks): Promise<void> {
    state.isBusy = true
    try {
      // Copied: a handler that waits holds on to its own partition, and not to the whole answer.
      for await (const step of readRecords({ partition, records: Buffer.from(records), aborted, highWatermark: watermarks.highWatermark }, offset)) {
        if (!this.#owner.owns(this.#broker, state)) return
        await this.#owner.parts.handler.deliver(partition, step, watermarks)
        await nextTurn()
      }
    } catch {
      // The handler has said why: a step that it could not take comes again.
      state.retryAtMs = this.#owner.parts.now() + failedStepMs
    } finally {
      state.isBusy = false
      this.wake()
    }
  }

  async #outOfRange(state: PartitionState): Promise<void> {
    if (state.preferred !== null) return this.#owner.forgetPreference(state) // a replica may be behind its leader
    state.isBusy = true
    try {
      await this.#owner.parts.handler.outOfRange(state.partition)
      // What the old log had told of its end says nothing of the one that is there.
      state.highWatermark = this.#owner.parts.handler.position(state.partition)
    } catch (cause) {
      state.retryAtMs = this.#owner.parts.now() + failedStepMs
      this.#owner.trouble(state, 'unreachable', describeKafkaError(cause).detail)
    } finally {
      state.isBusy = false
      this.wake()
    }
  }

  // ---- what goes wrong

  /** The broker answered, and will not serve this partition. */
  #failed(state: PartitionState, errorCode: number): void {
    const error = errorOfCode(errorCode, `let this gateway read partition ${state.partition} of ${this.#owner.parts.topic}`)
    const isRefused = error.kind === 'unauthorized'
    state.retryAtMs = this.#owner.parts.now() + (isRefused ? refusedMs : 100)
    if (state.preferred !== null) this.#owner.forgetPreference(state)
    this.#owner.trouble(state, isRefused ? 'refused' : 'no-leader', error.message)
    if (error.kind !== 'stale-leader') return
    state.waitsForVersion = this.#owner.version + 1
    this.#owner.parts.topology.refresh()
  }

  /** The broker did not answer: its partitions wait, with the metadata asked whether others lead them now. */
  async #bear(cause: unknown): Promise<void> {
    const wasOpen = this.#link !== null
    this.#link?.close()
    this.#link = null
    if (this.#stopping.signal.aborted) return
    const failure = describeKafkaError(cause)
    if (wasOpen) this.#owner.parts.handler.replaced('crash', failure.detail)
    const kind = failure.kind === 'unauthenticated' || failure.kind === 'unauthorized' || failure.kind === 'refused' ? 'refused' : 'unreachable'
    for (const state of this.#owner.statesOf(this.#broker)) this.#owner.trouble(state, kind, failure.detail)
    this.#owner.parts.topology.refresh()
    await this.#backoff.wait(this.#stopping.signal)
  }
}
