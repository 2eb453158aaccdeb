import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DecodeFailure } from '../../../event/decoded-record.ts'
import type { LogRecord } from '../../../event/log-record.ts'
import type { RecordStep } from '../records/read-records.ts'
import type { DeadLetter, RangeNote } from './dead-letter-copy.ts'
import type { LetterCopier } from './letter-copier.ts'

/** Reads one partition in order: checks each record, has undecodable ones copied, and keeps the group's progress. */
export interface PartitionWorker {
  /** Next offset: all records below are checked. */
  position(): number
  /** Moves on past records that the log no longer holds. */
  moveOn(offset: number): void
  /**
   * Goes back, with the group's progress: the topic was recreated, and its offsets are other records. `position` is this offset at once, so
   * that no fetch goes on from the old one. Steps wait until the group is back. Another call in that time changes the target.
   */
  rewind(offset: number): void
  /**
   * Resolves when the step is handled. Until then, the partition must not be read further.
   * @throws LostPartitionError
   */
  deliver(step: RecordStep): Promise<void>
  /**
   * Writes the open summary once it is old enough, or the progress when it is due. Does nothing while a call is in progress.
   * @throws LostPartitionError, kafkajs's error
   */
  tick(nowMs: number): Promise<void>
  /** Writes the pending summary and progress, with one attempt. */
  flush(): Promise<void>
  /** Ends waits and refuses steps from now on. */
  stop(): void
}

export interface PartitionWorkerParts {
  readonly partition: number
  readonly startOffset: number
  readonly check: (record: LogRecord) => DecodeFailure | null
  readonly copier: LetterCopier
  /** Returns whether one copy may be made; false: the pod has reached its rate. */
  readonly mayCopy: () => boolean
  /** Called with the number of records that were counted in a summary. */
  readonly summarised: (note: RangeNote) => void
  /** Time for which records are counted before the summary is written. */
  readonly summaryEveryMs: number
  /** Returns the interval between writes of progress without copies. */
  readonly progressEveryMs: () => number
  readonly clock: { now(): number }
}

/** A check of a record takes up to 25 us, and no event is delivered to browsers in the same turn of the event loop. */
const turnMs = 2
const recordsPerLook = 16

/**
 * Works on one partition.
 *
 * While the pod copies less than its rate, each undecodable record is copied before the step is done. Above the rate, a summary opens.
 * Records are counted, and the group's progress stays below the first counted record. The summary is written in one transaction with the
 * progress past the last one. A worker that dies in between has written neither, so its successor reads the same records again.
 */
