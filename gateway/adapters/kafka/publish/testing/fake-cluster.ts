import { createRecordingLogger, type LogLine } from '../../../../testing/recording-logger.ts'
import type { EventPublisher } from '../../../../emit/event-publisher.ts'
import { BrokerError } from '../../kafka-error.ts'
import type { Discovery } from '../../wire/discovery.ts'
import type { ClusterView } from '../../wire/metadata.ts'
import type { Produced } from '../../wire/requests/produce.ts'
import type { Batch } from '../leader.ts'
import type { ConnectLeader } from '../leaders.ts'
import { createPartitionedPublisher } from '../partitioned-publisher.ts'

/** One Produce request, as the fake broker sees it. */
export interface FakeRequest {
  readonly broker: number
  readonly batches: readonly Batch[]
  readonly timeoutMs: number
  /** Appends the records of partitions that this broker leads, and answers as a broker does. */
  append(): readonly Produced[]
  /** Settles with the end of the link: the broker never answers. */
  silence(): Promise<never>
}

/** Some brokers and one topic, in memory. A test sets their faults. */
export interface FakeCluster {
  /** Leader of each partition; -1: none. A test changes them. */
  readonly leaders: number[]
  /** Appended records of each partition: their identities, in order. */
  readonly logs: string[][]
  readonly requests: FakeRequest[]
  /** Brokers that were connected, in order. */
  readonly connects: number[]
  readonly asked: { count: number; turns: number }
  readonly lines: readonly LogLine[]
  readonly publisher: EventPublisher
  /** Moves a partition to another leader. */
  move(partition: number, leader: number): void
  /** Recreates the topic, empty. */
  recreate(leaders: readonly number[]): void
  /** Replaces the behaviour that the test sets. */
  readonly faults: {
    connect: (broker: number) => Promise<void> | void
    produce: (request: FakeRequest) => Promise<readonly Produced[]> | readonly Produced[]
    describe: (view: ClusterView) => Promise<ClusterView> | ClusterView
  }
}

/** By a timer that tests can fake. */
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const roundTripMs = 1
const notLeader = 6
/** As a real link, which waits a little longer than the broker may. */
const patienceMs = 1_000

export const produced = (partition: number, errorCode = 0): Produced => ({
  partition,
  errorCode,
  message: null,
  baseOffset: errorCode === 0 ? 0 : -1,
})
export const lost = (broker: number): BrokerError =>
  new BrokerError('connection', `broker-${broker}:9092`, `the broker broker-${broker}:9092 closed the connection`)

export function createFakeCluster(given: readonly number[]): FakeCluster {
  const { logger, lines } = createRecordingLogger()
  const [leaders, epochs] = [[...given], given.map(() => 0)]
  const logs: string[][] = given.map(() => [])
  const [requests, connects]: [FakeRequest[], number[]] = [[], []]
  const asked = { count: 0, turns: 0 }
  let topic = 1

  function view(): ClusterView {
    const ids = new Set([...leaders, 1, 2, 3].filter((id) => id !== -1))
    const partitions = leaders.map((leader, partition) => ({
      leader,
      leaderEpoch: epochs[partition] ?? 0,
      errorCode: leader === -1 ? 5 : 0,
    }))
    return {
      clusterId: 'fake',
      brokers: new Map([...ids].map((id) => [id, { host: `broker-${id}`, port: 9092, rack: null }])),
      topic: { topicId: `topic-${topic}`, partitions },
    }
  }

  function append(broker: number, batches: readonly Batch[]): readonly Produced[] {
    return batches.map(({ partition, records }) => {
      if (leaders[partition] !== broker) return produced(partition, leaders[partition] === undefined ? 3 : notLeader)
      logs[partition]?.push(...records.map(({ record }) => record.identity))
      return produced(partition)
    })
  }

  const discovery: Discovery = {
    async describe() {
      asked.count += 1
      await delay(roundTripMs)
      return cluster.faults.describe(view())
    },
    turn: () => void (asked.turns += 1),
    close: () => undefined,
  }

  const connect: ConnectLeader = async (address, signal) => {
    const broker = Number(address.host.replace('broker-', ''))
    connects.push(broker)
    await delay(roundTripMs)
    await cluster.faults.connect(broker)
    if (signal.aborted) throw lost(broker)
    return connectTo(broker)
  }

  function connectTo(broker: number) {
    const closing = new AbortController()
    const silence = (timeoutMs: number): Promise<never> =>
      new Promise((_resolve, reject) => {
        const end = (): void => (clearTimeout(timer), closing.signal.removeEventListener('abort', end), reject(lost(broker)))
        const timer = setTimeout(end, timeoutMs)
        closing.signal.addEventListener('abort', end)
      })
    return {
      get isOpen() {
        return !closing.signal.aborted
      },
      async produce(batches: readonly Batch[], { timeoutMs }: { readonly timeoutMs: number }) {
        // A record that is dropped during the request stays in it.
        const request: FakeRequest = {
          broker,
          batches,
          timeoutMs,
          append: () => append(broker, batches),
          silence: () => silence(timeoutMs + patienceMs),
        }
        requests.push(request)
        await delay(roundTripMs)
        const answer = Promise.resolve(cluster.faults.produce(request))
        return Promise.race([answer, silence(timeoutMs + patienceMs)]).catch((cause: unknown) => {
          closing.abort()
          throw cause
        })
      },
      close: () => closing.abort(),
    }
  }

  const cluster: FakeCluster = {
    leaders,
    logs,
    requests,
    connects,
    asked,
    lines,
    publisher: createPartitionedPublisher({ topic: 'events', topicOption: 'KAFKA_TOPIC', discovery, connect, logger }),
    move(partition, leader) {
      leaders[partition] = leader
      epochs[partition] = (epochs[partition] ?? 0) + 1
    },
    recreate(next) {
      topic += 1
      leaders.splice(0, leaders.length, ...next)
      epochs.splice(0, epochs.length, ...next.map(() => 0))
      logs.splice(0, logs.length, ...next.map(() => []))
    },
    faults: { connect: () => undefined, produce: (request) => request.append(), describe: (described) => described },
  }
  return cluster
}
