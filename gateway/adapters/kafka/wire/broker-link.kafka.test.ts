import { afterEach, describe, expect, it } from 'vitest'
import { freeze, thaw } from '../../../../testing/frozen-group.ts'
import { useKafka } from '../../../../testing/use.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { useTestClient, kafkaOptions } from '../testing/test-topic.ts'
import { parseBroker } from './broker-address.ts'
import { createBrokerConnector, type BrokerLink } from './broker-link.ts'
import { createDiscovery } from './discovery.ts'
import { clusterViewOf, metadataRequest } from './metadata.ts'
import { fetchRequest } from './requests/fetch.ts'
import { leaderEpochRequest } from './requests/leader-epoch.ts'
import { endOfLog, listOffsetsRequest, startOfLog } from './requests/list-offsets.ts'
import { produceRequest } from './requests/produce.ts'

const broker = useKafka()
const client = useTestClient(broker)
const links: BrokerLink[] = []
const { signal } = new AbortController()
const timeoutMs = 5_000

afterEach(() => {
  for (const link of links.splice(0)) link.close()
})

const connector = () => createBrokerConnector(kafkaOptions({ kafkaBrokers: broker.brokers }), createRecordingLogger().logger)

async function connect(): Promise<BrokerLink> {
  const link = await connector()(parseBroker(broker.brokers[0] ?? ''), { signal })
  links.push(link)
  return link
}

/** The same link, as one to a broker that supports this version and no later one. */
const atMost = (link: BrokerLink, version: number) => ({
  address: link.address,
  version: (_key: number, min: number, max: number) => (version < min ? null : link.version(_key, min, Math.min(max, version))),
})

const fetchArgs = (topic: string, topicId: string | null, offset: number) => ({
  topic,
  topicId,
  maxWaitMs: 10,
  minBytes: 1,
  maxBytes: 1_000_000,
  rack: '',
  partitions: [{ partition: 1, leaderEpoch: 0, offset, maxBytes: 1_000_000, lastFetchedEpoch: -1 }],
})

