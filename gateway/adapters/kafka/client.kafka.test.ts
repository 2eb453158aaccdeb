import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anOutgoingRecord } from '../../testing/event-publisher-contract.ts'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingSink } from '../../testing/recording-sink.ts'
import { createKafkaEventPublisher } from './publish/kafka-event-publisher.ts'
import { parseBroker } from './wire/broker-address.ts'
import { createBrokerConnector } from './wire/broker-link.ts'
import { metadataRequest } from './wire/metadata.ts'
import { scramPassword, startSecureBroker, unsignedToken, type SecureBroker } from './testing/secure-broker.ts'
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

  const plain = () =>
    ({
      kafkaBrokers: [broker.sasl],
      kafkaSaslMechanism: 'plain',
      kafkaSaslUsername: broker.user.name,
      kafkaSaslPassword: broker.user.password,
    }) as const

  it('authenticates with SASL PLAIN, with any characters in the password', () => expectPublishedAndRead(plain()))

  it.each(['scram-sha-256', 'scram-sha-512'] as const)('authenticates with %s', (kafkaSaslMechanism) =>
    expectPublishedAndRead({ ...plain(), kafkaSaslMechanism, kafkaSaslPassword: scramPassword }),
  )

  it('speaks TLS to brokers whose authority is configured', () =>
    expectPublishedAndRead({ kafkaBrokers: [broker.tls], kafkaTls: true, kafkaTlsCaFile: broker.caFile }))

  it('presents its own certificate where brokers ask for it', () =>
    expectPublishedAndRead({
      kafkaBrokers: [broker.mutualTls],
      kafkaTls: true,
      kafkaTlsCaFile: broker.caFile,
      kafkaTlsCertFile: broker.certFile,
      kafkaTlsKeyFile: broker.keyFile,
    }))

  it('authenticates with SASL over TLS', () =>
    expectPublishedAndRead({
      ...plain(),
      kafkaBrokers: [broker.saslTls],
      kafkaTls: true,
      kafkaTlsCaFile: broker.caFile,
      kafkaSaslMechanism: 'scram-sha-512',
      kafkaSaslPassword: scramPassword,
    }))

  it('authenticates with a token that is replaced in its file, and reports a refused one', async () => {
    const kafkaSaslTokenFile = join(broker.directory, 'token')
    const given = { kafkaBrokers: [broker.oauth], kafkaSaslMechanism: 'oauthbearer', kafkaSaslTokenFile } as const
    await writeFile(kafkaSaslTokenFile, unsignedToken(-1_800))
    const publisher = newPublisher(given)
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 5_000 })).toMatchObject({
      ok: false,
      error: { detail: expect.stringContaining('the broker does not accept the token: invalid_token') },
    })
    const connect = createBrokerConnector(optionsOf(given), log.logger)
    const address = parseBroker(broker.oauth)
    const connectTimeoutMs = 20_000
    await expect(connect(address, { signal: AbortSignal.timeout(30_000), connectTimeoutMs })).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: expect.stringContaining('the broker does not accept the token: invalid_token'),
    })
    await writeFile(kafkaSaslTokenFile, `${unsignedToken()}\n`)
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 10_000 })).toMatchObject({ ok: true })
    // The broker ends sessions after 12 s, and kafkajs authenticates again 10 s before that (KIP-368).
    const link = await connect(address, { signal: AbortSignal.timeout(30_000), connectTimeoutMs })
    for (let asked = 0; asked < 5; asked++) {
      expect((await link.ask(metadataRequest(link, [topic]), { timeoutMs: 2_000 })).topics).toHaveLength(1)
      await delay(3_000)
    }
    link.close()
  })

  it('lets links authenticate by password and speak TLS, and names what is missing otherwise', async () => {
    const connect = (given: Partial<KafkaTestOptions>) => createBrokerConnector(optionsOf(given), log.logger)
    const how = { signal: AbortSignal.timeout(60_000), connectTimeoutMs: 20_000 }
    const tls = { kafkaTls: true, kafkaTlsCaFile: broker.caFile } as const
    for (const [address, given] of [
      [broker.sasl, plain()],
      [broker.saslTls, { ...plain(), ...tls, kafkaSaslMechanism: 'scram-sha-512', kafkaSaslPassword: scramPassword }],
      [broker.tls, tls],
      [broker.mutualTls, { ...tls, kafkaTlsCertFile: broker.certFile, kafkaTlsKeyFile: broker.keyFile }],
    ] as const) {
      const link = await connect(given)(parseBroker(address), how)
      expect((await link.ask(metadataRequest(link, [topic]), { timeoutMs: 5_000 })).topics).toHaveLength(1)
      link.close()
    }
    const unknown = await connect({})(parseBroker(broker.sasl), how)
    await expect(unknown.ask(metadataRequest(unknown, [topic]), { timeoutMs: 5_000 })).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('does this listener want TLS or SASL?'),
    })
    await expect(connect({ ...plain(), kafkaSaslPassword: 'wrong-secret' })(parseBroker(broker.sasl), how)).rejects.toMatchObject({
      kind: 'unauthenticated',
    })
    await expect(connect({ kafkaTls: true })(parseBroker(broker.tls), how)).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('certificate'),
    })
    await expect(connect({})(parseBroker(broker.tls), how)).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('TLS'),
    })
    await expect(connect(tls)(parseBroker(broker.mutualTls), how)).rejects.toSatisfy(
      (error: Error) => !/openssl|\n/.test(error.message) && error.message.includes('certificate'),
    )
  })

  it('does not trust a broker with an unknown authority', async () => {
    const outcome = await newPublisher({ kafkaBrokers: [broker.tls], kafkaTls: true }).publish([anOutgoingRecord()], { timeoutMs: 1_500 })
    expect(outcome).toMatchObject({ ok: false, error: { kind: 'unavailable', detail: expect.stringContaining('certificate') } })
  })

  it.each(['plain', 'scram-sha-512'] as const)(
    'fails when the password is wrong (%s), without the password in the error',
    async (kafkaSaslMechanism) => {
      const wrong = { ...plain(), kafkaSaslMechanism, kafkaSaslPassword: 'wrong-secret' }
      const { source, log: sourceLog } = createTestSource(optionsOf(wrong))
      const refused = source.start(createRecordingSink(), { sinceMs: 0 })
      await expect(refused).rejects.toThrow(/Kafka refused this gateway \(unauthenticated\).*KAFKA_/)
      await expect(refused).rejects.not.toThrow('wrong-secret')
      const outcome = await newPublisher(wrong).publish([anOutgoingRecord()], { timeoutMs: 5_000 })
      expect(outcome).toMatchObject({ ok: false, error: { kind: 'refused', isPartial: false } })
      expect(JSON.stringify([outcome, sourceLog.lines, log.lines])).not.toContain('wrong-secret')
    },
  )

  it('reads the files of the user name and the password again at each connection', async () => {
    const [kafkaSaslUsernameFile, kafkaSaslPasswordFile] = [join(broker.directory, 'username'), join(broker.directory, 'password')]
    await writeFile(kafkaSaslUsernameFile, 'of yesterday\n')
    await writeFile(kafkaSaslPasswordFile, 'of yesterday\n')
    const publisher = newPublisher({
      ...plain(),
      kafkaSaslUsername: '',
      kafkaSaslUsernameFile,
      kafkaSaslPassword: '',
      kafkaSaslPasswordFile,
    })
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 5_000 })).toMatchObject({ ok: false, error: { kind: 'refused' } })
    await writeFile(kafkaSaslUsernameFile, `${broker.user.name}\n`)
    await writeFile(kafkaSaslPasswordFile, `${broker.user.password}\n`)
    expect(await publisher.publish([anOutgoingRecord()], { timeoutMs: 10_000 })).toMatchObject({ ok: true })
  })
})
