import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createKafkaLog } from './adapters/kafka/kafka-log.ts'
import type { Config } from './config/options.ts'
import { parseOptions } from './config/parse-options.ts'
import { createRecordingLogger } from './testing/recording-logger.ts'
import { createRecordingMetrics } from './testing/recording-metrics.ts'
import { useKafka } from '../testing/use.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket } from './testing/test-socket.ts'

/** The whole gateway on a real broker. What happens to it when the broker or a gateway dies is in e2e/proof. */

const broker = useKafka()
let gateways: readonly TestGateway[]
const topic = 'platform.chrome'

function configFor(): Config {
  const parsed = parseOptions(
    { KAFKA_BROKERS: broker.brokers.join(','), PORT: '0', INTERNAL_PORT: '0', DRAIN_MS: '0' },
    { readable: () => true },
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}

async function startOnKafka(): Promise<TestGateway> {
  const log = createKafkaLog(configFor(), { logger: createRecordingLogger().logger, metrics: createRecordingMetrics().metrics })
  const gateway = await startTestGateway({ adapters: log })
  await vi.waitFor(() => expect(gateway.gateway.health.ready().waitingFor).toEqual([]), { timeout: 30_000 })
  return gateway
}

beforeAll(async () => {
  gateways = [await startOnKafka(), await startOnKafka()]
})

afterAll(async () => {
  await Promise.all((gateways ?? []).map((gateway) => gateway.stop()))
})

const kafka = (): Kafka => new Kafka({ clientId: 'test', brokers: [...broker.brokers], logLevel: logLevel.NOTHING })

it('delivers records of all three forms from all partitions, copies the poison one to the dead letter topic, and goes on', async () => {
  const [first] = gateways
  if (first === undefined) throw new Error('no gateway')
  const socket = await openSocket(first.socketUrl, { token: await first.token({ user_id: 'ann' }), cursor: 'latest' })
  const producer = kafka().producer()
  await producer.connect()
  const attributes = { specversion: '1.0', source: '/test', type: 't' }
  await producer.send({
    topic,
    acks: -1,
    messages: [
      {
        partition: 0,
        value: '{"n":1}',
        headers: {
          ce_specversion: '1.0',
          ce_id: 'binary',
          ce_source: '/test',
          ce_type: 't',
          ce_audience: '{"users":["ann"]}',
          'content-type': 'application/json',
        },
      },
      {
        partition: 3,
        value: JSON.stringify({ ...attributes, id: 'structured', audience: '{"users":["ann"]}', data: 2 }),
        headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
      },
      { partition: 5, value: 'poison' },
      { partition: 5, value: JSON.stringify({ ...attributes, specversion: '1.0.2', id: 'legacy', data: { users: ['ann'], payload: 3 } }) },
      ...Array.from({ length: 8 }, (_, partition) => ({
        partition,
        value: JSON.stringify({ ...attributes, id: `partition-${partition}`, data: { broadcast: true, payload: partition } }),
      })),
    ],
  })
  await producer.disconnect()
  await socket.until(12)
  expect(socket.ids.toSorted()).toEqual([
    '!resumed',
    'binary',
    'legacy',
    ...Array.from({ length: 8 }, (_, partition) => `partition-${partition}`),
    'structured',
  ])
  const admin = kafka().admin()
  await admin.connect()
  const letters = async (): Promise<number> =>
    (await admin.fetchTopicOffsets(`${topic}.dlq`)).reduce((sum, { offset }) => sum + Number(offset), 0)
  await vi.waitFor(async () => expect(await letters()).toBeGreaterThan(0), { timeout: 30_000, interval: 200 })
  await admin.disconnect()
})

it('resumes the cursors of either pod on the other, without a duplicate or a gap', async () => {
  const [first, second] = gateways
  if (first === undefined || second === undefined) throw new Error('no gateways')
  const tokens = [await first.token({ user_id: 'bob' }), await second.token({ user_id: 'bob' })]
  let cursor = 'latest'
  const got: string[] = []
  for (let round = 0; round < 10; round += 1) {
    const [here, there] = round % 2 === 0 ? [first, second] : [second, first]
    const socket = await openSocket(here.socketUrl, { token: tokens[round % 2] ?? '', cursor })
    // Emitted on the other pod, and once more while this user has no connection.
    await there.emit({ id: `live-${round}`, type: 't', users: ['bob'] })
    await socket.untilReceived(`live-${round}`)
    await socket.untilReceived('!resumed')
    got.push(...socket.ids.filter((what) => !what.startsWith('!')))
    expect(socket.ids).not.toContain('!gap')
    cursor = socket.messages.findLast((event) => event.cursor !== undefined)?.cursor ?? ''
    socket.terminate()
    await there.emit({ id: `away-${round}`, type: 't', users: ['bob'] })
  }
  expect(got).toEqual(Array.from({ length: 10 }, (_, round) => (round === 0 ? ['live-0'] : [`away-${round - 1}`, `live-${round}`])).flat())
})
