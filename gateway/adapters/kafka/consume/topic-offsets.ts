import type { PartitionOffsets } from '../../../replay/record-source.ts'
import { BrokerError, errorOfCode } from '../kafka-error.ts'
import type { BrokerLink, ConnectBroker } from '../wire/broker-link.ts'
import { fetchRequest } from '../wire/requests/fetch.ts'
import { listOffsetsRequest } from '../wire/requests/list-offsets.ts'
import type { ClusterView } from '../wire/metadata.ts'

/** Time for a leader to take the connection, and for each answer. */
const leaderTimeoutMs = 8_000

export interface OffsetsQuestion {
  readonly connect: ConnectBroker
  readonly signal: AbortSignal
  readonly topic: string
  /** Partitions of the request. @default all */
  readonly partitions?: readonly number[]
}

/**
 * Asks the leaders of all partitions for offsets, all leaders at once. Each answers the timestamps in the order given.
 * @param timestamps milliseconds since the epoch, `endOfLog` or `startOfLog`
 * @returns for each timestamp the offsets by partition; -1 where no record is as recent, or for a partition that was not asked for
 * @throws BrokerError when one partition has no leader, or its leader does not answer
 */
export async function askOffsets(
  view: ClusterView,
  timestamps: readonly number[],
  question: OffsetsQuestion,
): Promise<readonly PartitionOffsets[]> {
  const partitions = view.topic?.partitions ?? []
  const found = timestamps.map(() => Array<number>(partitions.length).fill(-1))
  const answers = [...byLeader(view, question.partitions)].map(([broker, led]) =>
    withLink(view, broker, question, async (link) => {
      for (const [index, timestamp] of timestamps.entries()) {
        const asked = led.map((partition) => ({ partition, leaderEpoch: partitions[partition]?.leaderEpoch ?? -1, timestamp }))
        for (const answer of await link.ask(listOffsetsRequest(link, { topic: question.topic, partitions: asked }), {
          timeoutMs: leaderTimeoutMs,
        })) {
          if (answer.errorCode !== 0)
            throw errorOfCode(answer.errorCode, `report the offsets of partition ${answer.partition} of ${question.topic}`)
          const offsets = found[index]
          if (offsets !== undefined && answer.partition in offsets) offsets[answer.partition] = answer.offset
        }
      }
    }),
  )
  await Promise.all(answers)
  return found
}

/**
 * Checks that this user may read the topic.
 * @throws BrokerError when the broker refuses
 */
export async function askToRead(view: ClusterView, question: OffsetsQuestion): Promise<void> {
  const [first] = byLeader(view, question.partitions)
  const partition = first?.[1][0]
  if (first === undefined || partition === undefined) return
  await withLink(view, first[0], question, async (link) => {
    const wanted = { partition, leaderEpoch: -1, offset: 0, maxBytes: 1, lastFetchedEpoch: -1 }
    const request = fetchRequest(link, {
      topic: question.topic,
      topicId: view.topic?.topicId ?? null,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1,
      rack: '',
      partitions: [wanted],
    })
    const answer = await link.ask(request, { timeoutMs: leaderTimeoutMs })
    for (const { errorCode } of [answer, ...answer.partitions]) {
      const error = errorCode === 0 ? null : errorOfCode(errorCode, `let this gateway read the topic ${question.topic}`)
      // The reader finds any other fault of the partition, and retries.
      if (error?.kind === 'unauthorized') throw error
    }
  })
}

/**
 * Returns the partitions that each broker leads.
 * @throws BrokerError when a partition has no leader
 */
function byLeader(view: ClusterView, wanted?: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const led = new Map<number, number[]>()
  const isWanted = wanted === undefined ? null : new Set(wanted)
  for (const [partition, { leader, errorCode }] of (view.topic?.partitions ?? []).entries()) {
    if (isWanted?.has(partition) === false) continue
    if (leader === -1) throw new BrokerError('stale-leader', '', `partition ${partition} has no leader (error code ${errorCode})`)
    const others = led.get(leader)
    if (others === undefined) led.set(leader, [partition])
    else others.push(partition)
  }
  return led
}

async function withLink(
  view: ClusterView,
  broker: number,
  { connect, signal }: OffsetsQuestion,
  work: (link: BrokerLink) => Promise<void>,
): Promise<void> {
  const address = view.brokers.get(broker)
  if (address === undefined)
    throw new BrokerError('stale-leader', '', `broker ${broker} leads partitions, but the metadata has no address of it`)
  const link = await connect(address, { signal, connectTimeoutMs: leaderTimeoutMs })
  const onAbort = (): void => link.close()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) link.close()
    await work(link)
  } finally {
    signal.removeEventListener('abort', onAbort)
    link.close()
  }
}
