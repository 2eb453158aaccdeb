import type { OutgoingRecord } from '../../../event/outgoing-record.ts'
import type { PublishFailure } from '../../../emit/event-publisher.ts'
import { failed, ok, type Result } from '../../../../program/result.ts'
import { openPublish, type OpenPublish, type QueuedRecord } from './publish.ts'

/** Holds published records until they are settled, within a bound of bytes. */
export interface PublishQueue {
  readonly isClosed: boolean
  add(records: readonly OutgoingRecord[], timeoutMs: number): Promise<Result<void, PublishFailure>>
  /** Accepts no more. */
  close(): void
  /** Resolves when all records are settled. */
  settled(): Promise<void>
  /** Fails all records that are not settled. */
  abandon(detail: string): void
}

export interface PublishQueueParts {
  /** Called with each record that is added, in order. */
  readonly added: (record: QueuedRecord) => void
  /** Called with the records of a publish that fails: they need no further attempt. */
  readonly dropped: (records: readonly QueuedRecord[]) => void
}

/** Limit on waiting bytes. The emit API bounds the number of events before (EMIT_MAX_IN_FLIGHT). */
export const maxQueuedBytes = 134_217_728
/** Bytes of a record in a batch beside its key, value and headers. */
const recordOverheadBytes = 40

export function createPublishQueue({ added, dropped }: PublishQueueParts): PublishQueue {
  const unsettled = new Set<OpenPublish>()
  let queuedBytes = 0
  let sequence = 0
  let isClosed = false

  async function add(records: readonly OutgoingRecord[], timeoutMs: number): Promise<Result<void, PublishFailure>> {
    if (isClosed) return failed({ kind: 'unavailable', detail: 'the publisher was stopped' })
    if (records.length === 0) return ok(undefined)
    const [timestampMs, sized] = [Date.now(), records.map((record) => ({ record, bytes: bytesOf(record) }))]
    const totalBytes = sized.reduce((sum, { bytes }) => sum + bytes, 0)
    if (queuedBytes + totalBytes > maxQueuedBytes)
      return failed({ kind: 'unavailable', detail: `${queuedBytes} bytes wait to be sent already` })
    queuedBytes += totalBytes
    const publish = openPublish(
      sized.map((record) => ({ ...record, timestampMs, sequence: sequence++ })),
      timeoutMs,
      dropped,
    )
    unsettled.add(publish)
    publish.records.forEach(added)
    const result = await publish.outcome
    queuedBytes -= totalBytes
    unsettled.delete(publish)
    return result
  }

  return {
    get isClosed() {
      return isClosed
    },
    add,
    close() {
      isClosed = true
    },
    async settled() {
      await Promise.all([...unsettled].map(({ outcome }) => outcome))
    },
    abandon(detail) {
      for (const publish of unsettled) publish.abandoned(detail)
    },
  }
}

function bytesOf(record: OutgoingRecord): number {
  let bytes = recordOverheadBytes + (record.value?.length ?? 0) + Buffer.byteLength(record.key ?? '')
  for (const [name, value] of Object.entries(record.headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4
  return bytes
}
