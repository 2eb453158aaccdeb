import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../../testing/recording-logger.ts'
import { frame, startFakeBroker, type FakeAnswer, type FakeBroker, type FakeRequest } from '../testing/fake-broker.ts'
import { kafkaOptions, type KafkaTestOptions } from '../testing/test-topic.ts'
import { createBrokerConnector, type BrokerLink, type ConnectOptions } from './broker-link.ts'
import { fetchRequest } from './requests/fetch.ts'
import type { WireRequest } from './wire-request.ts'

const stops: (() => unknown)[] = []

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function aBroker(
  answer: (request: FakeRequest) => FakeAnswer | undefined,
  options?: Parameters<typeof startFakeBroker>[1],
): Promise<FakeBroker> {
  const broker = await startFakeBroker(answer, options)
  stops.push(() => broker.stop())
  return broker
}

const connector = (given: Partial<KafkaTestOptions> = {}) =>
  createBrokerConnector(kafkaOptions({ kafkaBrokers: ['127.0.0.1:1'], ...given }), createRecordingLogger().logger)

async function connect(
  { address }: Pick<FakeBroker, 'address'>,
  options: Partial<ConnectOptions> = {},
  given: Partial<KafkaTestOptions> = {},
): Promise<BrokerLink> {
  const link = await connector(given)(address, { signal: new AbortController().signal, connectTimeoutMs: 2_000, ...options })
  stops.push(() => link.close())
  return link
}

const question = 1_000
/** A request that the fake broker answers as the test wants. */
const ask: WireRequest<number> = {
  apiKey: question,
  apiName: 'Question',
  version: 0,
  body: Buffer.from('?'),
  decode: (bytes) => bytes.readInt32BE(0),
}
const throttled: WireRequest<number> = { ...ask, throttleMs: () => 150 }
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const answering = (answer: (request: FakeRequest) => FakeAnswer) => (request: FakeRequest) =>
  request.apiKey === question ? answer(request) : undefined

