import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { useKafka } from '../testing/use.ts'
import { createKafkaLog } from './adapters/kafka/kafka-log.ts'
import { useTestClient } from './adapters/kafka/testing/test-topic.ts'
import { createDevelopmentIssuer } from './adapters/jose/development-keys.ts'
import type { Config } from './config/options.ts'
import { parseOptions } from './config/parse-options.ts'
import { encodeControlRecord } from './revocation/control-record.ts'
import type { Revocation } from './revocation/revocations.ts'
import type { Subject } from './revocation/subject.ts'
import { createRecordingLogger } from './testing/recording-logger.ts'
import { createRecordingMetrics } from './testing/recording-metrics.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket } from './testing/test-socket.ts'

/** Gateways that share a control topic on a real broker. */

const broker = useKafka()
const client = useTestClient(broker)
const gateways: TestGateway[] = []
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
})

const issuer = createDevelopmentIssuer({ logger: createRecordingLogger().logger, metrics: createRecordingMetrics().metrics })
const token = async (claims: Readonly<Record<string, unknown>>): Promise<string> => {
  const signed = await (await issuer).sign(claims)
  if (!signed.ok) throw new Error(signed.error)
  return signed.value
}

async function start(control: string, more: Partial<Config> = {}): Promise<TestGateway> {
  const parsed = parseOptions(
    { KAFKA_BROKERS: broker.brokers.join(','), KAFKA_CONTROL_TOPIC: control, KAFKA_DLQ: 'false' },
    { readable: () => true },
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  const config = { ...parsed.value, ...more }
  const log = createKafkaLog(config, { logger: createRecordingLogger().logger, metrics: createRecordingMetrics().metrics })
  const { authenticator, sign } = await issuer
  const gateway = await startTestGateway({ config: more, adapters: { ...log, authenticator, issueToken: sign } })
  gateways.push(gateway)
  await vi.waitFor(() => expect(gateway.gateway.health.ready().waitingFor).toEqual([]), { timeout: 30_000 })
  return gateway
}

const revoke = ({ url }: TestGateway, body: unknown): Promise<Response> =>
  fetch(`${url}/api/chrome-service/v1/revocations`, { method: 'POST', body: JSON.stringify(body) })
const oldToken = (userId: string): Promise<string> => token({ user_id: userId, iat: Math.floor(Date.now() / 1000) - 60 })
const refused = { status: 401, body: expect.stringContaining('urn:carillon:problem:revoked') }

describe('a revocation on Kafka', () => {
  it('ends the sessions on all pods, and is known to a pod that starts later, before it is ready', async () => {
    const control = `control-${randomUUID()}`
    const pods = [await start(control), await start(control)] as const
    const ann = await oldToken('ann')
    const socket = await openSocket(pods[1].socketUrl, { token: ann })
    expect((await revoke(pods[0], { users: ['ann'] })).status).toBe(202)
    expect((await socket.closed).code).toBe(4002)
    await expect(openSocket((await start(control)).socketUrl, { token: ann })).rejects.toMatchObject(refused)
  })

  it('is kept by a topic that the gateway creates for development: one record for each subject', async () => {
    const control = `control-${randomUUID()}`
    const pod = await start(control)
    await revoke(pod, { users: ['ann'] })
    const { resources } = await client.admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: control, configNames: ['cleanup.policy'] }],
    })
    expect(resources[0]?.configEntries.map(({ configValue }) => configValue)).toEqual(['compact'])
    expect((await client.readAll(control)).map(({ key }) => String(key))).toEqual(['user:ann'])
  })

  it('is written again when a weaker record is the last of its subject', async () => {
    const control = await client.createTopic(1, { 'cleanup.policy': 'compact' })
    const first = await start(control)
    const ann: Subject = { kind: 'user', name: 'ann' }
    const strong: Revocation = { issuedBeforeMs: Date.now(), untilMs: Date.now() + 3_600_000 }
    await append(control, ann, strong)
    await append(control, ann, { ...strong, issuedBeforeMs: 0 })
    // The pod sees that the last record is weaker, and writes the strong one again.
    const last = async (): Promise<unknown> => JSON.parse(String((await client.readAll(control)).at(-1)?.value))
    await expect.poll(last, { timeout: 30_000 }).toMatchObject({ issuedBefore: new Date(strong.issuedBeforeMs).toISOString() })
    await expect(openSocket(first.socketUrl, { token: await oldToken('ann') })).rejects.toMatchObject(refused)
  })

  it('leaves the topic by a tombstone after its end', async () => {
    const control = await client.createTopic(1, { 'cleanup.policy': 'compact' })
    await append(control, { kind: 'user', name: 'ann' }, { issuedBeforeMs: 0, untilMs: Date.now() - 4_000_000 })
    await start(control)
    const values = async (): Promise<readonly unknown[]> => (await client.readAll(control)).map(({ value }) => value)
    await expect.poll(values, { timeout: 30_000 }).toEqual([expect.any(Buffer), null])
  })

  it('returns to a topic that was deleted and created again', async () => {
    const control = await client.createTopic(1, { 'cleanup.policy': 'compact' })
    const pod = await start(control)
    await revoke(pod, { users: ['ann'] })
    await client.admin.deleteTopics({ topics: [control] })
    await client.createTopic(1, { 'cleanup.policy': 'compact' }, control)
    const keys = async (): Promise<readonly string[]> => (await client.readAll(control)).map(({ key }) => String(key))
    await expect.poll(keys, { timeout: 60_000 }).toContain('user:ann')
  })

  it('names the setting where the topic is missing and may not be created', async () => {
    await expect(start(`missing-${randomUUID()}`, { kafkaCreateTopic: 'off' })).rejects.toThrow(/KAFKA_CONTROL_TOPIC/)
  })

  it('of 100,000 users is read by a pod before it is ready', async () => {
    const control = await client.createTopic(1, { 'cleanup.policy': 'compact' })
    const times: Revocation = { issuedBeforeMs: Date.now(), untilMs: Date.now() + 3_600_000 }
    for (let from = 0; from < 100_000; from += 5_000) {
      const records = Array.from({ length: 5_000 }, (_, n) => encodeControlRecord({ kind: 'user', name: `user-${from + n}` }, times))
      await client.append(
        control,
        records.map(({ identity, value }) => ({ partition: 0, key: identity, value: String(value) })),
      )
    }
    const pod = await start(control)
    await expect(openSocket(pod.socketUrl, { token: await oldToken('user-99999') })).rejects.toMatchObject(refused)
    const socket = await openSocket(pod.socketUrl, { token: await oldToken('another') })
    socket.close()
  })
})

async function append(topic: string, subject: Subject, revocation: Revocation): Promise<void> {
  const { identity: key, value } = encodeControlRecord(subject, revocation)
  await client.append(topic, [{ partition: 0, key, value: String(value) }])
}