export function createPartitionWorker(parts: PartitionWorkerParts): PartitionWorker {
  const { partition, check, copier, clock } = parts
  const stopping = new AbortController()
  let position = parts.startOffset
  let written = parts.startOffset
  let writtenAtMs = clock.now()
  let summary: OpenSummary | null = null
  let queue: Promise<void> = Promise.resolve()
  /** Target of going back; null: none. */
  let target: number | null = null
  let isTicking = false

  /** One thing at a time: a step and a tick would otherwise write the same offsets. */
  function alone(work: () => Promise<void>): Promise<void> {
    const mine = queue.then(work)
    queue = mine.catch(() => undefined) // its caller gets the error
    return mine
  }

  async function copy(letters: readonly DeadLetter[], upTo: number): Promise<void> {
    await copier.copy(letters, stopping.signal)
    written = upTo
    writtenAtMs = clock.now()
  }

  async function checkAll(records: readonly LogRecord[]): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = []
    await inTurns(records, (record) => {
      const failure = record.offset < position ? null : check(record)
      // A copy in the topic that is read is never copied again: two gateways would fill each other's topics without end.
      if (failure === null || failure.reason === 'dead-letter') return
      if (summary === null && parts.mayCopy()) letters.push({ kind: 'record', record, failure })
      else summary = counted(summary, record, failure, clock.now())
    })
    return letters
  }

  async function deal(step: RecordStep): Promise<void> {
    if (step.nextOffset <= position) return
    stopping.signal.throwIfAborted()
    if (step.kind === 'records') {
      const letters = await checkAll(step.records)
      const last = letters.at(-1)
      if (last?.kind === 'record') await copy(letters, last.record.offset + 1)
    } else if (step.kind === 'unreadable') {
      await closeSummary()
      await copy([unreadable(partition, position, step)], step.nextOffset)
    }
    position = step.nextOffset
  }

  async function closeSummary(): Promise<void> {
    if (summary === null) return
    const note = noteOf(partition, summary)
    await copy([note], note.toOffset + 1)
    summary = null
    parts.summarised(note)
  }

  async function writeProgress(): Promise<void> {
    if (summary !== null || position <= written) return
    writtenAtMs = clock.now() // also when it fails: reading goes on without it
    await copier.progress(position)
    written = position
  }

  const isSummaryDue = (nowMs: number): boolean => summary !== null && nowMs - summary.openedAtMs >= parts.summaryEveryMs
  const isProgressDue = (nowMs: number): boolean => summary === null && position > written && nowMs - writtenAtMs >= parts.progressEveryMs()

  async function goBack(): Promise<void> {
    summary = null
    while (target !== null) {
      const offset = target
      await copier.rewind(offset, stopping.signal)
      position = offset
      written = offset
      if (target === offset) target = null
    }
  }

  return {
    position: () => target ?? position,
    moveOn(offset) {
      if (target === null) position = Math.max(position, offset)
      else target = Math.max(target, offset)
    },
    rewind(offset) {
      const isUnderWay = target !== null
      target = offset
      if (!isUnderWay) void alone(goBack).catch(() => undefined) // stopped
    },
    deliver: (step) => alone(() => deal(step)),
    async tick(nowMs) {
      if (isTicking) return
      isTicking = true
      try {
        if (isSummaryDue(nowMs)) await alone(closeSummary)
        else if (isProgressDue(nowMs)) await alone(writeProgress)
      } finally {
        isTicking = false
      }
    },
    flush: () =>
      alone(async () => {
        await closeSummary()
        await writeProgress()
      }),
    stop() {
      stopping.abort(new Error('the partition is no longer read'))
      copier.wake()
    },
  }
}

/** Visits all, and lets the event loop turn in between. */
async function inTurns<T>(all: readonly T[], visit: (one: T) => void): Promise<void> {
  let turnEndsAt = performance.now() + turnMs
  for (const [index, one] of all.entries()) {
    if (index % recordsPerLook === 0 && performance.now() > turnEndsAt) {
      await nextTurn()
      turnEndsAt = performance.now() + turnMs
    }
    visit(one)
  }
}

interface OpenSummary {
  readonly openedAtMs: number
  readonly fromOffset: number
  readonly toOffset: number
  readonly counts: Map<string, number>
}

function counted(open: OpenSummary | null, { offset }: LogRecord, { reason }: DecodeFailure, nowMs: number): OpenSummary {
  const counts = open?.counts ?? new Map<string, number>()
  counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return { openedAtMs: open?.openedAtMs ?? nowMs, fromOffset: open?.fromOffset ?? offset, toOffset: offset, counts }
}

const noteOf = (partition: number, { fromOffset, toOffset, counts }: OpenSummary): RangeNote => ({
  kind: 'range',
  reason: 'summary',
  detail: 'More records could not be decoded than KAFKA_DLQ_RATE_PER_S lets be copied. They are counted here and stay in the topic.',
  partition,
  fromOffset,
  toOffset,
  counts: Object.fromEntries(counts),
})

const unreadable = (partition: number, fromOffset: number, step: { readonly nextOffset: number; readonly why: string }): RangeNote => ({
  kind: 'range',
  reason: 'unreadable',
  detail: step.why,
  partition,
  fromOffset,
  toOffset: step.nextOffset - 1,
  counts: {},
})
