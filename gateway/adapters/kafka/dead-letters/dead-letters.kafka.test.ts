import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { LogRecord } from '../../../event/log-record.ts'
import { useKafka } from '../../../../testing/use.ts'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { createRecordingMetrics, type RecordingMetrics } from '../../../testing/recording-metrics.ts'
import { parseBroker } from '../wire/broker-address.ts'
import { createBrokerConnector } from '../wire/broker-link.ts'
import { createDiscovery } from '../wire/discovery.ts'
import { createDeadLetterWorker, type DeadLetterWorker } from './dead-letters.ts'
import { createGroupOffsets } from './group-offsets.ts'
import { createKafkaTransactions } from './kafka-transactions.ts'
import { useTestClient, kafkaOptions, type KafkaTestOptions } from '../testing/test-topic.ts'

const broker = useKafka()
const client = useTestClient(broker)

const check = (record: LogRecord) =>
  String(record.value).startsWith('bad') ? { reason: 'not-json' as const, detail: 'It is not JSON.' } : null
const waiting = { timeout: 30_000, interval: 50 }
const text = (value: Buffer | readonly Buffer[] | undefined): string => String(value)

describe('the dead letter worker', () => {
  let running: DeadLetterWorker[] = []

  afterEach(async () => {
    const stopping = running
    running = []
    await Promise.all(stopping.map((worker) => worker.stop()))
  })

  interface Running {
    readonly worker: DeadLetterWorker
    readonly metrics: RecordingMetrics
    readonly log: ReturnType<typeof createRecordingLogger>
  }

  function startWorker(topic: string, options: Partial<KafkaTestOptions> = {}): Running {
    const metrics = createRecordingMetrics()
    const log = createRecordingLogger()
    const worker = createDeadLetterWorker(kafkaOptions({ kafkaBrokers: broker.brokers, kafkaTopic: topic, ...options }), {
      check,
      logger: log.logger,
      metrics: metrics.metrics,
      clock: { now: Date.now },
    })
    running.push(worker)
    worker.start()
    return { worker, metrics, log }
  }

  async function makeTopics(partitions = 3): Promise<string> {
    const topic = await client.createTopic(partitions)
    await client.createTopic(2, {}, `${topic}.dlq`)
    return topic
  }

  /** Returns the values in the dead letter topic, sorted. */
  const letters = async (topic: string): Promise<readonly string[]> =>
    (await client.readAll(`${topic}.dlq`)).map(({ value }) => String(value)).sort()

  it('copies records that cannot be decoded, with place and reason, and no others', async () => {
    const topic = await makeTopics()
    const { metrics } = startWorker(topic)
    const timestampMs = Date.now() - 1_000
    await client.append(topic, [
      { partition: 0, value: 'good' },
      { partition: 0, value: 'bad', key: 'k', headers: { ce_id: 'x' }, timestampMs },
      { partition: 2, value: 'good' },
    ])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad'])
    const [letter] = await client.readAll(`${topic}.dlq`)
    const headers = Object.fromEntries(Object.entries(letter?.headers ?? {}).map(([name, value]) => [name, text(value)]))
    expect(String(letter?.key)).toBe('k')
    expect(headers).toEqual({
      ce_id: 'x',
      carillon_dlq_reason: 'not-json',
      carillon_dlq_detail: 'It is not JSON.',
      carillon_dlq_topic: topic,
      carillon_dlq_partition: '0',
      carillon_dlq_offset: '1',
      carillon_dlq_time: new Date(timestampMs).toISOString(),
    })
    expect(metrics.value('dlqRecords')).toBe(1)
  })

  it('copies each record once with many workers that come and go', async () => {
    const topic = await makeTopics()
    const expected: string[] = []
    const append = async (count: number): Promise<void> => {
      const records = Array.from({ length: count }, (_, n) => ({ partition: n % 3, value: `bad-${expected.length + n}` }))
      expected.push(...records.map(({ value }) => value))
      await client.append(
        topic,
        records.flatMap((record) => [record, { ...record, value: 'good' }]),
      )
    }
    const first = startWorker(topic)
    await append(30)
    await expect.poll(() => letters(topic), waiting).toHaveLength(30)
    startWorker(topic)
    await append(30)
    await expect.poll(() => letters(topic), waiting).toHaveLength(60)
    await first.worker.stop()
    await append(30)
    await expect.poll(() => letters(topic), waiting).toHaveLength(90)
    expect(await letters(topic)).toEqual([...expected].sort())
  })

  it('resumes where the fleet stopped, after a time without any worker', async () => {
    const topic = await makeTopics(1)
    const { worker } = startWorker(topic)
    await client.append(topic, [{ partition: 0, value: 'bad-1' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1'])
    await worker.stop()
    await client.append(topic, [{ partition: 0, value: 'bad-2' }])
    startWorker(topic, { replayWindowMs: 1 })
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-1', 'bad-2'])
  })

  it('begins where pods begin to read when there was no worker before', async () => {
    const topic = await makeTopics(1)
    const now = Date.now()
    await client.append(topic, [
      { partition: 0, value: 'bad-old', timestampMs: now - 3_600_000 },
      { partition: 0, value: 'bad-new', timestampMs: now - 60_000 },
    ])
    startWorker(topic)
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-new'])
    await client.append(topic, [{ partition: 0, value: 'bad-newest' }])
    await expect.poll(() => letters(topic), waiting).toEqual(['bad-new', 'bad-newest'])
  })

  it('reports that its topic is missing, waits for it, and loses nothing', async () => {
    const topic = await client.createTopic(1)
    const { log } = startWorker(topic)
    await client.append(topic, [{ partition: 0, value: 'bad' }])
    await expect
      .poll(() => log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.detail), waiting)
      .toEqual([expect.stringContaining(`${topic}.dlq does not exist`)])
    await client.createTopic(1, {}, `${topic}.dlq`)
    await expect.poll(() => letters(topic), waiting).toEqual(['bad'])
  })

  it('creates its topic in development, under the configured name', async () => {
    const topic = await client.createTopic(1)
    const kafkaDlqTopic = `named-${randomUUID()}`
    startWorker(topic, { isDevelopment: true, kafkaDlqTopic })
    await client.append(topic, [{ partition: 0, value: 'bad' }])
    await expect.poll(async () => (await client.admin.listTopics()).includes(kafkaDlqTopic), waiting).toBe(true)
    await expect.poll(async () => (await client.readAll(kafkaDlqTopic)).map(({ value }) => String(value)), waiting).toEqual(['bad'])
  })

  it('leaves out a value that the dead letter topic does not accept', async () => {
    const topic = await client.createTopic(1)
    await client.createTopic(1, { 'max.message.bytes': '2000' }, `${topic}.dlq`)
    startWorker(topic)
    await client.append(topic, [
      { partition: 0, value: 'bad-1' },
      { partition: 0, value: `bad${'x'.repeat(5_000)}` },
      { partition: 0, value: 'bad-2' },
    ])
    await expect.poll(async () => (await client.readAll(`${topic}.dlq`)).length, waiting).toBe(3)
    const copies = await client.readAll(`${topic}.dlq`)
    expect(copies.map(({ value }) => (value === null ? null : String(value)))).toEqual(['bad-1', null, 'bad-2'])
    expect(text(copies[1]?.headers.carillon_dlq_value)).toBe('omitted')
  })

  it('is stopped before it began, twice, and while the brokers are gone', async () => {
    const options = kafkaOptions({ kafkaBrokers: ['127.0.0.1:1'] })
    const parts = { check, logger: createRecordingLogger().logger, metrics: createRecordingMetrics().metrics, clock: { now: Date.now } }
    const never = createDeadLetterWorker(options, parts)
    await never.stop()
    never.start()
    const worker = createDeadLetterWorker(options, parts)
    worker.start()
    expect(await Promise.all([worker.stop(), worker.stop()])).toEqual([undefined, undefined])
  })
})

describe('the transactions of dead letters', () => {
  it('refuse a worker that lost its partition, and report to its successor what it has copied', async () => {
    const topic = await client.createTopic(1)
    const dlqTopic = await client.createTopic(1)
    const groupId = randomUUID()
    const connect = createBrokerConnector(kafkaOptions({ kafkaBrokers: broker.brokers }), createRecordingLogger().logger)
    const discovery = createDiscovery({ brokers: broker.brokers.map(parseBroker), connect })
    const offsets = createGroupOffsets({ discovery, connect, groupId, topic })
    const parts = { kafka: client.kafka, groupId, topic, dlqTopic, offsets }
    const [stalled, successor] = [createKafkaTransactions(parts), createKafkaTransactions(parts)]
    const copyUpTo = (value: string, offset: number) => (committed: number) =>
      committed < offset ? { copies: [{ key: null, value: Buffer.from(value), headers: [] }], offset } : null
    expect(await stalled.run(0, copyUpTo('bad-0', 1), false)).toBe(1)
    expect(await successor.run(0, copyUpTo('bad-0 again', 1), false)).toBe(1)
    expect(await successor.run(0, copyUpTo('bad-1', 2), false)).toBe(2)
    // It wakes up with the batch that its successor has copied.
    await expect(stalled.run(0, copyUpTo('bad-1 again', 2), false)).rejects.toThrow(/producer/i)
    expect(await stalled.run(0, copyUpTo('bad-1 again', 2), false)).toBe(2)
    expect(await stalled.run(0, copyUpTo('bad-2', 3), false)).toBe(3)
    expect((await client.readAll(dlqTopic)).map(({ value }) => String(value))).toEqual(['bad-0', 'bad-1', 'bad-2'])
    await Promise.all([stalled.end(), successor.end()])
    discovery.close()
  })
})
