import type { TakenBatch } from './leader.ts'
import type { ProduceOutcome } from './produce-outcome.ts'
import type { QueuedRecord } from './publish.ts'
import type { TroubleLog } from './trouble-log.ts'

/** Applies the outcome of a batch: each record is acknowledged, final, or waits in its lane for the next attempt. */
export function settleBatch({ lane, records }: TakenBatch, outcome: ProduceOutcome, troubles: TroubleLog): void {
  lane.ended()
  switch (outcome.kind) {
    case 'acknowledged':
      return acknowledge()
    case 'too-large':
      return unlessHalved(lane.takeFewerBytes, (record) =>
        record.publish.tooLarge(`a record of ${record.bytes} bytes is larger than the topic accepts: ${outcome.detail}`),
      )
    case 'invalid':
      return unlessHalved(lane.takeFewerRecords, (record) => refuse([record], outcome.detail, troubles))
    case 'refused':
      forgetAttempt(records)
      return refuse(records, outcome.detail, troubles)
    case 'stale-leader':
    case 'failed':
      return tryAgain(outcome.detail)
  }

  function acknowledge(): void {
    lane.succeeded()
    troubles.works(placeOf(lane.partition))
    for (const record of records) {
      lane.delete(record)
      record.publish.acknowledged()
    }
  }

  /** The log has no record of the batch. One record of it is the cause, or the topic accepts smaller batches. */
  function unlessHalved(halve: (batch: readonly QueuedRecord[]) => void, give: (record: QueuedRecord) => void): void {
    forgetAttempt(records)
    const [only, ...more] = records
    if (more.length > 0) halve(records)
    else if (only !== undefined) give(only)
  }

  function tryAgain(detail: string): void {
    delay(records, detail)
    // A leader that moves costs one attempt, which is not logged.
    if (lane.pause() > 1) troubles.failed(placeOf(lane.partition), detail)
  }
}

export function delay(records: Iterable<QueuedRecord>, detail: string): void {
  for (const { publish } of records) publish.delayed(`Kafka did not take the record: ${detail}`)
}

/** Final, at once: the broker will refuse again. */
export function refuse(records: readonly QueuedRecord[], detail: string, troubles: TroubleLog): void {
  if (records.length > 0) troubles.refused(records.length, detail)
  for (const { publish } of records) publish.refused(`Kafka refused the record: ${detail}`)
}

function forgetAttempt(records: readonly QueuedRecord[]): void {
  for (const record of records) record.attempts -= 1
}

const placeOf = (partition: number): string => `partition ${partition}`
