import type { Logger } from '../../program/log/logger.ts'
import type { EventPublisher } from '../emit/event-publisher.ts'
import type { OutgoingRecord } from '../event/outgoing-record.ts'
import { encodeControlRecord } from './control-record.ts'
import type { ControlReader } from './control-reader.ts'
import type { Revocations } from './revocations.ts'

export interface ControlUpkeepParts {
  readonly revocations: Revocations
  readonly reader: Pick<ControlReader, 'missing' | 'isCaughtUp'>
  readonly publisher: Pick<EventPublisher, 'publish'>
  /** Longest wait for an acknowledgement, in milliseconds. */
  readonly timeoutMs: number
  readonly logger: Pick<Logger, 'debug' | 'warn'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
}

/** Most records of one round: a round takes a few milliseconds, and 100,000 revocations a few minutes. */
export const maxRecordsPerRound = 1_000
/** Time after the end of a revocation at which its record is removed. It covers clocks of pods that differ. */
export const tombstoneAfterMs = 3_600_000
/** Longest pause between two rounds. Pods wait for random parts of it, so that one of them does the work of all. */
export const roundMs = 4_000

/**
 * Keeps the control topic as small and as strong as the table: writes revocations that the topic has lost, and tombstones for those that have
 * ended. Every pod does this. The records are the same, so it does no harm when several do it at once.
 */
export class ControlUpkeep {
  readonly #parts: ControlUpkeepParts
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(parts: ControlUpkeepParts) {
    this.#parts = parts
  }

  start(): void {
    this.#plan()
  }

  /** Idempotent. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #plan(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => void this.round().finally(() => this.#plan()), roundMs * (0.25 + 0.75 * this.#parts.random()))
    this.#timer.unref()
  }

  /** Writes what is due, at most `maxRecordsPerRound` records. Never rejects. */
  async round(): Promise<void> {
    const { publisher, timeoutMs, logger, reader } = this.#parts
    if (!reader.isCaughtUp) return
    const records = this.#due()
    if (records.length === 0) return
    const published = await publisher.publish(records, { timeoutMs })
    if (published.ok) logger.debug({ records: records.length }, 'control topic maintained')
    else
      logger.warn({ records: records.length, kind: published.error.kind, detail: published.error.detail }, 'control topic not maintained')
  }

  /** Returns the records to write. They come back from the topic, and only then the table and `missing` change. */
  #due(): readonly OutgoingRecord[] {
    const { reader, revocations, now } = this.#parts
    const lost = reader.missing.first(maxRecordsPerRound).map((subject) => encodeControlRecord(subject, revocations.get(subject)))
    const ended = revocations.endedBefore(now() - tombstoneAfterMs, maxRecordsPerRound - lost.length)
    return [...lost, ...ended.map((subject) => encodeControlRecord(subject, null))]
  }
}
