/** `make emit-test`: produces test records to Kafka, as a service would; --help lists its flags. */
import { messageOf } from '../../program/message-of.ts'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Admin, type Producer } from 'kafkajs'
import type { OutgoingRecord } from '../../gateway/event/outgoing-record.ts'
import { partitionFor } from '../../gateway/emit/partition-for.ts'
import { emitTestHelp, parseEmitTest, type EmitTestOptions } from './emit-test-options.ts'
import { testRecord } from './emit-test-records.ts'

// kafkajs asks Node.js for timers in the past; the warning is harmless, and of no use to people.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') console.error(warning)
})

const batchSize = 500

/** Writes all records of a run, in order. @throws when a broker or the topic cannot be reached */
async function produce(options: EmitTestOptions): Promise<void> {
  const kafka = new Kafka({
    clientId: 'carillon-emit-test',
    brokers: [...options.brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    retry: { retries: 3 },
  })
  const admin = kafka.admin()
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1, retry: { retries: 3 } })
  try {
    await admin.connect()
    const partitions = await countPartitions(admin, options.topic)
    await producer.connect()
    for (const indexes of slices(options)) {
      await send(
        producer,
        options,
        indexes.map((index) => testRecord(options, index, { now: new Date(), fresh: randomUUID })),
        partitions,
      )
      if (options.ratePerS > 0 && indexes.at(-1) !== options.count - 1) await sleep(1000 / options.ratePerS)
    }
  } finally {
    await Promise.allSettled([admin.disconnect(), producer.disconnect()])
  }
}

/** One record at a time with a rate, else in batches. */
function slices({ count, ratePerS }: EmitTestOptions): readonly (readonly number[])[] {
  const size = ratePerS > 0 ? 1 : batchSize
  return Array.from({ length: Math.ceil(count / size) }, (_, slice) =>
    Array.from({ length: Math.min(size, count - slice * size) }, (__, index) => slice * size + index),
  )
}

class MissingTopicError extends Error {}

async function countPartitions(admin: Admin, topic: string): Promise<number> {
  const topics = await admin.listTopics()
  if (!topics.includes(topic)) throw new MissingTopicError(`there is no topic ${topic}`)
  const metadata = await admin.fetchTopicMetadata({ topics: [topic] })
  return metadata.topics[0]?.partitions.length ?? 1
}

/** acks -1: all in-sync replicas. The partition is the one that a gateway would choose. */
async function send(producer: Producer, options: EmitTestOptions, records: readonly OutgoingRecord[], partitions: number): Promise<void> {
  const messages = records.map((record) => ({
    key: record.key,
    value: record.value,
    headers: { ...record.headers },
    partition: partitionFor(record, partitions),
  }))
  await producer.send({ topic: options.topic, acks: -1, messages })
}

function describeAudience({ audience }: EmitTestOptions): string {
  if (audience.broadcast) return 'everybody'
  const { users, usernames, organizations, roles } = audience
  return Object.entries({ users, usernames, organizations, roles })
    .filter(([, names]) => names.length > 0)
    .map(([kind, names]) => `${kind} ${names.join(', ')}`)
    .join('; ')
}

async function main(): Promise<void> {
  const options = parseEmitTest(process.argv.slice(2), { env: process.env, readFile: (path) => readFileSync(path, 'utf8') })
  if (!options.ok) return refuse(options.error)
  if (options.value === null) return console.log(emitTestHelp)
  const { brokers, topic, form, count } = options.value
  try {
    await produce(options.value)
  } catch (error) {
    const why = messageOf(error)
    const remedy =
      error instanceof MissingTopicError
        ? `a gateway in development mode creates it: KAFKA_BROKERS=${brokers.join(',')} KAFKA_TOPIC=${topic} make start (or name another topic: --topic)`
        : 'is Kafka there? `make infra` starts one on 127.0.0.1:9092; --brokers or KAFKA_BROKERS names another'
    return refuse([`could not write to ${brokers.join(', ')}: ${why}`, remedy])
  }
  console.log(
    `wrote ${count === 1 ? '1 record' : `${count} records`} (${form}) to ${topic} on ${brokers.join(', ')}, for ${describeAudience(options.value)}`,
  )
}

function refuse(reasons: readonly string[]): void {
  for (const reason of reasons) console.error(`emit-test: ${reason}`)
  process.exitCode = 1
}

await main()
