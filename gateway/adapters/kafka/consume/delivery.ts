import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LogRecord } from '../../../event/log-record.ts'
import type { Logger } from '../../../observability/logger.ts'
import type { LogStart, PartitionOffsets, RecordSink } from '../../../replay/record-source.ts'
import type { FetchedBatch } from './fetched-partition.ts'
import { unlessAborted } from '../patience.ts'

/** The consumer that fetched a batch. */
export interface Fetcher {
  /** False as soon as another has taken its place: what it still brings is dropped. */
  isCurrent(): boolean
  seek(partition: number, offset: number): void
}

/** Most records in one call of the sink, between two of which the event loop turns. */
const maxRecordsPerCall = 1_000

/**
 * Hands records to the sink, each exactly once, whichever consumer brings them.
 *
 * The naive way, to trust the consumer's own position, fails: kafkajs begins again where nothing was committed after a rebalance, where
 * `fromBeginning` says after an offset out of range, and its predecessor may still be at a batch when it was replaced. The rule here: the
 * offset to hand over next is kept per partition, and moves before the sink is called. A batch counts for what lies at or above it, and
 * only when it was fetched from at or below it: then everything between is known to be a hole. A batch fetched from above is either the
 * proof that retention overtook us (the log now begins above: `lost`, so that clients hear of the gap) or a mistake: seek back.
 */
export class Delivery {
  readonly #sink: RecordSink
  readonly #logger: Logger
  readonly #stopped: AbortSignal
  #positions: number[] = []
  #ends: number[] = []
  /** Per partition, the batch that the sink is working on, whichever consumer brought it. */
  readonly #inHand = new Map<number, Promise<void>>()

  /** @param stopped no method of the sink is called after it was aborted */
  constructor(sink: RecordSink, logger: Logger, stopped: AbortSignal) {
    this.#sink = sink
    this.#logger = logger
    this.#stopped = stopped
  }

  /** Per partition, the offset that is handed over next. */
  get positions(): PartitionOffsets {
    return this.#positions
  }

  /** Per partition, the end as last known. */
  get ends(): PartitionOffsets {
    return this.#ends
  }

  get busy(): ReadonlySet<number> {
    return new Set(this.#inHand.keys())
  }

  open(start: LogStart): void {
    if (this.#stopped.aborted) return
    this.#positions = [...start.startOffsets]
    this.#ends = [...start.endOffsets]
    this.#sink.opened(start)
  }

  /** The ends as the broker says; partitions that are new begin at 0. */
  setEnds(ends: PartitionOffsets): void {
    if (this.#stopped.aborted) return
    this.#ends = [...ends]
    while (this.#positions.length < ends.length) this.#positions.push(0)
    this.#sink.ends(ends)
  }

  async deliver(batch: FetchedBatch, fetcher: Fetcher): Promise<void> {
    const { partition } = batch
    // What an earlier consumer brought may still be in hand: the next batch only after it.
    for (let before = this.#inHand.get(partition); before !== undefined; before = this.#inHand.get(partition)) await before
    if (!fetcher.isCurrent() || this.#stopped.aborted) return
    const { promise: settled, resolve } = Promise.withResolvers<void>()
    this.#inHand.set(partition, settled)
    try {
      await this.#deliver(batch, fetcher)
    } finally {
      this.#inHand.delete(partition)
      resolve()
    }
  }

  async #deliver({ partition, fetchOffset, fetched }: FetchedBatch, fetcher: Fetcher): Promise<void> {
    if (partition >= this.#positions.length) this.setEnds([...this.#ends, ...Array<number>(partition + 1 - this.#ends.length).fill(0)])
    if (fetched.logStartOffset > this.#position(partition)) this.#lose(partition, fetched.logStartOffset, 'the log no longer has records that were not read yet: retention overtook this pod')
    const position = this.#position(partition)
    if (fetchOffset > position) return fetcher.seek(partition, position)
    if (fetched.nextOffset <= position) return
    this.#ends[partition] = Math.max(fetched.endOffset, fetched.nextOffset)
    if (fetched.unreadable !== null) return this.#lose(partition, fetched.nextOffset, `a batch of records cannot be read: ${fetched.unreadable}`)
    await this.#handOver(from(fetched.records, position), partition, fetcher)
    const isAllHandedOver = fetcher.isCurrent() && !this.#stopped.aborted
    if (isAllHandedOver && this.#position(partition) < fetched.nextOffset) this.#skip(partition, fetched.nextOffset)
  }

  async #handOver(records: readonly LogRecord[], partition: number, fetcher: Fetcher): Promise<void> {
    for (let at = 0; at < records.length; at += maxRecordsPerCall) {
      if (at > 0) await nextTurn()
      if (this.#stopped.aborted || !fetcher.isCurrent()) return
      const slice = records.length <= maxRecordsPerCall ? records : records.slice(at, at + maxRecordsPerCall)
      this.#positions[partition] = (slice.at(-1)?.offset ?? 0) + 1
      await this.#call(slice, this.#ends[partition] ?? 0)
    }
  }

  async #call(records: readonly LogRecord[], endOffset: number): Promise<void> {
    try {
      const handled = this.#sink.records(records, endOffset)
      if (handled !== undefined) await unlessAborted(handled, this.#stopped)
    } catch (cause) {
      // A bug of the sink. Handing the same batch over again would stop delivery for good: one batch is lost instead.
      const { partition, offset } = records[0] ?? {}
      this.#logger.error({ err: cause, partition, offset, records: records.length }, 'a batch of records could not be processed')
    }
  }

  #skip(partition: number, nextOffset: number): void {
    this.#positions[partition] = nextOffset
    this.#sink.skipped(partition, nextOffset)
  }

  #lose(partition: number, nextOffset: number, why: string): void {
    this.#logger.error({ partition, fromOffset: this.#position(partition), toOffset: nextOffset, why }, 'records were lost')
    this.#positions[partition] = nextOffset
    this.#ends[partition] = Math.max(this.#ends[partition] ?? 0, nextOffset)
    if (!this.#stopped.aborted) this.#sink.lost(partition, nextOffset)
  }

  #position(partition: number): number {
    return this.#positions[partition] ?? 0
  }
}

/** The records at and above the offset: a fetch begins with the whole batch in which its offset lies. */
function from(records: readonly LogRecord[], offset: number): readonly LogRecord[] {
  const [first] = records
  if (first === undefined || first.offset >= offset) return records
  return records.filter((record) => record.offset >= offset)
}
