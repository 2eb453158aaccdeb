import type { LogRecord } from '../../event/log-record.ts'
import type { PartitionBehind, PartitionOffsets, RecordSink, RecordSource, SourceProblem } from '../../replay/record-source.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { MemoryLogState, MemoryPartition, Signal } from './memory-partition.ts'

/** Limit on the records that are handed over at once. */
const maxBatch = 500

export interface MemorySourceParts {
  readonly state: () => MemoryLogState
  readonly changed: Signal
  /** Drops the records that were handed over. */
  readonly dropsRead: boolean
  readonly endsIntervalMs: number
  readonly logger: Pick<Logger, 'error'>
}

/**
 * Reads the in-process log as the Kafka adapter reads a topic: batch by batch, each partition on its own, never in the caller's turn. Every
 * turn hands over at most one batch per partition, so that sockets and timers get theirs.
 */
export function createMemorySource(log: MemorySourceParts): RecordSource {
  let reader: MemoryReader | null = null
  let stopped = false
  return {
    async start(sink, { sinceMs }) {
      if (reader !== null || stopped) throw new Error('a record source is started once')
      reader = new MemoryReader(log, sink, sinceMs)
    },
    async stop() {
      stopped = true
      reader?.stop()
    },
  }
}

class MemoryReader {
  readonly #log: MemorySourceParts
  readonly #sink: RecordSink
  readonly #stopListening: () => void
  readonly #endsTimer: NodeJS.Timeout
  /** Partitions whose last batch the sink has not settled. */
  readonly #busy = new Set<number>()
  #epoch = ''
  /** Next offset of each partition. */
  #positions: number[] = []
  #problem: SourceProblem | null = null
  #behind: readonly PartitionBehind[] = []
  #turn: NodeJS.Immediate | undefined
  #stopped = false

  constructor(log: MemorySourceParts, sink: RecordSink, sinceMs: number) {
    this.#log = log
    this.#sink = sink
    this.#stopListening = log.changed.listen(() => this.#schedule())
    this.#endsTimer = setInterval(() => this.#reportEnds(), log.endsIntervalMs)
    this.#endsTimer.unref()
    this.#open(log.state().partitions.map((partition) => partition.offsetAt(sinceMs)))
    this.#reportHealth()
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#stopListening()
    clearInterval(this.#endsTimer)
    clearImmediate(this.#turn)
  }

  #open(startOffsets: PartitionOffsets): void {
    const { epoch, partitions } = this.#log.state()
    this.#epoch = epoch
    this.#positions = [...startOffsets]
    this.#sink.opened({ epoch, startOffsets, endOffsets: partitions.map((partition) => partition.endOffset) })
  }

  #schedule(): void {
    if (this.#stopped || this.#turn !== undefined) return
    this.#turn = setImmediate(() => {
      this.#turn = undefined
      this.#takeTurn()
    })
  }

  #takeTurn(): void {
    this.#noticeChanges()
    if (this.#problem !== null) return
    for (let partition = 0; partition < this.#positions.length && !this.#stopped; partition++) this.#readOnce(partition)
  }

  #noticeChanges(): void {
    const { epoch, partitions, problem, behind } = this.#log.state()
    if (problem !== this.#problem || behind !== this.#behind) this.#reportHealth()
    if (problem !== null || this.#stopped) return
    if (epoch !== this.#epoch) this.#open(partitions.map((partition) => partition.startOffset))
    if (partitions.length > this.#positions.length) {
      while (this.#positions.length < partitions.length) this.#positions.push(0)
      this.#reportEnds()
    }
    partitions.forEach(({ startOffset }, partition) => this.#noticeLoss(partition, startOffset))
  }

  #reportHealth(): void {
    const { problem, behind } = this.#log.state()
    this.#problem = problem
    this.#behind = behind
    this.#sink.health({ problem, behind, uncommittedRecords: 0 })
  }

  /** Moves the position when retention has overtaken the reader. */
  #noticeLoss(partition: number, startOffset: number): void {
    if ((this.#positions[partition] ?? 0) >= startOffset) return
    this.#positions[partition] = startOffset
    this.#sink.lost(partition, startOffset)
  }

  /** Hands over the partition's next batch, unless the sink still has the last one. */
  #readOnce(partition: number): void {
    const log = this.#log.state().partitions[partition]
    const position = this.#positions[partition] ?? 0
    if (
      log === undefined ||
      position >= log.endOffset ||
      this.#busy.has(partition) ||
      this.#behind.some((behind) => behind.partition === partition)
    )
      return
    const batch = log.read(position, maxBatch)
    const last = batch.at(-1)
    if (last === undefined) {
      this.#positions[partition] = log.endOffset
      this.#sink.skipped(partition, log.endOffset)
      return
    }
    // The position moves first: a record is handed over once, even if the sink throws.
    this.#positions[partition] = last.offset + 1
    this.#busy.add(partition)
    void this.#handOver(batch, log)
  }

  async #handOver(batch: readonly LogRecord[], log: MemoryPartition): Promise<void> {
    const partition = batch[0]?.partition ?? 0
    try {
      await this.#sink.records(batch, log.endOffset)
    } catch (cause) {
      // A bug of the sink. The same batch again would stop delivery permanently: one batch is lost instead.
      this.#log.logger.error({ err: cause, partition, offset: batch[0]?.offset, records: batch.length }, 'batch handover failed')
    }
    if (this.#log.dropsRead) log.trim((batch.at(-1)?.offset ?? 0) + 1)
    this.#busy.delete(partition)
    this.#schedule()
  }

  #reportEnds(): void {
    if (this.#stopped || this.#problem !== null) return
    this.#sink.ends(this.#log.state().partitions.map((partition) => partition.endOffset))
  }
}
