import type { Batch } from 'kafkajs'
import type { FetchedPartition } from '../wire/fetch-response.ts'

/** What a consumer of a client of `createKafkaClient` is handed in `eachBatch`. */
export interface FetchedBatch {
  readonly partition: number
  /** The offset that was asked for: between it and the first record the log has nothing. */
  readonly fetchOffset: number
  readonly fetched: FetchedPartition
}

/** Takes what Carillon's decoder read out of the batch in which kafkajs hands it over; null when the fetch brought nothing. */
export function fetchedBatch(batch: Batch): FetchedBatch | null {
  const [message] = batch.messages as unknown as readonly FetchedPartition[] // decodeFetchResponse makes one of these per partition
  if (message === undefined) return null
  const { fetchedOffset } = batch as unknown as { readonly fetchedOffset: string } // a member that kafkajs does not declare
  return { partition: batch.partition, fetchOffset: Number(fetchedOffset), fetched: message }
}
