import { connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { maxTokenBytes } from './auth/authenticator.ts'
import { maxCursorLength } from './replay/cursor.ts'
import { failed } from '../program/result.ts'
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './testing/test-gateway.ts'
import { openSocket, RefusedError } from './testing/test-socket.ts'

/** What a stranger can grow has a limit (G5): each test goes up to the limit, which is still served, and one beyond, which is not. */

const running: TestGateway[] = []

async function start(env: Readonly<Record<string, string>> = {}, more: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ env, ...more })
  running.push(gateway)
  return gateway
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

async function refusal(opening: Promise<unknown>): Promise<RefusedError> {
  const error = await opening.then(
    () => new Error('it was let in'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof RefusedError)) throw error
  return error
}

const tokenOf = (gateway: TestGateway, user: string): Promise<string> => gateway.token({ user_id: user })
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))
const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status
const message = (more: object): object => ({ type: 't', broadcast: true, ...more })

describe('connections', () => {
  it('of a pod are as many as it may have, whoever they are of and however they come', async () => {
    const gateway = await start({ MAX_CONNECTIONS: '3' })
    const { socketUrl, url, metrics } = gateway
    const tokens = await Promise.all(['ann', 'bob', 'cid', 'dan'].map((user) => tokenOf(gateway, user)))
    const stream = (token = ''): Promise<Response> =>
      fetch(`${url}/api/chrome-service/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    await openSocket(socketUrl, { token: tokens[0] ?? '' })
    const second = await openSocket(socketUrl, { token: tokens[1] ?? '' })
    expect((await stream(tokens[2])).status).toBe(200)
    expect([(await refusal(openSocket(socketUrl, { token: tokens[3] ?? '' }))).status, (await stream(tokens[3])).status]).toEqual([
      503, 503,
    ])
    expect([metrics.value('sessions'), metrics.value('handshakesRefused', { reason: 'overloaded' })]).toEqual([3, 2])
    second.close()
    await vi.waitFor(async () => (await openSocket(socketUrl, { token: tokens[3] ?? '' })).messages)
  })

  it('of a user are as many as one may have, however they come, and one that ends makes room', async () => {
    const gateway = await start({ MAX_CONNECTIONS_PER_USER: '2' })
    const { socketUrl, url, metrics } = gateway
    const token = await tokenOf(gateway, 'ann')
    const first = await openSocket(socketUrl, { token })
    const stream = await fetch(`${url}/api/chrome-service/v1/events`, { headers: { authorization: `Bearer ${token}` } })
    expect([
      stream.status,
      (await refusal(openSocket(socketUrl, { token }))).status,
      metrics.value('handshakesRefused', { reason: 'too-many-connections' }),
    ]).toEqual([200, 429, 1])
    await openSocket(socketUrl, { token: await tokenOf(gateway, 'bob') })
    first.close()
    await vi.waitFor(async () => (await openSocket(socketUrl, { token })).messages)
  })

  it('that are opened at once are as many as the burst, and those without a good token take nothing from it', async () => {
    const gateway = await start({ UPGRADE_RATE_PER_S: '1', UPGRADE_BURST: '3' })
    const { socketUrl, url, metrics } = gateway
    const token = await tokenOf(gateway, 'ann')
    const stream = (headers: Record<string, string> = {}): Promise<number> =>
      statusOf(fetch(`${url}/api/chrome-service/v1/events`, { headers }))
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect([(await refusal(openSocket(socketUrl))).status, (await refusal(openSocket(socketUrl, { token: 'garbage' }))).status]).toEqual([
        401, 401,
      ])
      expect([await stream(), await stream({ authorization: 'Bearer a.b.c' })]).toEqual([401, 401])
    }
    await Promise.all(times(3, () => openSocket(socketUrl, { token })))
    expect([
      (await refusal(openSocket(socketUrl, { token }))).status,
      metrics.value('handshakesRefused', { reason: 'too-many-upgrades' }),
    ]).toEqual([429, 1])
  })

  it('with tokens that were verified before are opened while forged tokens use up the rate of new ones', async () => {
    const gateway = await start({ UPGRADE_RATE_PER_S: '1', UPGRADE_BURST: '3' })
    const { socketUrl } = gateway
    const token = await tokenOf(gateway, 'ann')
    await openSocket(socketUrl, { token })
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`
    const strangers = []
    for (let attempt = 0; attempt < 4; attempt += 1) strangers.push((await refusal(openSocket(socketUrl, { token: forged }))).status)
    expect(strangers).toEqual([401, 401, 429, 429])
    await Promise.all([openSocket(socketUrl, { token }), openSocket(socketUrl, { token })])
  })

  it('that wait for their tokens to be verified are as many as the burst, and those who leave make room', async () => {
    const { promise: verified, resolve: verify } = Promise.withResolvers<void>()
    let asked = 0
    const authenticate = async () => {
      asked += 1
      await verified
      return failed({ kind: 'malformed', detail: 'for the test' } as const)
    }
    const gateway = await start({ UPGRADE_RATE_PER_S: '3', UPGRADE_BURST: '3' }, { adapters: { authenticator: { authenticate } } })
    const stream = (): Promise<number> =>
      statusOf(fetch(`${gateway.url}/api/chrome-service/v1/events`, { headers: { authorization: 'Bearer slow.token.x' } }))
    const waiting = [
      ...times(2, () => refusal(openSocket(gateway.socketUrl, { token: 'slow.token.x' })).then(({ status }) => status)),
      stream(),
    ]
    await vi.waitFor(() => expect(asked).toBe(3))
    // Until the rate lets them by, they are answered 429.
    await vi.waitFor(async () => expect((await refusal(openSocket(gateway.socketUrl, { token: 'slow.token.x' }))).status).toBe(503), {
      timeout: 3_000,
    })
    await vi.waitFor(async () => expect(await stream()).toBe(503), { timeout: 3_000 })
    expect(asked).toBe(3)
    verify()
    expect(await Promise.all(waiting)).toEqual([401, 401, 401])
    expect([(await refusal(openSocket(gateway.socketUrl, { token: 'slow.token.x' }))).status, await stream()]).toEqual([401, 401])
    expect(gateway.metrics.value('handshakesRefused', { reason: 'overloaded' })).toBe(2)
  })

  it('whose handshake takes longer than it may are turned away', async () => {
    const authenticate = (): Promise<never> => new Promise(() => {})
    const gateway = await start({ HANDSHAKE_TIMEOUT_MS: '200' }, { adapters: { authenticator: { authenticate } } })
    expect((await refusal(openSocket(gateway.socketUrl, { token: 'slow.token.x' }))).status).toBe(503)
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connect({ host: '127.0.0.1', port: gateway.gateway.ports.public })
      socket
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .once('close', () => resolve(text))
      socket.write('GET /wss/chrome-service/v1/ws HTTP/1.1\r\nhost: localhost\r\n')
    })
    expect(answer).toContain('408')
  })

  it('that go silent are closed when they have not answered a ping in time, and cut when they do not answer that either', async () => {
    const gateway = await start({ HEARTBEAT_INTERVAL_MS: '1000', HEARTBEAT_TIMEOUT_MS: '500', CLOSE_TIMEOUT_MS: '100' })
    const [silent, alive] = await Promise.all(
      ['ann', 'bob'].map(async (user) => openSocket(gateway.socketUrl, { token: await tokenOf(gateway, user) })),
    )
    silent?.pause()
    await vi.waitFor(
      () => expect([gateway.metrics.value('sessionsClosed', { code: 'unresponsive' }), gateway.metrics.value('sessions')]).toEqual([1, 1]),
      { timeout: 5_000 },
    )
    silent?.terminate()
    alive?.close()
  })
})

