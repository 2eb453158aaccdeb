import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anOutgoingRecord } from '../../testing/event-publisher-contract.ts'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingSink } from '../../testing/recording-sink.ts'
import { createKafkaEventPublisher } from './publish/kafka-event-publisher.ts'
import { scramPassword, startSecureBroker, type SecureBroker } from './testing/secure-broker.ts'
import { connectTestClient, createTestSource, kafkaOptions, type KafkaTestOptions, type TestClient } from './testing/test-topic.ts'

let broker: SecureBroker
let client: TestClient
let topic: string

beforeAll(async () => {
  broker = await startSecureBroker()
  client = await connectTestClient([broker.plaintext])
  topic = await client.createTopic(1)
})

afterAll(async () => {
  await client?.close()
  await broker?.stop()
})

describe('the Kafka client', () => {
  const stops: (() => Promise<void>)[] = []
  const log = createRecordingLogger()

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
  })

  const optionsOf = (given: Partial<KafkaTestOptions>): KafkaTestOptions => kafkaOptions({ kafkaBrokers: [], kafkaTopic: topic, ...given })

  function newPublisher(given: Partial<KafkaTestOptions>) {
    const publisher = createKafkaEventPublisher(optionsOf(given), { logger: log.logger })
    stops.push(() => publisher.stop({ deadlineMs: 1_000 }))
    return publisher
  }

  async function expectPublishedAndRead(given: Partial<KafkaTestOptions>): Promise<void> {
    const record = anOutgoingRecord()
    expect(await newPublisher(given).publish([record], { timeoutMs: 10_000 })).toEqual({ ok: true, value: undefined })
    const { source } = createTestSource(optionsOf(given))
    stops.push(() => source.stop())
    const sink = createRecordingSink()
    await source.start(sink, { sinceMs: 0 })
    await sink.untilReceived(sink.starts[0]?.endOffsets[0] ?? 0)
    expect(String(sink.received.at(-1)?.headers.ce_id)).toBe(record.headers.ce_id)
  }

  const plain = () => ({ kafkaBrokers: [broker.sasl], kafkaSaslMechanism: 'plain', kafkaSaslUsername: broker.user.name, kafkaSaslPassword: broker.user.password }) as const

  it('authenticates with SASL PLAIN, whatever characters the password has', () => expectPublishedAndRead(plain()))

  it.each(['scram-sha-256', 'scram-sha-512'] as const)('authenticates with %s', (kafkaSaslMechanism) => expectPublishedAndRead({ ...plain(), kafkaSaslMechanism, kafkaSaslPassword: scramPassword }))

  it('speaks TLS to brokers whose authority it was given', () => expectPublishedAndRead({ kafkaBrokers: [broker.tls], kafkaTls: true, kafkaTlsCaFile: broker.caFile }))

  it('shows its own certificate where brokers ask for it', () =>
    expectPublishedAndRead({ kafkaBrokers: [broker.mutualTls], kafkaTls: true, kafkaTlsCaFile: broker.caFile, kafkaTlsCertFile: broker.certFile, kafkaTlsKeyFile: broker.keyFile }))

  it('authenticates with SASL over TLS', () =>
    expectPublishedAndRead({ ...plain(), kafkaBrokers: [broker.saslTls], kafkaTls: true, kafkaTlsCaFile: broker.caFile, kafkaSaslMechanism: 'scram-sha-512', kafkaSaslPassword: scramPassword }))

  it('does not trust a broker whose authority it does not know', async () => {
    const outcome = await newPublisher({ kafkaBrokers: [broker.tls], kafkaTls: true }).publish([anOutgoingRecord()], { timeoutMs: 5_000 })
    expect(outcome).toMatchObject({ ok: false, error: { kind: 'unavailable', detail: expect.stringContaining('certificate') } })
  })

  it.each(['plain', 'scram-sha-512'] as const)('is told no when the password is wrong (%s), and does not tell the password', async (kafkaSaslMechanism) => {
    const wrong = { ...plain(), kafkaSaslMechanism, kafkaSaslPassword: 'wrong-secret' }
    const { source, log: sourceLog } = createTestSource(optionsOf(wrong))
    const refused = source.start(createRecordingSink(), { sinceMs: 0 })
    await expect(refused).rejects.toThrow(/Kafka refused this gateway \(unauthenticated\).*KAFKA_/)
    await expect(refused).rejects.not.toThrow('wrong-secret')
    const outcome = await newPublisher(wrong).publish([anOutgoingRecord()], { timeoutMs: 5_000 })
    expect(outcome).toMatchObject({ ok: false, error: { kind: 'refused', isPartial: false } })
    expect(JSON.stringify([outcome, sourceLog.lines, log.lines])).not.toContain('wrong-secret')
  })

  it('reads the files of the user name and the password anew whenever it connects', async () => {
    const [kafkaSaslUsernameFile, kafkaSaslPasswordFile] = [join(broker.directory, 'username'), join(broker.directory, 'password')]
    await writeFile(kafkaSaslUsernameFile, 'of yesterday\n')
    await writeFile(kafkaSaslPasswordFile, 'of yesterday\n')
    const publisher = newPublisher({ ...plain(), kafkaSaslUsername: '', kafkaSaslUsernameFile, kafkaSaslPassword: '', kafkaSaslPasswordFile })
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 5_000 })).toMatchObject({ ok: false, error: { kind: 'refused' } })
    await writeFile(kafkaSaslUsernameFile, `${broker.user.name}\n`)
    await writeFile(kafkaSaslPasswordFile, `${broker.user.password}\n`)
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 10_000 })).toMatchObject({ ok: true })
  })
})
