import { afterEach, describe, expect, it, vi } from 'vitest'
import { freeze, thaw } from '../../../../testing/frozen-group.ts'
import { useKafka } from '../../../../testing/use.ts'
import { describeRecordSource } from '../../../testing/record-source-contract.ts'
import { createRecordingSink, type RecordingSink } from '../../../testing/recording-sink.ts'
import { useTestClient, createTestSource, kafkaOptions, type KafkaTestOptions, type TestSource } from '../testing/test-topic.ts'

const broker = useKafka()
const client = useTestClient(broker)

describeRecordSource('Kafka', async () => {
  const topic = await client.createTopic(3)
  return {
    source: () => createTestSource(kafkaOptions({ kafkaBrokers: broker.brokers, kafkaTopic: topic })).source,
    append: (records) => client.append(topic, records),
    async recreate() {
      await client.admin.deleteTopics({ topics: [topic] })
      await client.createTopic(3, {}, topic)
    },
    grow: async (partitions) => void (await client.admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] })),
    trim: (partition, offset) => client.trim(topic, partition, offset),
    makeHole: (partition) => client.appendAborted(topic, partition, ['aborted', 'aborted']),
  }
})

describe('the Kafka record source', () => {
  let running: TestSource[] = []

  afterEach(async () => {
    const stopping = running
    running = []
    await Promise.all(stopping.map(({ source }) => source.stop()))
  })

  function newSource(options: Partial<KafkaTestOptions>): TestSource {
    const created = createTestSource(kafkaOptions({ kafkaBrokers: broker.brokers, ...options }))
    running.push(created)
    return created
  }

  async function read(topic: string, options: Partial<KafkaTestOptions> = {}): Promise<TestSource & { readonly sink: RecordingSink }> {
    const created = newSource({ kafkaTopic: topic, ...options })
    const sink = createRecordingSink()
    await created.source.start(sink, { sinceMs: 0 })
    return { ...created, sink }
  }

  const untilProblem = (sink: RecordingSink, matches: object | null): Promise<void> =>
    vi.waitFor(() => expect(sink.problems.at(-1)).toEqual(matches === null ? null : expect.objectContaining(matches)), {
      timeout: 30_000,
      interval: 20,
    })

  it.each([
    ['gzip', 1],
    ['snappy', 2],
    ['lz4', 3],
    ['zstd', 4],
  ] as const)('reads batches compressed with %s', async (_name, compression) => {
    const topic = await client.createTopic()
    const values = Array.from({ length: 50 }, (_, n) => `${n} `.repeat(200))
    await client.append(
      topic,
      values.map((value) => ({ partition: 0, value })),
      compression,
    )
    const { sink } = await read(topic)
    await sink.untilReceived(50)
    expect(sink.values(0)).toEqual(values)
  })

  it('reads through markers, aborted records and the holes of compaction', async () => {
    const topic = await client.createTopic(1, {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '100',
      'delete.retention.ms': '100',
    })
    await client.append(topic, [
      { partition: 0, key: 'a', value: '1' },
      { partition: 0, key: 'b', value: '2' },
    ])
    await client.appendAborted(topic, 0, ['never'])
    await client.append(topic, [{ partition: 0, key: 'a', value: '3' }])
    const { sink } = await read(topic)
    await sink.untilReceived(3)
    expect(sink.values()).toEqual(['1', '2', '3'])
    expect(sink.offsets(0)[2]).toBeGreaterThan(2)
  })

  it('waits for an open transaction, and counts only committed records as the end', async () => {
    const topic = await client.createTopic(1)
    await client.append(topic, [{ partition: 0, value: 'a' }])
    const writer = client.kafka.producer({ transactionalId: 'open', idempotent: true })
    await writer.connect()
    const transaction = await writer.transaction()
    await transaction.send({ topic, messages: [{ value: 'b', partition: 0 }] })
    const { sink } = await read(topic)
    await vi.waitFor(() => expect(sink.reportedEnds.length).toBeGreaterThan(1), 10_000)
    expect(sink.starts[0]?.endOffsets).toEqual([1])
    expect(sink.reportedEnds.at(-1)).toEqual([1])
    expect(sink.values()).toEqual(['a'])
    await transaction.commit()
    await sink.untilReceived(2)
    await writer.disconnect()
  })

  it('reads a record that is larger than a fetch', async () => {
    const topic = await client.createTopic(1, { 'max.message.bytes': '4000000' })
    await client.append(topic, [
      { partition: 0, value: 'x'.repeat(3_000_000) },
      { partition: 0, value: 'y' },
    ])
    const { sink } = await read(topic)
    await sink.untilReceived(2)
    expect(sink.received.map(({ value }) => value?.length)).toEqual([3_000_000, 1])
  })

  it('refuses a missing topic, and names the remedies', async () => {
    const { source } = newSource({ kafkaTopic: 'missing' })
    await expect(source.start(createRecordingSink(), { sinceMs: 0 })).rejects.toThrow('The topic missing does not exist. Create it')
    expect(await client.admin.listTopics()).not.toContain('missing')
  })

  it('creates the topic in development', async () => {
    const { sink } = await read('created-in-development', { isDevelopment: true, kafkaTopicPartitions: 8 })
    expect(sink.starts[0]?.endOffsets).toHaveLength(8)
    await client.append('created-in-development', [{ partition: 7, value: 'a' }])
    await sink.untilReceived(1)
  })

  it("takes the topic's id for the epoch, the same for every reader, unless an epoch is configured", async () => {
    const topic = await client.createTopic()
    const [first, second, configured] = await Promise.all([read(topic), read(topic), read(topic, { kafkaTopicEpoch: 'epoch-7' })])
    expect(first.sink.starts[0]?.epoch).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(second.sink.starts[0]?.epoch).toBe(first.sink.starts[0]?.epoch)
    expect(configured.sink.starts[0]?.epoch).toBe('epoch-7')
  })

  it('joins no consumer group', async () => {
    const topic = await client.createTopic()
    await client.append(topic, [{ partition: 0, value: 'a' }])
    const { sink } = await read(topic, { kafkaClientId: 'own' })
    await sink.untilReceived(1)
    const { groups } = await client.admin.listGroups()
    expect(groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith('own'))).toEqual([])
  })

  it('reports a broker that hangs, and resumes at exactly its position', async () => {
    const topic = await client.createTopic(1)
    const { sink, metrics } = await read(topic, { kafkaStallTimeoutMs: 1_000 })
    await client.append(topic, [{ partition: 0, value: 'a' }])
    await sink.untilReceived(1)
    await untilProblem(sink, null)
    await freeze(broker.pid)
    await untilProblem(sink, { kind: 'connecting' })
    thaw(broker.pid)
    await client.append(topic, [{ partition: 0, value: 'b' }])
    await sink.untilReceived(2)
    await untilProblem(sink, null)
    expect(sink.values()).toEqual(['a', 'b'])
    expect(metrics.value('sourceRebuilds')).toBeLessThan(5)
  })

  it('loses and repeats nothing while the broker is killed and stopped; a source that starts in that time waits and can be stopped', async () => {
    const topic = await client.createTopic(3)
    const { sink, metrics } = await read(topic)
    let written = 0
    const done = new AbortController()
    const writing = (async () => {
      for (; !done.signal.aborted; written++) await client.append(topic, [{ partition: written % 3, value: String(written) }])
    })()
    const untilMore = async (): Promise<void> => {
      const before = sink.received.length
      await vi.waitFor(() => expect(sink.received.length).toBeGreaterThan(before + 5), { timeout: 60_000, interval: 20 })
    }

    await untilMore()
    await broker.kill()
    await untilProblem(sink, { kind: 'connecting' })
    const waiting = newSource({ kafkaTopic: topic })
    const stopped = newSource({ kafkaTopic: topic })
    const [waitingSink, stoppedSink] = [createRecordingSink(), createRecordingSink()]
    const starting = [waiting.source.start(waitingSink, { sinceMs: 0 }), stopped.source.start(stoppedSink, { sinceMs: 0 })]
    await Promise.all([untilProblem(waitingSink, { kind: 'connecting' }), untilProblem(stoppedSink, { kind: 'connecting' })])
    await stopped.source.stop()
    await broker.restart()
    await Promise.all(starting)
    await Promise.all([untilProblem(sink, null), untilProblem(waitingSink, null)])

    await untilMore()
    await broker.restart()
    await untilMore()
    await broker.kill()
    await broker.restart()
    await untilMore()

    done.abort()
    await writing
    for (const reader of [sink, waitingSink]) {
      await vi.waitFor(() => expect(new Set(reader.values()).size).toBe(written), { timeout: 40_000, interval: 50 })
      for (const partition of [0, 1, 2]) {
        const offsets = reader.offsets(partition)
        expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, n) => n))
      }
      expect(reader.starts).toHaveLength(1)
    }
    expect(stoppedSink.starts).toEqual([])
    expect(metrics.value('sourceRebuilds', { cause: 'crash' })).toBeGreaterThan(0)
  })
})
