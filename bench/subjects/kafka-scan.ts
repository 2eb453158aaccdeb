/** A real topic, and ways to read all of it: the gateway's adapter and core, parts of these, and kafkajs alone. */
import { randomUUID } from 'node:crypto'
import kafkajs from 'kafkajs'
import { frameBatch } from '../../gateway/adapters/kafka/records/batch.ts'
import { readRecords } from '../../gateway/adapters/kafka/records/read-records.ts'
import { createKafkaRecordSource } from '../../gateway/adapters/kafka/consume/kafka-record-source.ts'
import type { Config } from '../../gateway/config/options.ts'
import { createPinoLogger } from '../../program/log/pino.ts'
import { createPrometheusMetrics } from '../../gateway/observability/prometheus.ts'
import { answerCalls } from '../lib/calls.ts'
import { nowMs } from '../lib/clock.ts'
import { createCoreFactory, principalOf, readOptions } from '../lib/core.ts'
import { OpenSocket } from '../lib/open-socket.ts'
import { fetchBare } from './bare-fetch.ts'
import { scanMessage, scanPartitions } from './scan-corpus.ts'

/** Calls that this process answers. */
export interface KafkaScanCalls extends Record<string, (parameter: never) => unknown> {
  /** Creates the topic and fills it. */
  produce(topic: FilledTopic): Promise<void>
  /** Reads the topic as a gateway does, through its Kafka adapter and its core, for one session that gets none of the records. */
  scan(topic: FilledTopic): Promise<KafkaScanCost>
  /** Fetches the topic as the gateway does, and looks at no record. */
  fetch(topic: FilledTopic): Promise<KafkaScanCost>
  /** Fetches the topic, and takes its records apart: checksums, offsets, keys, values and headers. No event is read. */
  records(topic: FilledTopic): Promise<KafkaScanCost>
  /** Reads the topic with kafkajs alone, which decodes each record's key, value and headers, and counts. */
  count(topic: FilledTopic): Promise<KafkaScanCost>
}

export interface FilledTopic {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly records: number
}

/** Cost from the first record to the last, without joining the group, which takes three seconds. */
export interface KafkaScanCost {
  readonly records: number
  readonly wallMs: number
  /** Processor time of all threads, user and system, in microseconds. */
  readonly cpuMicros: number
}

const { metrics } = createPrometheusMetrics()
const logger = createPinoLogger({ level: 'silent', name: 'bench', version: '0.0.0' })
const createCore = createCoreFactory()
const recordsPerRequest = 2_000

const calls: KafkaScanCalls = {
  produce: async (topic) => {
    const client = clientOf(topic)
    const admin = client.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: topic.topic, numPartitions: scanPartitions }] })
    await admin.disconnect()
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    for (let at = 0; at < topic.records; at += recordsPerRequest) {
      const count = Math.min(recordsPerRequest, topic.records - at)
      const messages = Array.from({ length: count }, (_, index) => ({
        ...scanMessage(at + index),
        partition: (at + index) % scanPartitions,
      }))
      await producer.send({ topic: topic.topic, acks: 1, messages })
    }
    await producer.disconnect()
  },
  scan: async (topic) => {
    const options = optionsOf(topic)
    const { channel, ingest } = createCore(options)
    const socket = new OpenSocket()
    channel.join(socket, { principal: principalOf('nobody-else'), resume: { kind: 'latest' } })
    const stopwatch = createStopwatch(topic.records)
    const source = createKafkaRecordSource(options, { logger, metrics, clock: Date })
    const sink = {
      opened: ingest.opened.bind(ingest),
      ends: ingest.ends.bind(ingest),
      skipped: ingest.skipped.bind(ingest),
      lost: ingest.lost.bind(ingest),
      health: ingest.health.bind(ingest),
      records: (...[batch, endOffset]: Parameters<typeof ingest.records>) => {
        stopwatch.start()
        const settled = ingest.records(batch, endOffset)
        stopwatch.count(batch.length)
        return settled
      },
    }
    await source.start(sink, { sinceMs: 0 })
    const cost = await stopwatch.done
    await source.stop()
    // The channel's timer would keep the channel, and its replay log, for later rounds.
    socket.terminate()
    return cost
  },
  fetch: async (topic) => {
    const stopwatch = createStopwatch(topic.records)
    await fetchBare(optionsOf(topic), logger, ({ partitions }) => {
      stopwatch.start()
      return stopwatch.count(partitions.reduce((sum, { records }) => sum + countRecords(records), 0))
    })
    return stopwatch.done
  },
  records: async (topic) => {
    const stopwatch = createStopwatch(topic.records)
    const positions = new Map<number, number>()
    await fetchBare(optionsOf(topic), logger, async ({ partitions }) => {
      stopwatch.start()
      let isMore = true
      for (const fetched of partitions) {
        for await (const step of readRecords(fetched, positions.get(fetched.partition) ?? 0)) {
          positions.set(fetched.partition, step.nextOffset)
          if (step.kind === 'records') isMore = stopwatch.count(step.records.length)
        }
      }
      return isMore
    })
    return stopwatch.done
  },
  count: async (topic) => {
    const consumer = clientOf(topic).consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500 })
    const stopwatch = createStopwatch(topic.records)
    await consumer.connect()
    await consumer.subscribe({ topics: [topic.topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        stopwatch.start()
        stopwatch.count(batch.messages.length)
      },
    })
    const cost = await stopwatch.done
    await consumer.disconnect()
    return cost
  },
}

const optionsOf = ({ brokers, topic }: FilledTopic): Config => readOptions({ KAFKA_BROKERS: brokers.join(','), KAFKA_TOPIC: topic })

function countRecords(bytes: Buffer): number {
  let records = 0
  for (let at = 0; at < bytes.length;) {
    const framed = frameBatch(bytes, at)
    if (framed.kind !== 'batch') break
    records += framed.batch.count
    at += framed.bytes
  }
  return records
}

const clientOf = ({ brokers }: FilledTopic): kafkajs.Kafka =>
  new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })

interface Stopwatch {
  /** Counts the first time only. */
  start(): void
  /** @returns false: these were the last */
  count(records: number): boolean
  readonly done: Promise<KafkaScanCost>
}

function createStopwatch(records: number): Stopwatch {
  const { promise: done, resolve } = Promise.withResolvers<KafkaScanCost>()
  let started: { readonly atMs: number; readonly cpu: NodeJS.CpuUsage } | null = null
  let counted = 0
  return {
    start: () => void (started ??= { atMs: nowMs(), cpu: process.cpuUsage() }),
    count: (more) => {
      counted += more
      if (counted < records || started === null) return true
      const { user, system } = process.cpuUsage(started.cpu)
      resolve({ records: counted, wallMs: nowMs() - started.atMs, cpuMicros: user + system })
      return false
    },
    done,
  }
}

answerCalls(calls)
