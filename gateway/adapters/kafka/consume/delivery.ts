import type { LogRecord } from '../../../event/log-record.ts'
import type { Logger } from '../../../../program/log/logger.ts'
import type { Metrics } from '../../../observability/metrics.ts'
import type { LogStart, PartitionOffsets, RecordSink } from '../../../replay/record-source.ts'
import { unlessAborted } from '../../../../program/waiting.ts'
import type { RecordStep } from '../records/read-records.ts'
import type { Watermarks } from './watermarks.ts'

export interface DeliveryParts {
  readonly sink: RecordSink
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'recordsUnreadable'>
  /** Aborted: no method of the sink is called any more. */
  readonly stopped: AbortSignal
}

/**
 * Keeps the positions, and hands records to the sink, each exactly once.
 *
 * The next offset is kept per partition, and moves before the sink is called. So only the part of a step at or above the position counts,
 * from any connection.
 */
export class Delivery {
  readonly #parts: DeliveryParts
  #positions: number[] = []
  /** Grows with each new life of the log. A step that was fetched in an earlier life is dropped. */
  #life = 0

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  /** Next offset of each partition. */
  get positions(): PartitionOffsets {
    return this.#positions
  }

  position(partition: number): number {
    return this.#positions[partition] ?? 0
  }

  /** Begins, or begins again in a new epoch. */
  open(start: LogStart): void {
    if (this.#parts.stopped.aborted) return
    this.#life += 1
    this.#positions = [...start.startOffsets]
    this.#parts.sink.opened(start)
  }

  /** Makes room for partitions that are new in the topic. They begin at 0. */
  grow(partitions: number): void {
    while (this.#positions.length < partitions) this.#positions.push(0)
  }

  /** Hands a step over. Resolves when the sink is done with it. Never rejects. */
  async take(partition: number, step: RecordStep, { lastStableOffset }: Watermarks): Promise<void> {
    if (this.#parts.stopped.aborted || step.nextOffset <= this.position(partition)) return
    if (step.kind === 'unreadable') return this.#unreadable(partition, step.nextOffset, step.why)
    if (step.kind === 'skipped') return this.#skip(partition, step.nextOffset)
    const life = this.#life
    const records = from(step.records, this.position(partition))
    const last = records.at(-1)
    if (last !== undefined) {
      this.#positions[partition] = last.offset + 1
      await this.#call(records, Math.max(lastStableOffset, last.offset + 1))
    }
    if (this.#life === life && !this.#parts.stopped.aborted && this.position(partition) < step.nextOffset)
      this.#skip(partition, step.nextOffset)
  }

  /** The log begins above the position: the records between are gone. */
  overtaken(partition: number, logStartOffset: number): void {
    if (this.#parts.stopped.aborted || logStartOffset <= this.position(partition)) return
    this.#parts.logger.error(
      { partition, fromOffset: this.position(partition), toOffset: logStartOffset, why: 'retention overtook this pod' },
      'records were lost',
    )
    this.#lose(partition, logStartOffset)
  }

  #unreadable(partition: number, nextOffset: number, why: string): void {
    this.#parts.metrics.recordsUnreadable.add(1)
    this.#parts.logger.error(
      { partition, fromOffset: this.position(partition), toOffset: nextOffset, why: `a batch of records cannot be read: ${why}` },
      'records were lost',
    )
    this.#lose(partition, nextOffset)
  }

  #lose(partition: number, nextOffset: number): void {
    this.#positions[partition] = nextOffset
    this.#parts.sink.lost(partition, nextOffset)
  }

  #skip(partition: number, nextOffset: number): void {
    this.#positions[partition] = nextOffset
    this.#parts.sink.skipped(partition, nextOffset)
  }

  async #call(records: readonly LogRecord[], endOffset: number): Promise<void> {
    try {
      const handled = this.#parts.sink.records(records, endOffset)
      if (handled !== undefined) await unlessAborted(handled, this.#parts.stopped)
    } catch (cause) {
      // A bug of the sink. The same records again would stop delivery permanently: they are lost instead.
      const { partition, offset } = records[0] ?? {}
      this.#parts.logger.error({ err: cause, partition, offset, records: records.length }, 'record handover failed')
    }
  }
}

/** Returns the records at and above the offset. */
function from(records: readonly LogRecord[], offset: number): readonly LogRecord[] {
  const [first] = records
  if (first === undefined || first.offset >= offset) return records
  return records.filter((record) => record.offset >= offset)
}
