import type { Logger } from '../../../../program/log/logger.ts'
import type { PartitionBehind, RecordSink, SourceHealth, SourceProblem } from '../../../replay/record-source.ts'
import { healthOf, isSameHealth } from './source-state.ts'
import type { Watermarks } from './watermarks.ts'

export interface SourceReportParts {
  readonly sink: Pick<RecordSink, 'ends' | 'health'>
  readonly logger: Pick<Logger, 'info'>
  readonly topic: string
  /** Number of partitions that are read now. */
  readonly partitions: () => number
  readonly stopped: AbortSignal
}

/** Keeps what the leaders said last of each partition, and reports ends and health to the sink. */
export class SourceReport {
  readonly #parts: SourceReportParts
  readonly #behind = new Map<number, PartitionBehind>()
  /** The last answer of each partition's leader. */
  readonly #marks = new Map<number, Watermarks>()
  /** Partitions whose leader has answered since the sink was given the ends. */
  readonly #fresh = new Set<number>()
  #topicProblem: SourceProblem | null = { kind: 'connecting', detail: 'no broker has answered yet' }
  #reported: SourceHealth | null = null
  #isHealthDue = false

  constructor(parts: SourceReportParts) {
    this.#parts = parts
  }

  /** Forgets everything: another topic, or the same topic from its opening, is read from now on. */
  reset(): void {
    this.#behind.clear()
    this.#marks.clear()
    this.#fresh.clear()
    this.#topicProblem = null
  }

  fetched(partition: number, marks: Watermarks): void {
    const isFirst = !this.#marks.has(partition)
    this.#marks.set(partition, marks)
    this.#fresh.add(partition)
    if (isFirst) this.health()
  }

  /** @param problem null: the partition is read again */
  behind(partition: number, problem: PartitionBehind | null): void {
    if (problem === null) this.#behind.delete(partition)
    else this.#behind.set(partition, problem)
    this.health()
  }

  topicProblem(problem: SourceProblem | null): void {
    if (problem === null && this.#topicProblem === null) return
    this.#topicProblem = problem
    this.health()
  }

  /** Returns the last end that the leader reported for readers of committed records; 0 without one. */
  endOf(partition: number): number {
    return this.#marks.get(partition)?.lastStableOffset ?? 0
  }

  /** The partition's log ends at `offset` now. The previous leader's end does not count for this log. */
  cut(partition: number, offset: number): void {
    this.#marks.set(partition, { lastStableOffset: offset, highWatermark: offset, logStartOffset: 0 })
    this.#fresh.delete(partition)
  }

  /** Reports the ends. A partition without an answer since the last report is unknown: -1. */
  ends(): void {
    const ends = Array.from({ length: this.#parts.partitions() }, (_, partition) =>
      this.#fresh.has(partition) ? (this.#marks.get(partition)?.lastStableOffset ?? -1) : -1,
    )
    this.#parts.sink.ends(ends)
    this.#fresh.clear()
    this.health()
  }

  /** Reports the health once, however many partitions change in one turn. */
  health(): void {
    if (this.#isHealthDue) return
    this.#isHealthDue = true
    queueMicrotask(() => {
      this.#isHealthDue = false
      if (!this.#parts.stopped.aborted) this.#reportHealth()
    })
  }

  #reportHealth(): void {
    const uncommittedRecords = [...this.#marks.values()].reduce(
      (sum, { highWatermark, lastStableOffset }) => sum + Math.max(0, highWatermark - lastStableOffset),
      0,
    )
    const health = healthOf({
      partitions: this.#parts.partitions(),
      behind: this.#behind,
      read: new Set(this.#marks.keys()),
      topicProblem: this.#topicProblem,
      uncommittedRecords,
    })
    if (isSameHealth(health, this.#reported)) return
    const wasWell = this.#reported !== null && this.#reported.problem === null
    this.#reported = health
    if (health.problem === null && !wasWell) this.#parts.logger.info({ topic: this.#parts.topic }, 'reading from Kafka')
    this.#parts.sink.health(health)
  }
}
