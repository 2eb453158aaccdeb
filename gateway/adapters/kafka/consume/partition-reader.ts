import type { PartitionBehind } from '../../../replay/record-source.ts'
import type { ClusterView } from '../wire/metadata.ts'
import { LeaderLoop, type LoopOwner } from './leader-loop.ts'
import type { PartitionReaderParts } from './partition-handler.ts'
import { newPartitionState, type PartitionState } from './partition-state.ts'

/** Reads partitions of one topic from positions that its owner keeps. */
export interface PartitionReader {
  /** Reads these partitions and no others from now on. Answers for other partitions are dropped. */
  assign(partitions: readonly number[]): void
  /** Idempotent. No method of the handler is called after this call. Resolves when the connections are closed. */
  stop(): Promise<void>
}

const troubleIsReportedAfterMs = 1_000
const troubleLookMs = 250

/**
 * Makes one fetch loop per broker that leads.
 *
 * The naive way is one loop over all partitions. It makes every partition as slow as the slowest broker: a broker that hangs holds back the
 * records of the others. Here each loop connects, fails, backs off and recovers alone. A partition without a leader belongs to no loop
 * until the metadata names one.
 */
export function createPartitionReader(parts: PartitionReaderParts): PartitionReader {
  return new Reader(parts)
}

class Reader implements PartitionReader, LoopOwner {
  readonly parts: PartitionReaderParts
  readonly #states = new Map<number, PartitionState>()
  readonly #loops = new Map<number, LeaderLoop>()
  readonly #closing = new Set<Promise<void>>()
  readonly #unsubscribe: () => void
  readonly #timer: NodeJS.Timeout
  #version = 0
  /** Id of the topic that is read; null: brokers report none. Another topic of the same name has other offsets, and is not read. */
  #topicId: string | null
  #isStopped = false

  constructor(parts: PartitionReaderParts) {
    this.parts = parts
    this.#topicId = parts.topology.view?.topic?.topicId ?? null
    this.#unsubscribe = parts.topology.subscribe((view) => this.#learn(view))
    this.#timer = setInterval(() => this.#reportTrouble(), troubleLookMs)
    this.#timer.unref()
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  get topicId(): string | null {
    return this.#topicId
  }

  get version(): number {
    return this.#version
  }

  assign(partitions: readonly number[]): void {
    const wanted = new Set(partitions)
    for (const partition of this.#states.keys()) if (!wanted.has(partition)) this.#states.delete(partition)
    for (const partition of wanted) if (!this.#states.has(partition)) this.#states.set(partition, newPartitionState(partition))
    if (this.parts.topology.view !== null) this.#spread(this.parts.topology.view)
  }

  async stop(): Promise<void> {
    if (!this.#isStopped) {
      this.#isStopped = true
      this.#unsubscribe()
      clearInterval(this.#timer)
      for (const broker of this.#loops.keys()) this.#endLoop(broker)
    }
    await Promise.all(this.#closing)
  }

  // ---- which broker reads what

  #learn(view: ClusterView): void {
    const seen = view.topic?.topicId ?? null
    if (this.#topicId !== null && seen !== null && seen !== this.#topicId) return
    this.#topicId ??= seen
    this.#version += 1
    this.#spread(view)
  }

  #spread(view: ClusterView): void {
    if (this.#isStopped) return
    for (const state of this.#states.values()) this.#place(state, view)
    const brokers = new Set([...this.#states.values()].map(({ broker }) => broker))
    for (const broker of this.#loops.keys()) if (!brokers.has(broker) || !view.brokers.has(broker)) this.#endLoop(broker)
    for (const broker of brokers) if (broker !== null && !this.#loops.has(broker)) this.#loops.set(broker, new LeaderLoop(this, broker))
    for (const [broker, loop] of this.#loops) loop.follow(view.brokers.get(broker))
  }

  #place(state: PartitionState, view: ClusterView): void {
    const known = view.topic?.partitions[state.partition]
    const leader = known !== undefined && known.leader !== -1 && view.brokers.has(known.leader) ? known.leader : null
    if (known !== undefined && known.leaderEpoch !== state.leaderEpoch) {
      state.leaderEpoch = known.leaderEpoch
      state.preferred = null // another leader, another neighbour
      if (state.validatedEpoch === -1 && this.parts.positionsAre === 'asked') state.validatedEpoch = known.leaderEpoch
    }
    const { preferred } = state
    const isNear = preferred !== null && preferred.untilMs > this.parts.now() && view.brokers.has(preferred.broker)
    state.broker = isNear && leader !== null ? preferred.broker : leader
    if (leader === null) this.trouble(state, 'no-leader', view.topic === null ? 'the topic does not exist' : 'the partition has no leader')
  }

  statesOf(broker: number): readonly PartitionState[] {
    return [...this.#states.values()].filter((state) => state.broker === broker)
  }

  /** Returns whether the partition is still this loop's: it may have moved while the broker was answering. */
  owns(broker: number, state: PartitionState): boolean {
    return !this.#isStopped && this.#states.get(state.partition) === state && state.broker === broker
  }

  prefer(state: PartitionState, broker: number): void {
    const { view } = this.parts.topology
    if (view === null || !view.brokers.has(broker)) return this.forgetPreference(state)
    state.preferred = { broker, untilMs: this.parts.now() + preferenceMs }
    this.#spread(view)
  }

  /** Reads the partition from its leader for a while: the replica nearby cannot serve it. */
  forgetPreference(state: PartitionState): void {
    state.preferred = null
    state.leaderOnlyUntilMs = this.parts.now() + leaderOnlyMs
    if (this.parts.topology.view !== null) this.#spread(this.parts.topology.view)
  }

  #endLoop(broker: number): void {
    const closing = this.#loops.get(broker)?.stop()
    this.#loops.delete(broker)
    if (closing === undefined) return
    this.#closing.add(closing)
    void closing.finally(() => this.#closing.delete(closing))
  }

  // ---- what is wrong

  trouble(state: PartitionState, kind: PartitionBehind['kind'], detail: string): void {
    const { problem } = state
    if (problem !== null && problem.behind.kind === kind && problem.behind.detail === detail) return
    const isNews = problem !== null && problem.isReported && problem.behind.kind !== kind
    state.problem = {
      behind: { partition: state.partition, kind, detail },
      sinceMs: problem?.sinceMs ?? this.parts.now(),
      isReported: problem !== null && problem.isReported && !isNews,
    }
  }

  fine(state: PartitionState): void {
    const { problem } = state
    state.problem = null
    if (problem?.isReported === true && !this.#isStopped) this.parts.handler.state(state.partition, null)
  }

  #reportTrouble(): void {
    const now = this.parts.now()
    for (const { problem, partition } of this.#states.values()) {
      if (problem === null || problem.isReported || now - problem.sinceMs < troubleIsReportedAfterMs) continue
      problem.isReported = true
      this.parts.handler.state(partition, problem.behind)
    }
  }
}

/** Time for which a replica nearby is read before the leader is asked again for the nearest one. */
const preferenceMs = 300_000
/** Time for which the leader is read after a replica nearby did not serve a partition. */
const leaderOnlyMs = 60_000