describe('what a client sends', () => {
  it('may be frames of so many bytes, and none of one more', async () => {
    const gateway = await start({ MAX_INBOUND_FRAME_BYTES: '128', UPSTREAM: 'off' })
    const token = await tokenOf(gateway, 'ann')
    const [fits, large] = await Promise.all([openSocket(gateway.socketUrl, { token }), openSocket(gateway.socketUrl, { token })])
    fits.send('x'.repeat(128))
    large.send('x'.repeat(129))
    expect((await large.closed).code).toBe(4009)
    await gateway.emit(message({ id: 'still' }))
    await fits.until(1)
    await vi.waitFor(() => expect(gateway.metrics.value('sessionsClosed', { code: 'frameTooLarge' })).toBe(1))
  })

  it('may be so many frames at once, and not more', async () => {
    const gateway = await start({ INBOUND_FRAMES_PER_S: '1', INBOUND_FRAMES_BURST: '20' })
    const socket = await openSocket(gateway.socketUrl, { token: await tokenOf(gateway, 'ann') })
    for (let frame = 0; frame < 20; frame += 1) socket.send('x')
    await vi.waitFor(() => expect(gateway.metrics.value('inboundFrames')).toBe(20))
    await gateway.emit(message({ id: 'still' }))
    await socket.until(1)
    for (let frame = 0; frame < 20; frame += 1) socket.send('x')
    expect((await socket.closed).code).toBe(4104)
    await vi.waitFor(() => expect(gateway.metrics.value('sessionsClosed', { code: 'tooManyFrames' })).toBe(1))
  })

  it('as a token has so many bytes at most, and a longer one is not even looked at', async () => {
    let asked = 0
    const authenticate = async () => {
      asked += 1
      return failed({ kind: 'malformed', detail: 'for the test' } as const)
    }
    const gateway = await start({}, { adapters: { authenticator: { authenticate } } })
    const [fits, long] = [maxTokenBytes, maxTokenBytes + 1].map((length) =>
      refusal(openSocket(gateway.socketUrl, { authorization: `Bearer ${'x'.repeat(length)}` })),
    )
    expect([(await fits)?.status, (await long)?.status, asked]).toEqual([401, 401, 1])
    expect((await long)?.body).toContain(String(maxTokenBytes))
    expect(gateway.metrics.value('handshakesRefused', { reason: 'unauthenticated' })).toBe(2)
  })

  it('as a cursor has so many characters at most', async () => {
    const gateway = await start()
    const token = await tokenOf(gateway, 'ann')
    const refusals = await Promise.all(
      [maxCursorLength, maxCursorLength + 1].map((length) => refusal(openSocket(gateway.socketUrl, { token, cursor: 'A'.repeat(length) }))),
    )
    expect(refusals.map(({ status, body }) => [status, body.includes('longer than')])).toEqual([
      [400, false],
      [400, true],
    ])
    expect(gateway.metrics.value('handshakesRefused', { reason: 'bad-cursor' })).toBe(2)
  })

  it('as filters have so many bytes at most', async () => {
    const gateway = await start({ MAX_FILTER_BYTES: '100' })
    const token = await tokenOf(gateway, 'ann')
    const ofBytes = (bytes: number): string => `[{"exact":{"id":"${'x'.repeat(bytes - 21)}"}}]`
    await openSocket(gateway.socketUrl, { token, filters: ofBytes(100) })
    const refused = await refusal(openSocket(gateway.socketUrl, { token, filters: ofBytes(101) }))
    expect([refused.status, refused.body.includes('MAX_FILTER_BYTES allows 100')]).toEqual([400, true])
    expect(gateway.metrics.value('handshakesRefused', { reason: 'bad-filters' })).toBe(1)
  })

  it('may be so many distinct filters, and one that goes with its last connection makes room', async () => {
    const gateway = await start({ MAX_DISTINCT_FILTERS: '2' })
    const token = await tokenOf(gateway, 'ann')
    const withId = (id: string) => openSocket(gateway.socketUrl, { token, filters: `[{"exact":{"id":"${id}"}}]` })
    const [first] = await Promise.all([withId('a'), withId('b')])
    await withId('b')
    const refused = await refusal(withId('c'))
    expect([refused.status, refused.headers['retry-after'], gateway.metrics.value('filters')]).toEqual([503, '5', 2])
    expect(gateway.metrics.value('handshakesRefused', { reason: 'too-many-filters' })).toBe(1)
    await openSocket(gateway.socketUrl, { token })
    first.close()
    await vi.waitFor(async () => (await withId('c')).messages)
  })

  it('as the head of a request has so many bytes at most', async () => {
    const { url } = await start()
    const ask = (bytes: number): Promise<number> => statusOf(fetch(`${url}/health`, { headers: { 'x-filler': 'x'.repeat(bytes) } }))
    expect([await ask(30_000), await ask(33_000)]).toEqual([200, 431])
  })
})

