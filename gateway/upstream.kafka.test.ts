import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { freeze, thaw } from '../testing/frozen-group.ts'
import { useKafka } from '../testing/use.ts'
import { useTestClient } from './adapters/kafka/testing/test-topic.ts'
import { createKafkaLog } from './adapters/kafka/kafka-log.ts'
import { parseOptions } from './config/parse-options.ts'
import { createRecordingLogger } from './testing/recording-logger.ts'
import { createRecordingMetrics } from './testing/recording-metrics.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket, type TestSocket } from './testing/test-socket.ts'

/** What pages send, on a real broker. */
const broker = useKafka()
const client = useTestClient(broker)
const running: TestGateway[] = []
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.stop()
})

async function start(env: Readonly<Record<string, string>>) {
  const all = {
    KAFKA_BROKERS: broker.brokers.join(','),
    KAFKA_TOPIC: `sends-${randomUUID()}`,
    KAFKA_DLQ: 'false',
    KAFKA_TOPIC_PARTITIONS: '3',
    ...env,
  }
  const parsed = parseOptions(all, { readable: () => true })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  const log = createRecordingLogger()
  const { metrics } = createRecordingMetrics()
  const gateway = await startTestGateway({
    env: all,
    adapters: { ...createKafkaLog(parsed.value, { logger: log.logger, metrics }), deadLetters: null },
  })
  running.push(gateway)
  await expect.poll(async () => (await fetch(`${gateway.internalUrl}/readyz`)).status).toBe(200)
  return { gateway, log, topic: all.KAFKA_TOPIC }
}

const open = async (gateway: TestGateway, claims: Readonly<Record<string, unknown>> = {}): Promise<TestSocket> =>
  openSocket(gateway.socketUrl, { token: await gateway.token({ user_id: 'ann', org_id: 'red', ...claims }), cursor: 'latest' })

const event = (id: string): string => JSON.stringify({ specversion: '1.0', id, source: '/page', type: 'chat.message', data: { id } })
const answers = (socket: TestSocket): readonly unknown[] =>
  socket.messages.filter(({ type }) => /\.n?ack$/.test(type)).map(({ data }) => data)

describe('an event that a page sends', () => {
  it('is a record of the upstream topic, which the gateway creates, and comes back to the organization', async () => {
    const { gateway, topic } = await start({ UPSTREAM_ACCEPT: '[{"type":"chat.message","deliverTo":"organization"}]' })
    const [page, colleague] = [await open(gateway), await open(gateway, { user_id: 'bob' })]
    page.send(event('1'))
    page.send(event('1'))
    await colleague.untilReceived('1')
    await expect.poll(() => answers(page)).toEqual([{ id: '1' }, { id: '1' }])
    page.send(event('1'))
    await expect.poll(() => answers(page)).toHaveLength(3)
    const [record, ...others] = await client.readAll(`${topic}.upstream`)
    expect(others).toEqual([])
    expect({
      ...record,
      headers: Object.fromEntries(Object.entries(record?.headers ?? {}).map(([name, value]) => [name, String(value)])),
    }).toMatchObject({
      key: Buffer.from('ann'),
      value: Buffer.from('{"id":"1"}'),
      headers: {
        ce_specversion: '1.0',
        ce_id: '1',
        ce_source: 'urn:carillon:channel:chrome-service:user:ann',
        ce_type: 'chat.message',
        ce_time: expect.any(String),
        ce_authtype: 'app_user',
        ce_authid: 'ann',
        'content-type': 'application/json',
      },
    })
    expect(record?.headers).not.toHaveProperty('ce_audience')
    expect(await client.readAll(topic)).toHaveLength(1)
  })

  it('is acknowledged only after the broker answers again, and is there once for a reader that suppresses duplicates', async () => {
    const { gateway, topic } = await start({ UPSTREAM_ACCEPT: '[{"type":"chat.message","burst":100}]', KAFKA_PRODUCE_TIMEOUT_MS: '1000' })
    const page = await open(gateway)
    page.send(event('warm'))
    await expect.poll(() => answers(page)).toEqual([{ id: 'warm' }])
    await freeze(broker.pid)
    page.send(event('1'))
    await expect
      .poll(() => answers(page).at(-1))
      .toMatchObject({ id: '1', type: 'urn:carillon:problem:not-acknowledged', retryAfterMs: expect.any(Number) })
      .finally(() => thaw(broker.pid))
    await expect
      .poll(async () => {
        page.send(event('1'))
        await expect.poll(() => answers(page).length).toBeGreaterThan(2)
        return answers(page).at(-1)
      })
      .toEqual({ id: '1' })
    const places = (await client.readAll(`${topic}.upstream`)).map(
      ({ headers }) => `${String(headers['ce_source'])} ${String(headers['ce_id'])}`,
    )
    expect(new Set(places).size).toBe(2)
  })

  it('is refused while the topic is missing, with the remedy in the log; the pod stays ready and delivers', async () => {
    const topic = await client.createTopic(1)
    const { gateway, log } = await start({ KAFKA_TOPIC: topic, KAFKA_CREATE_TOPIC: 'off' })
    const page = await open(gateway)
    page.send(event('1'))
    await expect.poll(() => answers(page)).toMatchObject([{ id: '1', type: 'urn:carillon:problem:refused-by-log' }])
    expect(log.lines).toContainEqual({
      level: 'warn',
      message: 'Kafka refuses records',
      fields: {
        topic: `${topic}.upstream`,
        records: 1,
        detail: `The topic ${topic}.upstream does not exist. Create it, or correct KAFKA_UPSTREAM_TOPIC.`,
      },
    })
    await gateway.emit({ id: 'emitted', type: 'x', users: ['ann'] })
    await page.untilReceived('emitted')
    expect((await fetch(`${gateway.internalUrl}/readyz`)).status).toBe(200)
    await client.createTopic(1, {}, `${topic}.upstream`)
    await expect
      .poll(async () => {
        page.send(event('1'))
        await expect.poll(() => answers(page).length).toBeGreaterThan(1)
        return answers(page).at(-1)
      })
      .toEqual({ id: '1' })
  })
})
