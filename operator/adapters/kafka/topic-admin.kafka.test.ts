import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connectTestClient } from '../../../gateway/adapters/kafka/testing/test-topic.ts'
import { scramPassword, startSecureBroker, type SecureBroker } from '../../../gateway/adapters/kafka/testing/secure-broker.ts'
import { startKafka } from '../../../testing/kafka/kafka-broker.ts'
import { createRecordingLogger } from '../../../gateway/testing/recording-logger.ts'
import { isMissing, type KafkaConnection } from '../../reconcile/topic/topic-admin.ts'
import { aNewTopic, describeTopicAdmin } from '../../testing/topic-admin-contract.ts'
import { createTopicAdmins } from './topic-admins.ts'

const plain = (brokers: readonly string[]): KafkaConnection => ({ brokers, tls: null, sasl: null })

function startAdmins() {
  const log = createRecordingLogger()
  const requests: string[] = []
  const admins = createTopicAdmins({
    logger: log.logger,
    now: Date.now,
    onRequest: (operation, outcome) => requests.push(`${operation} ${outcome}`),
  })
  return { admins, requests, log }
}

describeTopicAdmin('Kafka', async () => {
  const broker = await startKafka()
  const { admins } = startAdmins()
  return {
    connection: plain(broker.brokers),
    admins,
    brokerCount: 1,
    async setConfig(name, configName, value) {
      const client = await connectTestClient(broker.brokers)
      const found = await client.admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name }] })
      const own = found.resources[0]?.configEntries.filter(({ configSource }) => configSource === 1) ?? []
      await client.admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: 2,
            name,
            configEntries: [...own.map((entry) => ({ name: entry.configName, value: entry.configValue })), { name: configName, value }],
          },
        ],
      })
      await client.close()
    },
    down: () => broker.kill(),
    up: () => broker.restart(),
    async stop() {
      await admins.stop()
      await broker.stop()
    },
  }
})

describe('with many channels', () => {
  it('describes a thousand topics in few requests, and creates them in few', async () => {
    const broker = await startKafka()
    const { admins, requests } = startAdmins()
    const admin = admins.of(plain(broker.brokers))
    const topics = Array.from({ length: 1_000 }, () => aNewTopic({ partitions: 3 }))
    const missing = await Promise.all(topics.map(({ name }) => admin.describe(name)))
    expect(missing.every(({ ok }) => ok)).toBe(true)
    expect(requests).toEqual(['connect ok', 'metadata ok', 'metadata ok'])
    expect((await Promise.all(topics.map(admin.create))).every(({ ok }) => ok)).toBe(true)
    expect(requests.slice(3)).toEqual(['create-topics ok'])
    const describeAll = () => Promise.all(topics.map(({ name }) => admin.describe(name)))
    await vi.waitFor(async () => expect((await describeAll()).every((found) => found.ok && !isMissing(found.value))).toBe(true), {
      timeout: 20_000,
    })
    requests.length = 0
    await describeAll()
    expect(requests).toEqual(['metadata ok', 'describe-configs ok', 'metadata ok', 'describe-configs ok'])
    await admins.stop()
    await broker.kill() // an orderly stop would flush three thousand logs
    await broker.stop()
  })
})

describe('a broker that authenticates its clients', () => {
  let broker: SecureBroker
  let ca: string
  const { admins, log } = startAdmins()

  beforeAll(async () => {
    broker = await startSecureBroker()
    ca = await readFile(broker.caFile, 'utf8')
  })

  afterAll(async () => {
    await admins.stop()
    await broker?.stop()
  })

  const tls = (given: Partial<NonNullable<KafkaConnection['tls']>> = {}) => ({ ca, certificate: null, key: null, ...given })
  const sasl = (password = scramPassword) => ({ mechanism: 'scram-sha-512', username: broker.user.name, password }) as const

  async function expectAnswer(connection: KafkaConnection): Promise<void> {
    expect(await admins.of(connection).describe('not-there')).toMatchObject({ ok: true, value: { name: 'not-there' } })
  }

  async function expectFailure(connection: KafkaConnection, kind: string, words: RegExp): Promise<void> {
    const begun = performance.now()
    expect(await admins.of(connection).describe('any')).toMatchObject({ ok: false, error: { kind, detail: expect.stringMatching(words) } })
    expect(performance.now() - begun).toBeLessThan(9_000)
  }

  it('accepts the password', () =>
    expectAnswer({
      brokers: [broker.sasl],
      tls: null,
      sasl: { mechanism: 'plain', username: broker.user.name, password: broker.user.password },
    }))

  it('accepts the password over TLS', () => expectAnswer({ brokers: [broker.saslTls], tls: tls(), sasl: sasl() }))

  it('accepts a client certificate', async () => {
    const [certificate, key] = await Promise.all([readFile(broker.certFile, 'utf8'), readFile(broker.keyFile, 'utf8')])
    await expectAnswer({ brokers: [broker.mutualTls], tls: tls({ certificate, key }), sasl: null })
  })

  it('refuses another password with and without TLS, and no error or log contains it', async () => {
    await expectFailure({ brokers: [broker.saslTls], tls: tls(), sasl: sasl('wrong-secret') }, 'unauthenticated', /authentication/i)
    await expectFailure(
      { brokers: [broker.sasl], tls: null, sasl: { ...sasl('wrong-secret'), mechanism: 'plain' } },
      'unauthenticated',
      /authentication/i,
    )
    expect(
      JSON.stringify([log.lines, await admins.of({ brokers: [broker.saslTls], tls: tls(), sasl: sasl('wrong-secret') }).describe('any')]),
    ).not.toContain('wrong-secret')
  })

  it('is not trusted with a certificate of another authority', async () => {
    const other = await readFile(broker.certFile, 'utf8') // a certificate, but not of the authority
    await expectFailure(
      { brokers: [broker.tls], tls: tls({ ca: other }), sasl: null },
      'unreachable',
      /certificate of the broker localhost:\d+ is not accepted/,
    )
    await expectFailure(
      { brokers: [broker.tls], tls: tls({ ca: null }), sasl: null },
      'unreachable',
      /certificate of the broker localhost:\d+ is not accepted/,
    )
  })

  it.each<readonly [string, () => KafkaConnection, string, RegExp]>([
    ['TLS where there is none', () => ({ brokers: [broker.plaintext], tls: tls(), sasl: null }), 'unreachable', /TLS/],
    ['no TLS where there is', () => ({ brokers: [broker.tls], tls: null, sasl: null }), 'unreachable', /TLS/],
    ['no password where one is wanted', () => ({ brokers: [broker.saslTls], tls: tls(), sasl: null }), 'unreachable', /SASL/],
    [
      'a password for a listener without SASL',
      () => ({ brokers: [broker.plaintext], tls: null, sasl: sasl() }),
      'unauthenticated',
      /does this listener take SASL\?/,
    ],
    [
      'no certificate for a listener that requires one',
      () => ({ brokers: [broker.mutualTls], tls: tls(), sasl: null }),
      'unauthenticated',
      /does not accept this client without a certificate/,
    ],
    ['a CA that is not PEM', () => ({ brokers: [broker.tls], tls: tls({ ca: 'no PEM' }), sasl: null }), 'unauthenticated', /CA.*PEM/],
    [
      'a key that is not PEM',
      () => ({ brokers: [broker.tls], tls: tls({ certificate: ca, key: 'no PEM' }), sasl: null }),
      'unauthenticated',
      /key.*PEM/,
    ],
  ])('fails with its own reason: %s', (_, connection, kind, words) => expectFailure(connection(), kind, words))
})
