import { readRecords, stuckBatch, type RecordStep } from '../records/read-records.ts'
import type { Turns } from '../records/turns.ts'
import type { FetchedPartition } from '../wire/requests/fetch.ts'
import type { PartitionState } from './partition-state.ts'

/** Maximum size of a batch. A larger one is given up: the response with it would be longer than a link accepts. */
const maxBatchBytes = 60 * 1_048_576

/**
 * Reads what a broker sent of one partition. A batch that did not come whole is asked for again with enough room, once. If it does not
 * come whole then, it is unreadable.
 *
 * @param state its `wantsBytes` is set for the next fetch
 * @param leastBytes room of a partition in every fetch
 */
export async function* stepsOf(
  state: PartitionState,
  { partition, records, aborted, highWatermark }: FetchedPartition,
  offset: number,
  { leastBytes, turns }: { readonly leastBytes: number; readonly turns: Turns },
): AsyncGenerator<RecordStep> {
  const stuck = stuckBatch(records, offset)
  const wantsBytes = stuck === null ? 0 : Math.max(stuck.bytes, leastBytes)
  if (stuck !== null && (wantsBytes <= state.wantsBytes || wantsBytes > maxBatchBytes)) {
    state.wantsBytes = 0
    return yield {
      kind: 'unreadable',
      nextOffset: stuck.nextOffset,
      why: `a batch of ${stuck.bytes} bytes, of which the broker sent ${records.length}`,
    }
  }
  state.wantsBytes = wantsBytes
  if (stuck !== null) state.servedTurn = 0 // first in the next request, which has room
  else yield* readRecords({ partition, records, aborted, highWatermark }, offset, turns)
}
