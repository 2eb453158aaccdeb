import { errorOfCode, isRefusal } from '../kafka-error.ts'
import type { Produced } from '../wire/requests/produce.ts'

/** Outcome of one batch. */
export type ProduceOutcome =
  /** The log has all of its records. */
  | { readonly kind: 'acknowledged' }
  /** The log has none of them, and accepts none like this: too large, or one of them is invalid, or the broker does not allow it. */
  | { readonly kind: 'too-large' | 'invalid' | 'refused'; readonly detail: string }
  /** Another broker leads the partition. The log may have the records. */
  | { readonly kind: 'stale-leader'; readonly detail: string }
  /** The log may have the records, or not. */
  | { readonly kind: 'failed'; readonly detail: string }

/** CORRUPT_MESSAGE, INVALID_TIMESTAMP, INVALID_RECORD: one record is enough for the whole batch to be refused. */
const codesOfOneRecord: ReadonlySet<number> = new Set([2, 32, 87])

/**
 * Reads the outcome of each batch of a request. A partition that a response does not name, or names twice, has failed, and is never
 * acknowledged.
 */
export function readOutcomes(answer: readonly Produced[], topic: string): (partition: number) => ProduceOutcome {
  const byPartition = Map.groupBy(answer, ({ partition }) => partition)
  return (partition) => {
    const [own, ...more] = byPartition.get(partition) ?? []
    if (own === undefined) return { kind: 'failed', detail: `the leader's response lacks partition ${partition}` }
    if (more.length > 0) return { kind: 'failed', detail: `the leader's response has partition ${partition} twice` }
    return own.errorCode === 0 ? { kind: 'acknowledged' } : outcomeOfError(own, topic)
  }
}

function outcomeOfError({ partition, errorCode, message }: Produced, topic: string): ProduceOutcome {
  const { kind, message: detail } = errorOfCode(errorCode, `append to partition ${partition} of the topic ${topic}`, message)
  if (codesOfOneRecord.has(errorCode)) return { kind: 'invalid', detail }
  if (kind === 'too-large' || kind === 'stale-leader') return { kind, detail }
  return { kind: isRefusal({ kind }) ? 'refused' : 'failed', detail }
}
