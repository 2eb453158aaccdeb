import { createBrokerConnector, type BrokerLink } from '../../gateway/adapters/kafka/wire/broker-link.ts'
import { parseBroker } from '../../gateway/adapters/kafka/wire/broker-address.ts'
import { createDiscovery } from '../../gateway/adapters/kafka/wire/discovery.ts'
import { fetchRequest, type FetchAnswer } from '../../gateway/adapters/kafka/wire/requests/fetch.ts'
import { maxFetchBytes } from '../../gateway/adapters/kafka/consume/asked-fetch.ts'
import { endOfBatches } from '../../gateway/adapters/kafka/records/batch.ts'
import type { Config } from '../../gateway/config/options.ts'
import type { Logger } from '../../program/log/logger.ts'

/** Bytes of a partition in an answer, as the gateway's reader asks for. */
const partitionBytes = 1_048_576

/**
 * Fetches a topic of one broker from its beginning, over the gateway's own connections, and reads no record. One fetch is always under way while
 * the answer before it is taken, as in the gateway.
 * @param take takes each answer. It returns false at the end
 */
export async function fetchBare(options: Config, logger: Logger, take: (answer: FetchAnswer) => Promise<boolean> | boolean): Promise<void> {
  const connect = createBrokerConnector(options, logger)
  const discovery = createDiscovery({ brokers: options.kafkaBrokers.map(parseBroker), connect })
  const { topic, brokers } = await discovery.describe(options.kafkaTopic)
  const [broker] = brokers.values()
  if (topic === null || broker === undefined) throw new Error(`the topic ${options.kafkaTopic} does not exist`)
  const link = await connect(broker, { signal: new AbortController().signal })
  const offsets = new Map(topic.partitions.map((_, partition) => [partition, 0]))
  const ask = (): Promise<FetchAnswer> => askFor(link, { topic: options.kafkaTopic, topicId: topic.topicId, offsets })
  for (let asked = ask(); ;) {
    const answer = await asked
    for (const { partition, records } of answer.partitions) {
      // The broker fills its answer from the front: those that were served come last in the next one.
      const end = endOfBatches(records) ?? offsets.get(partition) ?? 0
      if (records.length > 0) offsets.delete(partition)
      offsets.set(partition, end)
    }
    asked = ask()
    if (await take(answer)) continue
    await asked
    break
  }
  link.close()
  discovery.close()
}

interface Position {
  readonly topic: string
  readonly topicId: string | null
  readonly offsets: ReadonlyMap<number, number>
}

function askFor(link: BrokerLink, { topic, topicId, offsets }: Position): Promise<FetchAnswer> {
  const partitions = [...offsets].map(([partition, offset]) => ({
    partition,
    leaderEpoch: -1,
    offset,
    maxBytes: partitionBytes,
    lastFetchedEpoch: -1,
  }))
  const request = fetchRequest(link, { topic, topicId, maxWaitMs: 500, minBytes: 1, maxBytes: maxFetchBytes, rack: '', partitions })
  return link.ask(request, { timeoutMs: 10_000 })
}
