import { vi } from 'vitest'
import type { LogRecord } from '../event/log-record.ts'
import type { LogStart, PartitionOffsets, RecordSink, SourceHealth, SourceProblem } from '../replay/record-source.ts'

export interface RecordingSink extends RecordSink {
  readonly starts: readonly LogStart[]
  /** All records, in the order of arrival. */
  readonly received: readonly LogRecord[]
  readonly reportedEnds: readonly PartitionOffsets[]
  readonly skips: readonly { readonly partition: number; readonly nextOffset: number }[]
  readonly losses: readonly { readonly partition: number; readonly nextOffset: number }[]
  readonly healths: readonly SourceHealth[]
  /** The problem of each of `healths`. */
  readonly problems: readonly (SourceProblem | null)[]
  /** Names of all calls, in order. */
  readonly calls: readonly (keyof RecordSink)[]
  /** Makes the promise of every further batch of this partition wait for `release`. */
  hold(partition: number): void
  release(): void
  /** Makes the next batch fail: by a throw, or by a promise that rejects. */
  failNext(how: 'throw' | 'reject'): void
  values(partition?: number): readonly string[]
  offsets(partition: number): readonly number[]
  /** Resolves when this number of records has come. */
  untilReceived(count: number, timeoutMs?: number): Promise<void>
}

/** A recording double of a sink. */
export function createRecordingSink(): RecordingSink {
  const starts: LogStart[] = []
  const received: LogRecord[] = []
  const reportedEnds: PartitionOffsets[] = []
  const skips: { partition: number; nextOffset: number }[] = []
  const losses: { partition: number; nextOffset: number }[] = []
  const healths: SourceHealth[] = []
  const problems: (SourceProblem | null)[] = []
  const calls: (keyof RecordSink)[] = []
  const held = new Set<number>()
  let gate = Promise.withResolvers<void>()
  let nextFailure: 'throw' | 'reject' | null = null

  function takeFailure(): 'throw' | 'reject' | null {
    const failure = nextFailure
    nextFailure = null
    return failure
  }

  return {
    starts,
    received,
    reportedEnds,
    skips,
    losses,
    healths,
    problems,
    calls,
    opened(start) {
      calls.push('opened')
      starts.push(start)
    },
    records(batch) {
      calls.push('records')
      received.push(...batch)
      const failure = takeFailure()
      if (failure === 'throw') throw new Error('a sink that throws')
      if (failure === 'reject') return Promise.reject(new Error('a sink that rejects'))
      return held.has(batch[0]?.partition ?? -1) ? gate.promise : undefined
    },
    ends(offsets) {
      calls.push('ends')
      reportedEnds.push(offsets)
    },
    skipped(partition, nextOffset) {
      calls.push('skipped')
      skips.push({ partition, nextOffset })
    },
    lost(partition, nextOffset) {
      calls.push('lost')
      losses.push({ partition, nextOffset })
    },
    health(state) {
      calls.push('health')
      healths.push(state)
      problems.push(state.problem)
    },
    hold: (partition) => void held.add(partition),
    release() {
      held.clear()
      gate.resolve()
      gate = Promise.withResolvers()
    },
    failNext: (how) => void (nextFailure = how),
    values: (partition) =>
      received.filter((record) => partition === undefined || record.partition === partition).map((record) => String(record.value)),
    offsets: (partition) => received.filter((record) => record.partition === partition).map((record) => record.offset),
    untilReceived: (count, timeoutMs = 15_000) =>
      vi.waitFor(
        () => {
          if (received.length < count) throw new Error(`${received.length} of ${count} records came`)
        },
        { timeout: timeoutMs, interval: 10 },
      ),
  }
}
