import type { EventPublisher, PublishFailure } from '../../emit/event-publisher.ts'
import type { OutgoingRecord } from '../../event/outgoing-record.ts'
import { partitionFor } from '../../emit/partition-for.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { MemoryRecord } from './memory-partition.ts'

export interface MemoryPublisherParts {
  readonly partitions: () => number
  readonly append: (records: readonly MemoryRecord[]) => void
  readonly maxRecordBytes: number
  /** Resolves when the log acknowledges; null: it has. */
  readonly acknowledged: () => Promise<void> | null
  /** Returns the failure that was ordered for this publish, or null. */
  readonly takeFailure: () => PublishFailure | null
}

/** End of the wait for an acknowledgement. */
type Ending = 'acknowledged' | 'late' | 'abandoned'

/** Succeeds only after the records are in the log, and never after the caller's deadline. */
export function createMemoryPublisher(log: MemoryPublisherParts): EventPublisher {
  const inFlight = new Set<Promise<unknown>>()
  const waits = new Set<(ending: Ending) => void>()
  let stopped = false

  /** @returns why nothing was appended, or null */
  function append(records: readonly OutgoingRecord[]): PublishFailure | null {
    if (stopped) return { kind: 'unavailable', detail: 'the publisher was stopped' }
    const tooLarge = records.find((record) => bytesOf(record) > log.maxRecordBytes)
    if (tooLarge !== undefined)
      return {
        kind: 'too-large',
        detail: `a record of ${bytesOf(tooLarge)} bytes is larger than the log takes (${log.maxRecordBytes})`,
      }
    const failure = log.takeFailure()
    if (failure !== null) return failure
    log.append(
      records.map((record) => ({
        partition: partitionFor(record, log.partitions()),
        key: record.key,
        value: record.value,
        headers: record.headers,
      })),
    )
    return null
  }

  async function acknowledgement(acknowledged: Promise<void>, timeoutMs: number): Promise<Result<void, PublishFailure>> {
    switch (await ending(acknowledged, timeoutMs)) {
      case 'acknowledged':
        return ok(undefined)
      case 'late':
        return failed({ kind: 'timeout', detail: `the log did not acknowledge within ${timeoutMs} ms` })
      case 'abandoned':
        return failed({ kind: 'unavailable', detail: 'the publisher was stopped before the log had acknowledged' })
    }
  }

  function ending(acknowledged: Promise<void>, timeoutMs: number): Promise<Ending> {
    return new Promise((resolve) => {
      const end = (how: Ending): void => {
        clearTimeout(timer)
        waits.delete(end)
        resolve(how)
      }
      const timer = setTimeout(end, timeoutMs, 'late')
      waits.add(end)
      void acknowledged.then(() => end('acknowledged'))
    })
  }

  return {
    publish(records, { timeoutMs }) {
      const failure = append(records)
      if (failure !== null) return Promise.resolve(failed(failure))
      const acknowledged = log.acknowledged()
      if (acknowledged === null) return Promise.resolve(ok(undefined))
      const outcome = acknowledgement(acknowledged, timeoutMs)
      inFlight.add(outcome)
      void outcome.then(() => inFlight.delete(outcome)) // never rejects: every failure is a value
      return outcome
    },
    async stop({ deadlineMs }) {
      stopped = true
      const deadline = setTimeout(() => {
        for (const end of waits) end('abandoned')
      }, deadlineMs)
      await Promise.all(inFlight)
      clearTimeout(deadline)
    },
  }
}

function bytesOf(record: OutgoingRecord): number {
  let bytes = (record.value?.length ?? 0) + Buffer.byteLength(record.key ?? '')
  for (const name in record.headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(record.headers[name] ?? '')
  return bytes
}
