import { describeKafkaError, type KafkaFailure } from '../kafka-error.ts'
import type { Produced } from '../wire/requests/produce.ts'
import type { PartitionLane } from './partition-lane.ts'
import { createPause } from './pause.ts'
import type { ProduceOutcome } from './produce-outcome.ts'
import type { QueuedRecord } from './publish.ts'

/** A connection to a broker that leads partitions. */
export interface LeaderLink {
  readonly isOpen: boolean
  /** Appends to partitions of the topic, acknowledged by all in-sync replicas. Rejects when there is no response, which closes the link. */
  produce(batches: readonly Batch[], options: { readonly timeoutMs: number }): Promise<readonly Produced[]>
  close(): void
}

export interface Batch {
  readonly partition: number
  readonly records: readonly QueuedRecord[]
}

/** Batches of one lane that are in progress. */
export interface TakenBatch extends Batch {
  readonly lane: PartitionLane
}

/** The sender to one broker: one request at a time, and a back-off of its own. Its records delay no other broker. */
export interface Leader {
  /** Sends the ready batches. During a request or the back-off they are sent afterwards. */
  pump(): void
  /** Stops permanently. Records in progress fail, and may be in the log. */
  close(): void
}

export interface LeaderParts {
  readonly connect: (signal: AbortSignal) => Promise<LeaderLink>
  /** Lanes whose partitions this broker leads now. */
  readonly lanes: () => readonly PartitionLane[]
  /** Reads the outcome of each partition from a broker's response. */
  readonly outcomesOf: (answer: readonly Produced[]) => (partition: number) => ProduceOutcome
  readonly settle: (batch: TakenBatch, outcome: ProduceOutcome) => void
  /** Called when the broker cannot be connected: nothing was sent. */
  readonly unreachable: (failure: KafkaFailure) => void
  /** Called when the request has no response. */
  readonly unanswered: (failure: KafkaFailure) => void
}

/** Limits on one request: a batch of each lane, and these bytes and records of all. */
const maxRequestBytes = 4_194_304
const maxRequestRecords = 4_000
/** Least time for a broker, also for records that are nearly too late. */
const leastTimeoutMs = 500

export function createLeader(parts: LeaderParts): Leader {
  const closing = new AbortController()
  const pause = createPause({ firstMs: 50, maxMs: 1_000, onEnd: pump })
  let link: LeaderLink | null = null
  let isBusy = false
  let turns = 0

  function pump(): void {
    if (isBusy || pause.isOn || closing.signal.aborted || !parts.lanes().some(({ isReady }) => isReady)) return
    isBusy = true
    void sendOnce().finally(() => {
      isBusy = false
      pump()
    })
  }

  async function sendOnce(): Promise<void> {
    const open = await connected()
    // While the connection was made, records went to another leader, or were given up.
    const batches = open === null ? [] : takeBatches(parts.lanes(), turns++)
    if (open === null || batches.length === 0) return
    const outcomeOf = await ask(open, batches)
    for (const batch of batches) parts.settle(batch, outcomeOf(batch.partition))
  }

  async function connected(): Promise<LeaderLink | null> {
    if (link?.isOpen === true) return link
    try {
      link = await parts.connect(closing.signal)
    } catch (cause) {
      failed(cause, parts.unreachable)
      return null
    }
    if (!closing.signal.aborted) return link
    link.close()
    return null
  }

  async function ask(open: LeaderLink, batches: readonly TakenBatch[]): Promise<(partition: number) => ProduceOutcome> {
    try {
      const answer = await open.produce(batches, { timeoutMs: timeLeftMs(batches) })
      pause.reset()
      return parts.outcomesOf(answer)
    } catch (cause) {
      // After any error the broker may have appended the records before.
      const outcome: ProduceOutcome = { kind: 'failed', detail: failed(cause, parts.unanswered).detail }
      return () => outcome
    }
  }

  function failed(cause: unknown, report: (failure: KafkaFailure) => void): KafkaFailure {
    const failure = describeKafkaError(cause)
    if (closing.signal.aborted) return failure
    pause.begin()
    report(failure)
    return failure
  }

  return {
    pump,
    close() {
      closing.abort()
      pause.cut()
      link?.close()
    },
  }
}

/** @param turn index of the lane that comes first, so that none always finds the request full */
function takeBatches(lanes: readonly PartitionLane[], turn: number): readonly TakenBatch[] {
  const ready = lanes.filter(({ isReady }) => isReady)
  const first = ready.length === 0 ? 0 : turn % ready.length
  const batches: TakenBatch[] = []
  let [bytes, count] = [0, 0]
  for (const lane of [...ready.slice(first), ...ready.slice(0, first)]) {
    if (bytes >= maxRequestBytes || count >= maxRequestRecords) break
    const records = lane.take()
    batches.push({ lane, partition: lane.partition, records })
    bytes += records.reduce((sum, record) => sum + record.bytes, 0)
    count += records.length
  }
  return batches
}

/** Returns the time for which the leader may wait for the other replicas: as long as the publish with the latest deadline can wait. */
function timeLeftMs(batches: readonly TakenBatch[]): number {
  const deadlineMs = batches.reduce(
    (latest, { records }) => records.reduce((later, { publish }) => Math.max(later, publish.deadlineMs), latest),
    0,
  )
  return Math.max(leastTimeoutMs, Math.ceil(deadlineMs - performance.now()))
}
