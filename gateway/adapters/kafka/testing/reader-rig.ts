import { afterEach, vi } from 'vitest'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../../testing/recording-metrics.ts'
import { createRecordingSink } from '../../../testing/recording-sink.ts'
import { TopicReader, type TopicReaderOptions } from '../consume/topic-reader.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery } from '../wire/discovery.ts'
import { FakeCluster } from './fake-cluster.ts'
import { kafkaOptions } from './test-topic.ts'

const ends: (() => Promise<void>)[] = []

/** Ends everything that the rigs of a test began. Call it once in a test file. */
export function endRigsAfterEach(): void {
  afterEach(endRigs)
}

export async function endRigs(): Promise<void> {
  for (const end of ends.splice(0).toReversed()) await end()
}

/** Ends a part after the test, before parts that began earlier. */
export function endWith(end: () => Promise<void>): void {
  ends.push(end)
}

export async function aCluster(given: Parameters<typeof FakeCluster.start>[0] = {}): Promise<FakeCluster> {
  const cluster = await FakeCluster.start(given)
  ends.push(() => cluster.stop())
  return cluster
}

export type ReaderRig = ReturnType<typeof aReader>

/** The real reader over real links to the fake brokers. Its clock can be put ahead. Its timers are those of the machine. */
export function aReader(
  cluster: FakeCluster,
  options: Partial<TopicReaderOptions> & { readonly createTopic?: () => Promise<void>; readonly inspectEveryMs?: number } = {},
) {
  const sink = createRecordingSink()
  const log = createRecordingLogger()
  const metrics = createRecordingMetrics()
  const clock = { aheadMs: 0, now: () => Date.now() + clock.aheadMs }
  const all = {
    ...kafkaOptions({ kafkaBrokers: [...cluster.addresses] }),
    kafkaTopic: cluster.topic,
    kafkaClientRack: '',
    kafkaFetchWaitMs: 50,
    kafkaStallTimeoutMs: 300,
    ...options,
  }
  const connect = createBrokerConnector(all, log.logger)
  const discovery = createDiscovery({ brokers: all.kafkaBrokers.map(parseBroker), connect })
  const reader = new TopicReader(all, {
    sink,
    logger: log.logger,
    metrics: metrics.metrics,
    clock,
    discovery,
    connect,
    createTopic: options.createTopic ?? null,
    inspectEveryMs: options.inspectEveryMs ?? 50,
  })
  ends.push(() => reader.stop())
  return {
    cluster,
    reader,
    sink,
    log,
    metrics,
    clock,
    start: (sinceMs = 0): Promise<void> => reader.start(sinceMs),
    /** Resolves when the sink has got exactly these values of the partition. */
    untilRead: (partition: number, values: readonly string[]): Promise<void> => eventually(() => same(sink.values(partition), values)),
    problem: () => sink.healths.at(-1)?.problem ?? null,
    /** Returns the partitions behind in the last health, with their kinds. */
    behind: (): Readonly<Record<number, string>> =>
      Object.fromEntries((sink.healths.at(-1)?.behind ?? []).map(({ partition, kind }) => [partition, kind])),
  }
}

export async function aStartedReader(cluster: FakeCluster, options: Parameters<typeof aReader>[1] = {}): Promise<ReaderRig> {
  const rig = aReader(cluster, options)
  await rig.start()
  return rig
}

export const eventually = (check: () => void, timeout = 8_000): Promise<void> => vi.waitFor(check, { timeout, interval: 5 })

function same(found: readonly string[], wanted: readonly string[]): void {
  if (found.join() !== wanted.join())
    throw new Error(`read ${JSON.stringify(found.slice(-20))}, expected ${JSON.stringify(wanted.slice(-20))}`)
}
