import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { accessOf } from './access.ts'
import { createKafkaClient } from './client.ts'
import { oauthBearer, readToken } from './credentials.ts'
import { createAuthority, issueCertificate } from '../../../testing/certificates.ts'
import { startFakeBroker } from './testing/fake-broker.ts'
import { kafkaOptions } from './testing/test-topic.ts'
import { createBrokerConnector } from './wire/broker-link.ts'
import { parseBroker } from './wire/broker-address.ts'
import { createCluster } from './wire/kafkajs-internals.ts'

const validity = { now: new Date(), days: 2 }
const authority = await createAuthority('ca', validity)
const client = await issueCertificate(authority, { dnsNames: ['client'], validity })
const other = await issueCertificate(authority, { dnsNames: ['other'], validity })

const directory = mkdtempSync(join(tmpdir(), 'carillon-access-'))
const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('access to brokers', () => {
  it('is refused at start by the names of option and file, and not again once it is right', () => {
    const [ca, cert, key, wrong, empty] = [
      file('ca', authority.certificate),
      file('cert', client.certificate),
      file('key', client.key),
      file('other', other.key),
      file('empty', ''),
    ]
    const access =
      (kafkaTlsCaFile: string, kafkaTlsCertFile = '', kafkaTlsKeyFile = '') =>
      () =>
        accessOf(kafkaOptions({ kafkaBrokers: [], kafkaTls: true, kafkaTlsCaFile, kafkaTlsCertFile, kafkaTlsKeyFile }))
    expect(access(ca, cert, key)().tls?.()).toMatchObject({ ca: Buffer.from(authority.certificate) })
    expect(access(empty)).toThrow(`KAFKA_TLS_CA_FILE (${empty}) is not a PEM certificate`)
    expect(access(ca, cert, wrong)).toThrow(
      `KAFKA_TLS_KEY_FILE (${wrong}) is not the key of the certificate in KAFKA_TLS_CERT_FILE (${cert})`,
    )
  })

  it('fails one connection by the names of option and file when a file is broken later', async () => {
    const ca = file('rotating', authority.certificate)
    const connect = createBrokerConnector(
      kafkaOptions({ kafkaBrokers: ['127.0.0.1:1'], kafkaTls: true, kafkaTlsCaFile: ca }),
      createRecordingLogger().logger,
    )
    writeFileSync(ca, 'half a fi')
    await expect(connect({ host: '127.0.0.1', port: 1 }, { signal: new AbortController().signal })).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining(`KAFKA_TLS_CA_FILE (${ca}) is not a PEM certificate`),
    })
    writeFileSync(ca, authority.certificate)
    await expect(connect({ host: '127.0.0.1', port: 1 }, { signal: new AbortController().signal })).rejects.toMatchObject({
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('reaches a broker by its IPv6 address in brackets, by kafkajs and by links', async () => {
    const broker = await startFakeBroker(() => undefined, { host: '::1' })
    const brokers = [`[::1]:${broker.address.port}`]
    const cluster = createCluster(createKafkaClient(kafkaOptions({ kafkaBrokers: brokers }), createRecordingLogger().logger))
    const connecting = cluster.connect().catch(() => undefined) // the fake broker supports too few requests for kafkajs
    await vi.waitFor(() => expect(broker.requests.map(({ apiKey }) => apiKey)).toContain(18))
    const link = await createBrokerConnector(kafkaOptions({ kafkaBrokers: brokers }), createRecordingLogger().logger)(
      parseBroker(brokers[0] ?? ''),
      { signal: new AbortController().signal },
    )
    expect(link.isOpen).toBe(true)
    link.close()
    await broker.stop()
    await connecting
    await cluster.disconnect()
  })
})

describe('a token for SASL', () => {
  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['a\x01b', 'characters other than visible ASCII'],
    ['a b', 'characters other than visible ASCII'],
    ['t\u00f6ken', 'characters other than visible ASCII'],
    ['x'.repeat(65_537), 'longer than 65536 bytes'],
  ])('from a file with %j is refused by the name of the file', (text, words) => {
    const path = file('token', text)
    expect(() => readToken(path)).toThrow(`KAFKA_SASL_TOKEN_FILE (${path}) `)
    expect(() => readToken(path)).toThrow(words)
    expect(() => accessOf(kafkaOptions({ kafkaBrokers: [], kafkaSaslMechanism: 'oauthbearer', kafkaSaslTokenFile: path }))).toThrow(words)
  })

  it('is read without the blanks around it', () => {
    expect(readToken(file('token', ' a.b.c\r\n'))).toBe('a.b.c')
  })
})

describe('OAUTHBEARER', () => {
  let sent: string[]
  let answers: string[]

  beforeEach(() => {
    sent = []
    answers = []
  })

  const authenticate = (token: () => string) =>
    oauthBearer(token)
      .authenticationProvider({
        host: 'h',
        port: 1,
        logger: undefined as never, // it logs nothing
        async saslAuthenticate({ request, response }) {
          sent.push(
            Buffer.from(await request.encode())
              .subarray(4)
              .toString(),
          )
          return response?.parse(await response.decode(Buffer.concat([Buffer.alloc(4), Buffer.from(answers.shift() ?? '')])))
        },
      })
      .authenticate()

  it('sends the present token', async () => {
    const tokens = ['first', 'second']
    for (const token of tokens) await authenticate(() => token)
    expect(sent).toEqual(['n,,\x01auth=Bearer first\x01\x01', 'n,,\x01auth=Bearer second\x01\x01'])
  })

  it('takes a challenge for a refusal, with the status and without the token', async () => {
    answers = ['{"status":"invalid_token","scope":"x"}', '']
    await expect(authenticate(() => 'secret')).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: 'the broker does not accept the token: invalid_token',
    })
    expect(sent.at(-1)).toBe('\x01')
  })
})
