import type { Logger } from '../../program/log/logger.ts'
import type { LogRecord } from '../event/log-record.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { LogStart, PartitionOffsets, RecordSink, SourceHealth } from '../replay/record-source.ts'
import { type ControlRecord, type ControlRecordFailure, decodeControlRecord } from './control-record.ts'
import { covers, type Revocations } from './revocations.ts'
import type { Subject } from './subject.ts'
import { SubjectSet } from './subject-set.ts'

export interface ControlReaderParts {
  readonly revocations: Revocations
  /** Takes the subjects of which more tokens are revoked than before. Their sessions end now. */
  readonly revoked: (subjects: readonly Subject[]) => void
  readonly observer: ControlObserver
  readonly metrics: Pick<Metrics, 'revocationRecords' | 'revocationRecordsSkipped'>
  readonly logger: Pick<Logger, 'warn' | 'error' | 'info'>
}

/** Receives the state of reading, for readiness. */
export interface ControlObserver {
  /** All records that were there when reading began have been read. */
  caughtUp(): void
  health(state: SourceHealth): void
  /** The table has no room for a revocation of the topic, so this pod does not know all of them. */
  overflowed(): void
}

/**
 * Takes the records of the control topic into the table of revocations, in any order.
 *
 * **Compaction** keeps the last record of a subject. Two pods that revoke the same user at once may write the weaker record last, and a new topic of
 * the same name has no records at all. `missing` holds the subjects of which the topic knows less than this pod. `ControlUpkeep` writes those again.
 */
export class ControlReader implements RecordSink {
  readonly #parts: ControlReaderParts
  /** Subjects whose last record is weaker than the revocation in the table. */
  readonly missing = new SubjectSet()
  #positions: number[] = []
  #ends: number[] = []
  #catchUpTo: PartitionOffsets | null = null
  #hasOpened = false
  #hasRead = false
  /** Reasons of skipped records that the log has a line for. */
  readonly #logged = new Set<ControlRecordFailure>()

  constructor(parts: ControlReaderParts) {
    this.#parts = parts
  }

  /** Count of records that are not read yet. */
  get lag(): number {
    return this.#ends.reduce((sum, end, partition) => sum + Math.max(0, end - (this.#positions[partition] ?? 0)), 0)
  }

  get isCaughtUp(): boolean {
    return this.#hasOpened && this.#catchUpTo === null
  }

  /** True once all records have been read that were there at the start. It stays true when the topic is recreated: the table is not. */
  get hasRead(): boolean {
    return this.#hasRead
  }

  opened({ startOffsets, endOffsets }: LogStart): void {
    if (this.#hasOpened) this.#rewriteAll()
    this.#hasOpened = true
    this.#positions = [...startOffsets]
    this.#ends = [...endOffsets]
    this.#catchUpTo = endOffsets
    this.#checkCaughtUp()
  }

  /** The topic was recreated, or lost its end. What this pod knows stays in force, and returns to the topic. */
  #rewriteAll(): void {
    for (const subject of this.#parts.revocations.inForce()) this.missing.add(subject)
    this.#parts.logger.warn({ revocations: this.missing.size }, 'control topic recreated or cut; writing the revocations again')
  }

  records(batch: readonly LogRecord[], endOffset: number): void {
    const stronger: Subject[] = []
    for (const record of batch) {
      const decoded = decodeControlRecord(record)
      if (!decoded.ok) this.#skip(record, decoded.error)
      else if (this.#apply(decoded.value)) stronger.push(decoded.value.subject)
    }
    this.#parts.metrics.revocationRecords.add(batch.length)
    const { partition, offset } = batch.at(-1) ?? { partition: 0, offset: -1 }
    this.#ends[partition] = Math.max(this.#ends[partition] ?? 0, endOffset)
    // One look at the sessions for all records of the batch.
    if (stronger.length > 0) this.#parts.revoked(stronger)
    this.#moveTo(partition, offset + 1)
  }

  /** @returns true: more tokens are revoked than before */
  #apply({ subject, revocation }: ControlRecord): boolean {
    const { revocations } = this.#parts
    if (revocation === null) {
      // A tombstone ends nothing that is in force: it may be of a pod whose clock is ahead.
      if (revocations.isInForce(subject)) this.missing.add(subject)
      else this.#forget(subject)
      return false
    }
    const added = revocations.add(subject, revocation)
    if (added === 'full') return this.#overflow()
    const known = revocations.get(subject)
    if (known === null || covers(revocation, known)) this.missing.delete(subject)
    else this.missing.add(subject)
    return added === 'stronger'
  }

  #forget(subject: Subject): void {
    this.#parts.revocations.remove(subject)
    this.missing.delete(subject)
  }

  #overflow(): false {
    this.#parts.metrics.revocationRecordsSkipped.add(1, { reason: 'full' })
    this.#parts.observer.overflowed()
    return false
  }

  /** Counts a record that this gateway cannot read. The first one of each reason has a log line. */
  #skip({ partition, offset }: LogRecord, reason: ControlRecordFailure): void {
    this.#parts.metrics.revocationRecordsSkipped.add(1, { reason })
    if (this.#logged.has(reason)) return
    this.#logged.add(reason)
    this.#parts.logger.warn({ partition, offset, reason }, 'control records skipped')
  }

  ends(endOffsets: PartitionOffsets): void {
    this.#ends = endOffsets.map((end, partition) => (end < 0 ? (this.#ends[partition] ?? 0) : end))
    this.#checkCaughtUp()
  }

  skipped(partition: number, nextOffset: number): void {
    this.#moveTo(partition, nextOffset)
  }

  lost(partition: number, nextOffset: number): void {
    this.#parts.metrics.revocationRecordsSkipped.add(1, { reason: 'lost' })
    this.#parts.logger.error({ partition, toOffset: nextOffset }, 'control records were lost; revocations may be missing')
    this.#moveTo(partition, nextOffset)
  }

  health(state: SourceHealth): void {
    this.#parts.observer.health(state)
  }

  #moveTo(partition: number, nextOffset: number): void {
    this.#positions[partition] = nextOffset
    this.#checkCaughtUp()
  }

  #checkCaughtUp(): void {
    if (this.#catchUpTo === null || this.#catchUpTo.some((end, partition) => (this.#positions[partition] ?? 0) < end)) return
    this.#catchUpTo = null
    this.#hasRead = true
    this.#parts.observer.caughtUp()
  }
}