describe('what an emitter sends', () => {
  it('may be an event of so many bytes, which is delivered, and none of one more', async () => {
    const gateway = await start({ MAX_EVENT_BYTES: '1024' })
    const socket = await openSocket(gateway.socketUrl, { token: await tokenOf(gateway, 'ann') })
    const ofBytes = (bytes: number) => message({ id: String(bytes), payload: 'x'.repeat(bytes - 2) })
    expect([await statusOf(gateway.emit(ofBytes(1024))), await statusOf(gateway.emit(ofBytes(1025)))]).toEqual([202, 413])
    expect((await socket.until(1))[0]?.data).toBe('x'.repeat(1022))
    const headers = {
      ce_specversion: '1.0',
      ce_source: '/s',
      ce_type: 't',
      ce_audience: '{"broadcast":true}',
      'content-type': 'application/octet-stream',
    }
    gateway.log.append(
      [1025, 1024].map((bytes) => ({ partition: 0, headers: { ...headers, ce_id: `record-${bytes}` }, value: Buffer.alloc(bytes) })),
    )
    await socket.untilReceived('record-1024')
    expect([
      socket.ids,
      gateway.metrics.value('recordsUndecodable', { reason: 'too-large' }),
      gateway.metrics.value('emitRefused', { status: '413' }),
    ]).toEqual([['1024', 'record-1024'], 1, 1])
  })

  it('may be a body of so many bytes, and none of one more, whether its length is announced or not', async () => {
    const gateway = await start({ EMIT_MAX_BODY_BYTES: '2048', MAX_EVENT_BYTES: '1024' })
    const ofBytes = (bytes: number): string => JSON.stringify(message({ id: String(bytes) })).padEnd(bytes)
    const post = (body: string | ReadableStream): Promise<number> =>
      statusOf(
        fetch(`${gateway.url}/api/chrome-service/v1/emit-message`, {
          method: 'POST',
          body,
          ...(typeof body === 'string' ? {} : { duplex: 'half' }),
        }),
      ) // the types do not know `duplex`
    const stream = (text: string): ReadableStream => new Blob([text]).stream()
    expect([
      await post(ofBytes(2048)),
      await post(ofBytes(2049)),
      await post(stream(ofBytes(2048))),
      await post(stream(ofBytes(2049))),
    ]).toEqual([202, 413, 202, 413])
    expect(gateway.metrics.value('emitRefused', { status: '413' })).toBe(2)
  })

  it('may be a batch of so many events, and none of one more', async () => {
    const gateway = await start({ EMIT_MAX_BATCH: '3' })
    const post = (count: number): Promise<number> => {
      const batch = times(count, (index) => ({
        specversion: '1.0',
        id: `${count}-${index}`,
        source: '/s',
        type: 't',
        audience: '{"broadcast":true}',
      }))
      return statusOf(
        fetch(`${gateway.url}/api/chrome-service/v1/events`, {
          method: 'POST',
          headers: { 'content-type': 'application/cloudevents-batch+json' },
          body: JSON.stringify(batch),
        }),
      )
    }
    expect([
      await post(3),
      await post(4),
      gateway.metrics.value('emitted'),
      gateway.metrics.value('emitRefused', { status: '413' }),
    ]).toEqual([202, 413, 3, 1])
  })

  it('may be so many events at once, and more when time has gone by', async () => {
    const gateway = await start({ EMIT_RATE_PER_S: '2', EMIT_BURST: '5', EMIT_MAX_BATCH: '5' })
    const statuses = await Promise.all(times(8, (index) => statusOf(gateway.emit(message({ id: String(index) })))))
    expect(statuses.toSorted()).toEqual([202, 202, 202, 202, 202, 429, 429, 429])
    const refused = await gateway.emit(message({}))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    await vi.waitFor(async () => expect(await statusOf(gateway.emit(message({})))).toBe(202), { timeout: 3_000, interval: 100 })
    expect(gateway.metrics.value('rateLimitedEmitters')).toBe(1)
  })

  it('may wait for the log in so many events, and is turned away beyond, not queued', async () => {
    const gateway = await start({ EMIT_MAX_IN_FLIGHT: '3', EMIT_MAX_BATCH: '3' })
    gateway.log.faults.holdAcknowledgements()
    const waiting = times(3, (index) => statusOf(gateway.emit(message({ id: String(index) }))))
    await vi.waitFor(() => expect(gateway.metrics.value('emitInFlight')).toBe(3))
    const refused = await gateway.emit(message({ id: 'one-more' }))
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    gateway.log.faults.releaseAcknowledgements()
    expect([
      await Promise.all(waiting),
      await statusOf(gateway.emit(message({ id: 'later' }))),
      gateway.metrics.value('emitInFlight'),
    ]).toEqual([[202, 202, 202], 202, 0])
  })

  it('may name so many, and not one more, over the API and in a record', async () => {
    const gateway = await start({ MAX_AUDIENCE_SIZE: '3' })
    const socket = await openSocket(gateway.socketUrl, { token: await tokenOf(gateway, 'user-0') })
    const users = (count: number): string[] => times(count, (index) => `user-${index}`)
    expect([
      await statusOf(gateway.emit({ id: 'three', type: 't', users: users(3) })),
      await statusOf(gateway.emit({ type: 't', users: users(4) })),
    ]).toEqual([202, 400])
    const record = (count: number) => ({
      partition: 0,
      headers: {
        ce_specversion: '1.0',
        ce_id: `record-${count}`,
        ce_source: '/s',
        ce_type: 't',
        ce_audience: JSON.stringify({ users: users(count) }),
      },
    })
    gateway.log.append([record(4), record(3)])
    await Promise.all([socket.untilReceived('three'), socket.untilReceived('record-3')])
    expect([socket.ids.toSorted(), gateway.metrics.value('recordsUndecodable', { reason: 'bad-audience' })]).toEqual([
      ['record-3', 'three'],
      1,
    ])
  })
})

