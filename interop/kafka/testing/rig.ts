import { Kafka, logLevel, type Producer as KafkajsProducer } from 'kafkajs'
import { inject, vi } from 'vitest'
import { spawnGateway } from '../../../testing/processes/gateway-process.ts'
import { readyGateway } from '../../ready-gateway.ts'
import { logBytes } from './log-segments.ts'
import { makePad, type Plan } from './plan.ts'
import { type Receiver, receiveByEventStream, receiveBySocket } from './receiver.ts'

/** A topic of the shared broker, a gateway process that serves it, and two clients of the user u1. */
export interface Rig {
  /** Common part of all plans of this topic. */
  readonly plan: Plan
  /** Events that the bare WebSocket received. */
  readonly socket: Receiver
  /** Events that Carillon's own client received over SSE. */
  readonly eventStream: Receiver
  /**
   * Writes a last event into each partition and waits until both clients have them all: then earlier events have arrived, or never will.
   * With dead letters on, it also writes a last undecodable record into partition 0, and waits for its copy.
   */
  settle(): Promise<void>
  /** Returns the bytes of a partition of the topic, as the broker stores them. */
  log(partition: number): Buffer
  /** Returns the bytes of all partitions of the dead letter topic, as the broker stores them. */
  deadLetters(): Buffer
  stop(): Promise<void>
}

export interface RigOptions {
  readonly topic: string
  readonly partitions: number
  readonly deadLetters: boolean
}

/** Prefix that marks the events of `settle` among those of foreign clients. */
export const isLast = (id: string): boolean => id.startsWith('last/')
/** One per partition: dead letters of one partition do not wait for those of another. */
const lastPoison = (partition: number): string => `the last record of partition ${String(partition)} that cannot be decoded`
const padBytes = 1_000_000

export async function startRig({ topic, partitions, deadLetters }: RigOptions): Promise<Rig> {
  const brokers = inject('interopBrokers')
  const kafka = new Kafka({ clientId: 'interop', brokers: [brokers], logLevel: logLevel.NOTHING })
  await createTopics(kafka, [{ topic, numPartitions: partitions }, ...(deadLetters ? [{ topic: `${topic}.dlq`, numPartitions: 1 }] : [])])
  const gateway = spawnGateway({ env: gatewayEnvironment({ brokers, topic, deadLetters }) })
  try {
    const at = await readyGateway(gateway)
    const pad = makePad(padBytes)
    const options = { socketUrl: at.socketUrl, token: await tokenFrom(at.url), pad }
    const [socket, eventStream] = await Promise.all([receiveBySocket(options), receiveByEventStream(options)])
    const log = (partition: number): Buffer => logBytes(inject('interopData'), topic, partition)
    const letters = (): Buffer => logBytes(inject('interopData'), `${topic}.dlq`, 0)
    return {
      plan: { brokers, topic, pad, cases: [], steps: [], events: [] },
      socket,
      eventStream,
      settle: async () => {
        await writeLast(kafka.producer(), { topic, partitions, deadLetters })
        await vi.waitFor(() => assertSettled({ receivers: [socket, eventStream], partitions, letters: deadLetters ? letters() : null }), {
          timeout: 30_000,
          interval: 100,
        })
      },
      log,
      deadLetters: letters,
      stop: async () => {
        socket.close()
        eventStream.close()
        await gateway.kill()
      },
    }
  } catch (error) {
    await gateway.kill()
    throw error
  }
}

const gatewayEnvironment = ({
  brokers,
  topic,
  deadLetters,
}: {
  readonly brokers: string
  readonly topic: string
  readonly deadLetters: boolean
}): Readonly<Record<string, string>> => ({
  PORT: '0',
  INTERNAL_PORT: '0',
  KAFKA_BROKERS: brokers,
  KAFKA_TOPIC: topic,
  KAFKA_DLQ: String(deadLetters),
  // A record of 900 KB is a valid event here.
  MAX_EVENT_BYTES: '1048576',
  // The gateway must not hide duplicates.
  DEDUPLICATION_WINDOW_MS: '0',
})

async function createTopics(kafka: Kafka, topics: readonly { readonly topic: string; readonly numPartitions: number }[]): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [...topics], waitForLeaders: false })
  // A broker may report for a moment that it does not host a topic which the controller has made.
  await vi.waitFor(() => admin.fetchTopicMetadata({ topics: topics.map(({ topic }) => topic) }), { timeout: 30_000, interval: 100 })
  await admin.disconnect()
}

async function tokenFrom(url: string): Promise<string> {
  const answer = await fetch(`${url}/dev/token`, { method: 'POST', body: JSON.stringify({ user_id: 'u1' }) })
  return ((await answer.json()) as { readonly token: string }).token // by the API's description
}

async function writeLast(producer: KafkajsProducer, { topic, partitions, deadLetters }: RigOptions): Promise<void> {
  await producer.connect()
  const headers = {
    ce_specversion: '1.0',
    ce_source: '/interop',
    ce_type: 'interop.last',
    ce_audience: '{"users":["u1"]}',
    'content-type': 'application/json',
  }
  const poison = Array.from({ length: deadLetters ? partitions : 0 }, (_, partition) => ({
    partition,
    value: lastPoison(partition),
    headers: { 'content-type': 'application/cloudevents+avro' },
  }))
  const events = Array.from({ length: partitions }, (_, partition) => ({
    partition,
    value: '{}',
    headers: { ...headers, ce_id: `last/${partition}` },
  }))
  await producer.send({ topic, acks: -1, messages: [...poison, ...events] })
  await producer.disconnect()
}

interface Settling {
  readonly receivers: readonly Receiver[]
  readonly partitions: number
  readonly letters: Buffer | null
}

/** @throws while an event is still on its way */
function assertSettled({ receivers, partitions, letters }: Settling): void {
  for (const { counts, troubles } of receivers) {
    const missing = Array.from({ length: partitions }, (_, partition) => `last/${partition}`).filter((id) => !counts.has(id))
    if (missing.length > 0)
      throw new Error(`a client has not received ${missing.join(', ')}. Its troubles: ${troubles.join('; ') || 'none'}`)
  }
  const uncopied =
    letters === null
      ? []
      : Array.from({ length: partitions }, (_, partition) => lastPoison(partition)).filter((text) => !letters.includes(text))
  if (uncopied.length > 0) throw new Error(`not among the dead letters: ${uncopied.join(', ')}`)
}
