import type { EventPublisher, OutgoingRecord, PublishFailure } from '../../emit/event-publisher.ts'
import { partitionFor } from '../../emit/partition-for.ts'
import { failed, ok, type Result } from '../../result.ts'
import type { MemoryRecord } from './memory-log.ts'

export interface MemoryPublisherDependencies {
  readonly partitions: () => number
  readonly append: (records: readonly MemoryRecord[]) => void
  readonly maxRecordBytes: number
  /** Resolves when the log acknowledges. */
  readonly acknowledged: () => Promise<void>
  /** The failure that was ordered for this publish, or null. */
  readonly takeFailure: () => PublishFailure | null
}

/** Says ok only after the records are in the log, and never after the caller's deadline. */
export function createMemoryPublisher(log: MemoryPublisherDependencies): EventPublisher {
  const inFlight = new Set<Promise<unknown>>()
  const abandoned = Promise.withResolvers<'abandoned'>()
  let stopped = false

  async function publish(records: readonly OutgoingRecord[], timeoutMs: number): Promise<Result<void, PublishFailure>> {
    if (stopped) return failed({ kind: 'unavailable', detail: 'the publisher was stopped' })
    const tooLarge = records.find((record) => bytesOf(record) > log.maxRecordBytes)
    if (tooLarge !== undefined) return failed({ kind: 'too-large', detail: `a record of ${bytesOf(tooLarge)} bytes is larger than the log takes (${log.maxRecordBytes})` })
    const failure = log.takeFailure()
    if (failure !== null) return failed(failure)
    log.append(records.map((record) => ({ ...record, partition: partitionFor(record, log.partitions()) })))
    const outcome = await Promise.race([within(log.acknowledged(), timeoutMs), abandoned.promise])
    if (outcome === 'abandoned') return failed({ kind: 'unavailable', detail: 'the publisher was stopped before the log had acknowledged' })
    return outcome ? ok(undefined) : failed({ kind: 'timeout', detail: `the log did not acknowledge within ${timeoutMs} ms` })
  }

  return {
    publish(records, { timeoutMs }) {
      const outcome = publish(records, timeoutMs)
      inFlight.add(outcome)
      void outcome.then(() => inFlight.delete(outcome)) // never rejects: every failure is a value
      return outcome
    },
    async stop({ deadlineMs }) {
      stopped = true
      await within(Promise.all(inFlight), deadlineMs)
      abandoned.resolve('abandoned')
    },
  }
}

function bytesOf(record: OutgoingRecord): number {
  let bytes = (record.value?.length ?? 0) + Buffer.byteLength(record.key ?? '')
  for (const [name, value] of Object.entries(record.headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  return bytes
}

/** Whether `promise` resolved within the time. */
async function within(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, timeoutMs, false)))
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