describe('what a pod remembers', () => {
  const append = (gateway: TestGateway, count: number, bytes = 0): void =>
    gateway.log.append(
      times(count, (index) => ({
        partition: index % 4,
        headers: {
          ce_specversion: '1.0',
          ce_id: `event-${index}`,
          ce_source: '/s',
          ce_type: 't',
          ce_audience: '{"broadcast":true}',
          'content-type': 'application/octet-stream',
        },
        value: Buffer.alloc(bytes),
      })),
    )

  it('of events has so many bytes at most, encoded or not', async () => {
    const gateway = await start({ REPLAY_MAX_BYTES: '65536', MAX_EVENT_BYTES: '1024' })
    const sockets = await Promise.all(
      ['ann', 'bob'].map(async (user) => openSocket(gateway.socketUrl, { token: await tokenOf(gateway, user), cursor: 'latest' })),
    )
    const stream = await fetch(`${gateway.url}/api/chrome-service/v1/events`, {
      headers: { authorization: `Bearer ${await tokenOf(gateway, 'cid')}` },
    })
    append(gateway, 1_000, 500)
    await vi.waitFor(() => expect(gateway.metrics.value('recordsRead')).toBe(1_000))
    await vi.waitFor(() => expect(gateway.metrics.value('replayBytes')).toBeLessThanOrEqual(65_536))
    expect(gateway.metrics.value('replayEntries')).toBeGreaterThan(5)
    await stream.body?.cancel()
    for (const socket of sockets) socket.close()
  })

  it('of sources and ids is so many at most', async () => {
    const gateway = await start({ DEDUPLICATION_MAX_IDS: '1000' })
    append(gateway, 5_000)
    await vi.waitFor(() => expect(gateway.metrics.value('recordsRead')).toBe(5_000))
    expect([gateway.metrics.value('deduplicationIds') <= 1_000, gateway.metrics.value('deduplicationIds') >= 500]).toEqual([true, true])
  })

  it("for one slow reader is no more than its socket's buffer: it reads from the replay log, later, all of it", async () => {
    const gateway = await start({ SOCKET_BUFFER_BYTES: '16384' })
    const slow = await openSocket(gateway.socketUrl, { token: await tokenOf(gateway, 'ann') })
    const quick = await openSocket(gateway.socketUrl, { token: await tokenOf(gateway, 'bob') })
    slow.pause()
    append(gateway, 200, 50_000)
    await quick.until(200)
    expect(gateway.metrics.value('sessionsCatchingUp')).toBe(1)
    slow.resume()
    await slow.until(200)
    expect([new Set(slow.ids).size, gateway.metrics.value('sessionsCatchingUp')]).toEqual([200, 0])
  })
})
