import type { DecodedRecord, DecodeFailure, EventContent } from '../event/decoded-record.ts'
import type { LogRecord } from '../event/log-record.ts'
import type { DecodeOutcome } from '../event/decode-record.ts'
import { createRecordPacker } from '../event/packed-record.ts'
import type { Logger } from '../../program/log/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { parseTraceparent } from '../request/traceparent.ts'
import type { Tracer } from '../observability/tracer.ts'
import type { DuplicateFilter } from '../replay/duplicate-filter.ts'
import type { LogStart, PartitionOffsets, RecordSink, SourceHealth } from '../replay/record-source.ts'
import type { Channel } from './channel.ts'
import type { LossNotices } from './loss-notices.ts'
import type { UndecodableNotices } from './undecodable-notices.ts'

/**
 * Takes records of the topic into the channel: decodes them, skips those without recipients, appends the others. It never stops at a record. An
 * undecodable record is counted, and the position moves on. The dead letter worker copies it, once for all pods.
 */
export class Ingest implements RecordSink {
  readonly #parts: IngestParts
  readonly #pack = createRecordPacker()
  #epoch: string | null = null
  #ends: number[] = []
  /** Ends of the partitions when reading started. A pod that has read this far has warmed up. null: warmed up. */
  #warmUpTo: PartitionOffsets | null = null

  constructor(parts: IngestParts) {
    this.#parts = parts
  }

  /** Count of records that the pod has not read yet, over all partitions. */
  get lag(): number {
    const { positions } = this.#parts.channel.log
    return this.#ends.reduce((sum, end, partition) => sum + Math.max(0, end - (positions[partition] ?? 0)), 0)
  }

  opened(start: LogStart): void {
    if (this.#epoch !== null) {
      this.#parts.duplicates.clear()
      this.#parts.logger.warn({ reason: 'epoch' }, 'topic recreated; clients get a gap')
    }
    this.#epoch = start.epoch
    this.#ends = [...start.endOffsets]
    this.#warmUpTo = start.endOffsets
    this.#parts.channel.open(start)
    this.#parts.observer.opened()
    this.#checkWarmUp()
  }

  records(batch: readonly LogRecord[], endOffset: number): Promise<void> | void {
    const nowMs = this.#parts.now()
    for (const record of batch) this.#take(record, nowMs)
    const partition = batch[0]?.partition ?? 0
    this.#ends[partition] = Math.max(this.#ends[partition] ?? 0, endOffset)
    this.#parts.metrics.recordsRead.add(batch.length)
    this.#checkWarmUp()
    return this.#parts.channel.settled()
  }

  #take(record: LogRecord, nowMs: number): void {
    const outcome = this.#parts.decode(record)
    if (outcome.ok && outcome.value !== null && this.#keep(record, outcome.value, nowMs)) return
    if (!outcome.ok) this.#undecodable(record, outcome.error)
    else if (outcome.value === null) this.#parts.metrics.recordsWithoutAudience.add(1)
    this.#parts.channel.log.advance(record.partition, record.offset + 1)
  }

  /** Appends the event, unless it is a duplicate. @returns true: the position has moved */
  #keep(record: LogRecord, event: DecodedRecord, nowMs: number): boolean {
    const { channel, duplicates, metrics } = this.#parts
    if (duplicates.isDuplicate(event.source, event.id, record.timestampMs, nowMs)) {
      metrics.recordsDuplicate.add(1)
      return false
    }
    if (this.#isPast(record) && !channel.log.hasEntries(record.partition)) {
      channel.log.pass(record.partition, record.offset + 1)
      return true
    }
    const content = this.#compact(event.content)
    channel.append({
      partition: record.partition,
      offset: record.offset,
      audience: event.audience,
      timestampMs: record.timestampMs,
      appendedAtMs: nowMs,
      traceparent: this.#trace(record, event),
      content,
      contentBytes: bytesOf(content),
    })
    return true
  }

  /** Returns true if the record is older than the window. Its timestamp alone does not decide, because stream processors pass old ones on. */
  #isPast({ partition, offset, timestampMs }: LogRecord): boolean {
    return timestampMs < this.#parts.keepSinceMs && offset < (this.#warmUpTo?.[partition] ?? 0)
  }

  /** Copies a binary record, which is a view of a whole fetch. So the replay log holds exactly the bytes that it counts. */
  #compact(content: EventContent): KeptContent {
    return content.kind === 'binary' ? this.#pack(content.record) : content
  }

  #trace(record: LogRecord, event: DecodedRecord): string | null {
    const { tracer } = this.#parts
    // A malformed traceparent would start a new trace on every pod.
    if (!tracer.enabled || event.traceparent === null || parseTraceparent(event.traceparent) === null) return null
    const span = tracer.startSpan('consume', {
      parent: event.traceparent,
      kind: 'consumer',
      attributes: { partition: record.partition, offset: record.offset },
    })
    span.end()
    return span.traceparent
  }

  #undecodable(record: LogRecord, failure: DecodeFailure): void {
    this.#parts.metrics.recordsUndecodable.add(1, { reason: failure.reason })
    this.#parts.undecodable(record, failure)
  }

  ends(endOffsets: PartitionOffsets): void {
    this.#ends = endOffsets.map((end, partition) => (end < 0 ? (this.#ends[partition] ?? 0) : end))
    this.#parts.channel.ends(endOffsets)
    this.#parts.channel.log.trim(this.#parts.now())
    this.#checkWarmUp()
  }

  skipped(partition: number, nextOffset: number): void {
    this.#parts.channel.log.advance(partition, nextOffset)
    this.#checkWarmUp()
  }

  lost(partition: number, nextOffset: number): void {
    this.#ends[partition] = Math.max(this.#ends[partition] ?? 0, nextOffset)
    this.#parts.channel.lose(partition, nextOffset)
    this.#parts.lossNotices.lost()
    this.#checkWarmUp()
  }

  health(state: SourceHealth): void {
    this.#parts.observer.health(state)
  }

  #checkWarmUp(): void {
    if (this.#warmUpTo === null) return
    const { positions } = this.#parts.channel.log
    if (this.#warmUpTo.some((end, partition) => (positions[partition] ?? 0) < end)) return
    this.#warmUpTo = null
    this.#parts.observer.warmedUp()
  }
}

export interface IngestParts {
  readonly channel: Channel
  readonly decode: (record: LogRecord) => DecodeOutcome
  readonly duplicates: DuplicateFilter
  readonly lossNotices: LossNotices
  readonly undecodable: UndecodableNotices
  /** Start of the replay window, in milliseconds since the epoch. While the pod warms up, only the ids of older events are read. */
  readonly keepSinceMs: number
  readonly now: () => number
  readonly metrics: Metrics
  readonly logger: Logger
  readonly tracer: Tracer
  readonly observer: IngestObserver
}

/** Receives the state of reading, for readiness. */
export interface IngestObserver {
  opened(): void
  warmedUp(): void
  health(state: SourceHealth): void
}

type KeptContent = Exclude<EventContent, { readonly kind: 'binary' }>

const bytesOf = (content: KeptContent): number => (content.kind === 'packed' ? content.bytes.length : content.bytes)
