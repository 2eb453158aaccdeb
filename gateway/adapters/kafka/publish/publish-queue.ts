import type { OutgoingRecord, PublishFailure } from '../../../emit/event-publisher.ts'
import { failed, ok, type Result } from '../../../result.ts'

/** A record that waits to be sent, or is under way. */
export interface QueuedRecord {
  readonly record: OutgoingRecord
  readonly bytes: number
  readonly publish: Publish
}

/** One call of `publish`: settled once, by the last acknowledgement, the first failure, or its deadline. */
export interface Publish {
  readonly isSettled: boolean
  /** One of its records is in the log. */
  acknowledged(): void
  failed(failure: PublishFailure): void
  /** An attempt failed and another follows: the reason is told should the deadline come first. */
  delayed(detail: string): void
}

export interface PublishQueue {
  readonly isClosed: boolean
  add(records: readonly OutgoingRecord[], timeoutMs: number): Promise<Result<void, PublishFailure>>
  /** The next records to send, in order, without those whose publish is settled. Empty when there is none. */
  take(): readonly QueuedRecord[]
  /** Takes no more. */
  close(): void
  /** Fails everything that is not settled. */
  abandon(detail: string): void
}

/**
 * A request holds no more than this: kafkajs makes one batch per partition of it, and a topic takes batches of 1 MiB unless told
 * otherwise. A larger record goes alone.
 */
const maxRequestBytes = 900_000
/** kafkajs groups the messages of a request in quadratic time. */
const maxRequestRecords = 1_000
/** What waits is bounded; the emit API bounds its number before (EMIT_MAX_IN_FLIGHT). */
const maxQueuedBytes = 134_217_728
/** What a record takes in a batch beside its key, value and headers. */
const recordOverheadBytes = 40

export function createPublishQueue(): PublishQueue {
  let queue: QueuedRecord[] = []
  let taken = 0
  let queuedBytes = 0
  let isClosed = false
  const unsettled = new Set<Publish>()

  function add(records: readonly OutgoingRecord[], timeoutMs: number): Promise<Result<void, PublishFailure>> {
    const sized = records.map((record) => ({ record, bytes: bytesOf(record) }))
    const totalBytes = sized.reduce((sum, { bytes }) => sum + bytes, 0)
    if (queuedBytes + totalBytes > maxQueuedBytes) return Promise.resolve(failed({ kind: 'unavailable', detail: `${queuedBytes} bytes wait to be sent already` }))
    queuedBytes += totalBytes
    const { publish, outcome } = createPublish(records.length, timeoutMs)
    unsettled.add(publish)
    for (const { record, bytes } of sized) queue.push({ record, bytes, publish })
    return outcome.then((result) => {
      queuedBytes -= totalBytes
      unsettled.delete(publish)
      return result
    })
  }

  function take(): readonly QueuedRecord[] {
    const batch: QueuedRecord[] = []
    let bytes = 0
    for (let next = queue[taken]; next !== undefined; next = queue[++taken]) {
      if (next.publish.isSettled) continue
      bytes += next.bytes
      if (batch.length > 0 && (bytes > maxRequestBytes || batch.length >= maxRequestRecords)) break
      batch.push(next)
    }
    // What was taken is dropped in large pieces, so that one take costs what it takes.
    if (taken * 2 >= queue.length) {
      queue = queue.slice(taken)
      taken = 0
    }
    return batch
  }

  return {
    get isClosed() {
      return isClosed
    },
    add,
    take,
    close() {
      isClosed = true
    },
    abandon(detail) {
      for (const publish of unsettled) publish.failed({ kind: 'unavailable', detail })
    },
  }
}

function createPublish(records: number, timeoutMs: number): { readonly publish: Publish; readonly outcome: Promise<Result<void, PublishFailure>> } {
  const { promise: outcome, resolve } = Promise.withResolvers<Result<void, PublishFailure>>()
  let left = records
  let isSettled = false
  let why: string | null = null
  const timer = setTimeout(expire, timeoutMs)

  function settle(result: Result<void, PublishFailure>): void {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    resolve(result)
  }

  function expire(): void {
    if (why === null) settle(failed({ kind: 'timeout', detail: `the log did not acknowledge within ${timeoutMs} ms` }))
    else settle(failed({ kind: 'unavailable', detail: why }))
  }

  if (records === 0) settle(ok(undefined))
  const publish: Publish = {
    get isSettled() {
      return isSettled
    },
    acknowledged() {
      left -= 1
      if (left === 0) settle(ok(undefined))
    },
    failed: (failure) => settle(failed(failure)),
    delayed(detail) {
      why = detail
    },
  }
  return { publish, outcome }
}

function bytesOf(record: OutgoingRecord): number {
  let bytes = recordOverheadBytes + (record.value?.length ?? 0) + Buffer.byteLength(record.key ?? '')
  for (const [name, value] of Object.entries(record.headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value) + 4
  return bytes
}