describe('a broker link', () => {
  it('sends a request, and decodes the response', async () => {
    const broker = await aBroker(answering(() => number(42)))
    const link = await connect(broker)
    expect(await link.ask(ask, { timeoutMs: 1_000 })).toBe(42)
    expect(broker.requests.map(({ apiKey, version }) => [apiKey, version])).toEqual([
      [18, 0],
      [question, 0],
    ])
    expect(link.isOpen).toBe(true)
  })

  it('knows the versions that both sides support', async () => {
    const link = await connect(
      await aBroker(() => undefined, {
        apis: [
          [1, 4, 11],
          [3, 0, 12],
        ],
      }),
    )
    expect([
      link.version(1, 11, 13),
      link.version(1, 4, 10),
      link.version(1, 12, 13),
      link.version(1, 0, 3),
      link.version(99, 0, 9),
    ]).toEqual([11, 10, null, null, null])
    const args = { topic: 't', topicId: null, maxWaitMs: 1, minBytes: 1, maxBytes: 1, rack: '', partitions: [] }
    expect(fetchRequest(link, args).version).toBe(11)
  })

  it('refuses a request that the broker does not support', async () => {
    const link = await connect(await aBroker(() => undefined, { apis: [[1, 4, 10]] }))
    expect(() =>
      fetchRequest(link, { topic: 't', topicId: null, maxWaitMs: 1, minBytes: 1, maxBytes: 1, rack: '', partitions: [] }),
    ).toThrow(
      expect.objectContaining({ name: 'BrokerError', kind: 'refused', message: expect.stringContaining('versions 11 to 12 of Fetch') }),
    )
  })

  it.each([
    ['accepts and is silent', () => null],
    ['never answers ApiVersions', ({ apiKey }: FakeRequest) => (apiKey === 18 ? null : undefined)],
  ])('fails within its time-out when the port %s', async (_what, answer) => {
    const broker = await aBroker(answer)
    const started = performance.now()
    await expect(connect(broker, { connectTimeoutMs: 200 })).rejects.toMatchObject({
      name: 'BrokerError',
      kind: 'connection',
      broker: `127.0.0.1:${broker.address.port}`,
      message: expect.stringContaining('did not connect within 200 ms'),
    })
    expect(performance.now() - started).toBeLessThan(1_500)
    await vi.waitFor(() => expect(broker.sockets.every(({ destroyed }) => destroyed)).toBe(true))
  })

  it.each([
    ['a refused port', { host: '127.0.0.1', port: 1 }, 'ECONNREFUSED'],
    ['a name that does not resolve', { host: 'nowhere.invalid', port: 9092 }, 'nowhere.invalid'],
  ])('names %s', async (_what, address, words) => {
    await expect(connect({ address })).rejects.toMatchObject({ kind: 'connection', message: expect.stringContaining(words) })
  })

  // A publish was refused permanently with a token of yesterday, while the file held the one of today.
  it('retries with credentials that were replaced while the broker checked them, and takes the next refusal for final', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carillon-login-'))
    stops.push(() => rmSync(directory, { recursive: true }))
    const [kafkaSaslUsernameFile, kafkaSaslPasswordFile] = [join(directory, 'name'), join(directory, 'password')]
    writeFileSync(kafkaSaslUsernameFile, 'gateway')
    writeFileSync(kafkaSaslPasswordFile, 'of yesterday')
    const [saslHandshake, saslAuthenticate] = [17, 36]
    const broker = await aBroker(
      ({ apiKey }) => {
        if (apiKey === saslHandshake) return Buffer.from('\0\0\0\0\0\x01\0\x05PLAIN')
        if (apiKey !== saslAuthenticate) return undefined
        writeFileSync(kafkaSaslPasswordFile, 'of today')
        return Buffer.from('003affff00000000', 'hex') // SASL_AUTHENTICATION_FAILED, no words, no bytes
      },
      {
        apis: [
          [saslHandshake, 0, 1],
          [saslAuthenticate, 0, 0],
        ],
      },
    )
    const given = { kafkaSaslMechanism: 'plain', kafkaSaslUsernameFile, kafkaSaslPasswordFile } as const
    await expect(connect(broker, {}, given)).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('credentials that have been replaced since'),
    })
    await expect(connect(broker, {}, given)).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: expect.not.stringContaining('of today'),
    })
  })

  it('asks whether TLS or SASL is missing when the broker closes at the first request', async () => {
    const broker = await aBroker(({ apiKey }) => (apiKey === 18 ? (socket) => socket.end() : undefined))
    await expect(connect(broker)).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('does this listener want TLS or SASL?'),
    })
  })

  it('asks the same when the broker reports its versions, and closes at the first request', async () => {
    const link = await connect(await aBroker(answering(() => (socket) => socket.end())))
    await expect(link.ask(ask, { timeoutMs: 1_000 })).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('does this listener want TLS or SASL?'),
    })
  })

  it('takes no late response for the response to the next request', async () => {
    let late: (() => void) | null = null
    const broker = await aBroker(
      answering(
        ({ correlationId }) =>
          (socket) =>
            (late = () => socket.write(frame(correlationId, number(1)))),
      ),
    )
    const link = await connect(broker)
    await expect(link.ask(ask, { timeoutMs: 50 })).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('did not answer Question within 50 ms'),
    })
    await vi.waitFor(() => expect(late).not.toBeNull())
    ;(late as (() => void) | null)?.()
    await expect(link.ask(ask, { timeoutMs: 50 })).rejects.toThrow('did not answer Question within 50 ms')
    expect(link.isOpen).toBe(false)
    await vi.waitFor(() => expect(broker.sockets[0]?.destroyed).toBe(true))
  })

  it('takes no response to a request that it did not send', async () => {
    const link = await connect(
      await aBroker(
        answering(
          ({ correlationId }) =>
            (socket) =>
              socket.write(frame(correlationId + 7, number(1))),
        ),
      ),
    )
    await expect(link.ask(ask, { timeoutMs: 1_000 })).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('answered a request that was not sent'),
    })
    expect(link.isOpen).toBe(false)
  })

  it.each([[0x7fffffff], [64 * 1_048_576 + 1], [-1], [3]])(
    'ends at a response of %i bytes when it is announced, with all waiting requests',
    async (length) => {
      const broker = await aBroker(answering(() => (socket) => socket.write(Buffer.concat([number(length), Buffer.alloc(64)]))))
      const link = await connect(broker)
      const waiting = [link.ask(ask, { timeoutMs: 5_000 }), link.ask(ask, { timeoutMs: 5_000 })]
      const words = `the broker 127.0.0.1:${broker.address.port} announced a response of ${length} bytes; expected 4 to 67108864`
      for (const one of await Promise.allSettled(waiting))
        expect(one).toMatchObject({ status: 'rejected', reason: { kind: 'connection', message: expect.stringContaining(words) } })
      await vi.waitFor(() => expect(broker.sockets[0]?.destroyed).toBe(true))
    },
  )

  it.each([
    ['TLS', Buffer.from('15030300020250', 'hex')],
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('reports that a port speaks %s', async (protocol, answer) => {
    const broker = await aBroker(() => (socket) => socket.end(answer))
    await expect(connect(broker)).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining(`this port speaks ${protocol}`),
    })
  })

  it('ends at an unreadable response', async () => {
    const link = await connect(await aBroker(answering(() => Buffer.alloc(2))))
    await expect(link.ask(ask, { timeoutMs: 1_000 })).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('cannot be read'),
    })
    expect(link.isOpen).toBe(false)
  })

  it.each(['end', 'destroy'] as const)('rejects all waiting requests when the connection is lost (%s)', async (how) => {
    const broker = await aBroker(answering(() => null))
    const link = await connect(broker)
    const waiting = Promise.allSettled([link.ask(ask, { timeoutMs: 5_000 }), link.ask(ask, { timeoutMs: 5_000 })])
    broker.sockets[0]?.[how]()
    for (const one of await waiting) expect(one).toMatchObject({ status: 'rejected', reason: { name: 'BrokerError', kind: 'connection' } })
    expect(link.isOpen).toBe(false)
  })

  it('closes at once with a request in progress, twice, and leaves no timer behind', async () => {
    const broker = await aBroker(answering(() => null))
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const link = await connect(broker)
    const waiting = link.ask(ask, { timeoutMs: 60_000 })
    link.close()
    link.close()
    await expect(waiting).rejects.toMatchObject({ kind: 'connection', message: expect.stringContaining('was closed') })
    await expect(link.ask(ask, { timeoutMs: 1 })).rejects.toThrow('was closed')
    const socket = broker.sockets[0]
    if (socket?.destroyed === false) await once(socket, 'close')
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(before)
  })

  it('stops connecting when its signal is aborted, before and during', async () => {
    const broker = await aBroker(() => null)
    await expect(connect(broker, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'connection',
      message: expect.stringContaining('was closed'),
    })
    const abort = new AbortController()
    const during = connect(broker, { signal: abort.signal, connectTimeoutMs: 60_000 })
    await vi.waitFor(() => expect(broker.sockets.length).toBeGreaterThan(0))
    abort.abort()
    await expect(during).rejects.toMatchObject({ message: expect.stringContaining('was closed') })
  })

  it('obeys a throttle, and does not take that time for silence', async () => {
    const broker = await aBroker(answering(() => number(1)))
    const link = await connect(broker)
    await link.ask(throttled, { timeoutMs: 100 })
    const started = performance.now()
    expect(await link.ask(throttled, { timeoutMs: 100 })).toBe(1)
    expect(performance.now() - started).toBeGreaterThan(100)
  })

  it('reads responses that come in pieces of a byte', async () => {
    const link = await connect(
      await aBroker(
        answering(({ correlationId }) => (socket) => {
          socket.setNoDelay(true)
          const bytes = [...frame(correlationId, number(7))]
          const next = (): void => void (bytes.length > 0 && socket.write(Buffer.from(bytes.splice(0, 1)), next))
          next()
        }),
      ),
    )
    expect(await link.ask(ask, { timeoutMs: 2_000 })).toBe(7)
  })
})