describe('requests to a real broker', () => {
  it.each([4, 5, 7, 8, 9, 10, 11, 12])('describe topics in version %s of Metadata', async (version) => {
    const topic = await client.createTopic(3)
    const link = await connect()
    const answer = await link.ask(metadataRequest(atMost(link, version), [topic, 'missing']), { timeoutMs })
    const view = clusterViewOf(answer, topic)
    const leaders = Array.from({ length: 3 }, () => ({ leader: 1, leaderEpoch: version < 7 ? -1 : 0, errorCode: 0 }))
    expect(view.topic?.partitions).toEqual(leaders)
    expect(String(view.topic?.topicId)).toMatch(version < 10 ? /^null$/ : /^[0-9a-f-]{36}$/)
    expect([...view.brokers]).toEqual([[1, { ...link.address, host: 'localhost', rack: null }]])
    expect(view.clusterId).toMatch(/.{22}/)
    expect(clusterViewOf(answer, 'missing').topic).toBeNull()
    expect(answer.topics.find(({ name }) => name === topic)?.replicas).toBe(1)
  })

  it.each([4, 5, 6])('list offsets in version %s of ListOffsets', async (version) => {
    const topic = await client.createTopic(2)
    await client.append(topic, [
      { partition: 1, value: 'a', timestampMs: 1_000 },
      { partition: 1, value: 'b', timestampMs: 5_000 },
    ])
    const link = await connect()
    const at = async (timestamp: number) =>
      link.ask(listOffsetsRequest(atMost(link, version), { topic, partitions: [{ partition: 1, leaderEpoch: 0, timestamp }] }), {
        timeoutMs,
      })
    expect(await at(startOfLog)).toEqual([{ partition: 1, errorCode: 0, offset: 0, leaderEpoch: 0 }])
    expect(await at(endOfLog)).toEqual([{ partition: 1, errorCode: 0, offset: 2, leaderEpoch: expect.any(Number) }])
    expect(await at(2_000)).toEqual([{ partition: 1, errorCode: 0, offset: 1, leaderEpoch: 0 }])
    expect(await at(6_000)).toEqual([{ partition: 1, errorCode: 0, offset: -1, leaderEpoch: -1 }])
  })

  it.each([3, 4])('ask for the end of an epoch in version %s of OffsetForLeaderEpoch', async (version) => {
    const topic = await client.createTopic(2)
    await client.append(topic, [{ partition: 1, value: 'a' }])
    const link = await connect()
    const request = leaderEpochRequest(atMost(link, version), {
      topic,
      partitions: [
        { partition: 1, currentLeaderEpoch: 0, leaderEpoch: 0 },
        { partition: 0, currentLeaderEpoch: 7, leaderEpoch: 0 },
      ],
    })
    expect((await link.ask(request, { timeoutMs })).toSorted((a, b) => b.partition - a.partition)).toEqual([
      { partition: 1, errorCode: 0, leaderEpoch: 0, endOffset: 1 },
      { partition: 0, errorCode: 75, leaderEpoch: -1, endOffset: -1 }, // UNKNOWN_LEADER_EPOCH
    ])
  })

  it.each([
    [7, 11],
    [8, 12],
    [9, 13],
  ])('publish in version %s of Produce records that version %s of Fetch returns', async (produceVersion, fetchVersion) => {
    const [source, target] = [await client.createTopic(2), await client.createTopic(2)]
    await client.append(source, [
      { partition: 1, value: 'a' },
      { partition: 1, value: 'b' },
    ])
    const link = await connect()
    const idOf = async (topic: string) =>
      clusterViewOf(await link.ask(metadataRequest(link, [topic]), { timeoutMs }), topic).topic?.topicId ?? null
    const fetched = await link.ask(fetchRequest(atMost(link, fetchVersion), fetchArgs(source, await idOf(source), 0)), { timeoutMs })
    expect(fetched).toMatchObject({
      throttleMs: 0,
      errorCode: 0,
      partitions: [
        {
          partition: 1,
          errorCode: 0,
          highWatermark: 2,
          lastStableOffset: 2,
          logStartOffset: 0,
          aborted: [],
          divergingEpoch: null,
          preferredReplica: -1,
        },
      ],
    })
    const records = fetched.partitions[0]?.records ?? Buffer.alloc(0)
    expect(records.length).toBeGreaterThan(61) // one batch's head
    const produced = await link.ask(
      produceRequest(atMost(link, produceVersion), { topic: target, acks: -1, timeoutMs, partitions: [{ partition: 1, records }] }),
      { timeoutMs },
    )
    expect(produced).toEqual([{ partition: 1, errorCode: 0, message: null, baseOffset: 0 }])
    const copied = await link.ask(fetchRequest(atMost(link, fetchVersion), fetchArgs(target, await idOf(target), 0)), { timeoutMs })
    expect(copied.partitions[0]?.records.equals(records)).toBe(true)
  })

  it('report the codes and messages of a refusal', async () => {
    const topic = await client.createTopic(1)
    const link = await connect()
    const beyond = await link.ask(
      fetchRequest(link, {
        ...fetchArgs(topic, null, 99),
        partitions: [{ partition: 0, leaderEpoch: 0, offset: 99, maxBytes: 1_000, lastFetchedEpoch: -1 }],
      }),
      { timeoutMs },
    )
    expect(beyond.partitions[0]?.errorCode).toBe(1) // OFFSET_OUT_OF_RANGE
    const produced = await link.ask(
      produceRequest(link, { topic, acks: -1, timeoutMs, partitions: [{ partition: 7, records: Buffer.alloc(0) }] }),
      { timeoutMs },
    )
    expect(produced[0]).toMatchObject({ partition: 7, errorCode: 3, baseOffset: -1 })
  })

  it('find where a log diverges from the fetched one', async () => {
    const topic = await client.createTopic(1)
    await client.append(topic, [{ partition: 0, value: 'a' }])
    const link = await connect()
    const position = { partition: 0, leaderEpoch: 0, offset: 5, maxBytes: 1_000, lastFetchedEpoch: 0 }
    const { partitions } = await link.ask(fetchRequest(link, { ...fetchArgs(topic, null, 5), partitions: [position] }), { timeoutMs })
    expect(partitions[0]).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 0, endOffset: 1 } })
  })
})

describe('a link to a real broker', () => {
  it('fails within its time-out while the broker hangs, without an effect on other links', async () => {
    const link = await connect()
    const other = await connect()
    await freeze(broker.pid)
    try {
      const started = performance.now()
      await expect(link.ask(metadataRequest(link, ['x']), { timeoutMs: 300 })).rejects.toMatchObject({
        kind: 'connection',
        message: expect.stringContaining('did not answer Metadata within 300 ms'),
      })
      await expect(connector()(link.address, { signal, connectTimeoutMs: 300 })).rejects.toMatchObject({
        kind: 'connection',
        message: expect.stringContaining('did not connect within 300 ms'),
      })
      expect(performance.now() - started).toBeLessThan(2_000)
      expect([link.isOpen, other.isOpen]).toEqual([false, true])
    } finally {
      thaw(broker.pid)
    }
    expect((await other.ask(metadataRequest(other, ['x']), { timeoutMs })).brokers.size).toBe(1)
    await expect(link.ask(metadataRequest(link, ['x']), { timeoutMs })).rejects.toThrow('did not answer Metadata')
  })
})

describe('the discovery of a real cluster', () => {
  it('finds the topic behind a refused port, and learns the brokers', async () => {
    const topic = await client.createTopic(2)
    const discovery = createDiscovery({
      brokers: [{ host: '127.0.0.1', port: 1 }, parseBroker(broker.brokers[0] ?? '')],
      connect: connector(),
    })
    await expect(discovery.describe(topic)).rejects.toMatchObject({ kind: 'connection', broker: '127.0.0.1:1' })
    expect((await discovery.describe(topic)).topic?.partitions).toHaveLength(2)
    expect((await discovery.describe('missing')).topic).toBeNull()
    discovery.close()
    await expect(discovery.describe(topic)).rejects.toMatchObject({ kind: 'connection' })
  })
})
