import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSocket, RefusedError, type TestSocketOptions } from './testing/test-socket.ts'
import { findFreePortPair } from '../testing/free-ports.ts'
import { createTestLog, startTestGateway, type TestGateway, type TestGatewayOptions } from './testing/test-gateway.ts'

/** The whole gateway through its ports. The tests of "the predecessor" are failures of chrome-service-backend's websockets, each of which must not come back. */

const running: TestGateway[] = []

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options)
  running.push(gateway)
  return gateway
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

const ann = { user_id: 'ann', username: 'ann', org_id: 'red', roles: ['reader'] }
const bob = { user_id: 'bob', username: 'bob', org_id: 'red', roles: ['admin'] }
const cid = { user_id: 'cid', username: 'cid', org_id: 'blue', roles: ['admin'] }

async function refusal(opening: Promise<unknown>): Promise<RefusedError> {
  const error = await opening.then(
    () => new Error('it was let in'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof RefusedError)) throw error
  return error
}

describe('the predecessor', () => {
  it('accepted unsigned tokens: here an unsigned and a forged one are refused', async () => {
    const gateway = await start()
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"user_id":"ann"}').toString('base64url')}.`
    const forged = await (await start()).token(ann)
    const [first, second] = [
      await refusal(openSocket(gateway.socketUrl, { token: unsigned })),
      await refusal(openSocket(gateway.socketUrl, { token: forged })),
    ]
    expect([first.status, second.status, first.headers['content-type']]).toEqual([401, 401, 'application/problem+json'])
  })

  it('took any Origin that came with a cookie: here a foreign page is answered 403', async () => {
    const gateway = await start()
    const { status } = await refusal(
      openSocket(gateway.socketUrl, { cookie: `cs_jwt=${await gateway.token(ann)}`, origin: 'https://evil.example' }),
    )
    expect(status).toBe(403)
  })

  it('refused claims with non-ASCII text: here names in any script, and with + % - _, work', async () => {
    const gateway = await start()
    const username = 'Zoë 🦊+50%-_ Ørsted'
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token({ user_id: '用户-1', username }), cursor: 'latest' })
    await gateway.emit({ id: 'by-name', type: 't', usernames: [username] })
    await gateway.emit({ id: 'by-id', type: 't', users: ['用户-1'] })
    await socket.until(3)
    expect(socket.ids.toSorted()).toEqual(['!resumed', 'by-id', 'by-name'])
  })

  it.each(['cs_jwt', 'cs_jwt=', 'cs_jwt=nodot', 'cs_jwt=a.b', 'cs_jwt=a.b.c.d', '=;;=', 'cs_jwt=%E0%A4%A'])(
    'crashed on a cookie without a dot: here %j is refused and the gateway lives',
    async (cookie) => {
      const gateway = await start()
      expect((await refusal(openSocket(gateway.socketUrl, { cookie }))).status).toBe(401)
      expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
    },
  )

  it('answered a refusal with HTTP 200: here each has its status, and a browser learns the code', async () => {
    const gateway = await start()
    expect((await refusal(openSocket(gateway.socketUrl))).status).toBe(401)
    const browser = await openSocket(gateway.socketUrl, { origin: 'http://localhost:3000' })
    expect([(await browser.closed).code, browser.messages]).toEqual([4001, []])
  })

  it('stopped delivery at one broadcast record, with health still green', async () => {
    const gateway = await start()
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann) })
    const value = (id: string, data: object): string => JSON.stringify({ specversion: '1.0.2', id, source: 's', type: 't', data })
    gateway.log.append([
      { partition: 0, value: value('broadcast', { broadcast: true, payload: 1 }) },
      { partition: 0, value: 'not json' },
      { partition: 0, value: value('after', { users: ['ann'], payload: 2 }) },
    ])
    await socket.until(2)
    expect(socket.ids).toEqual(['broadcast', 'after'])
  })

  it('knew one connection per user, and closing one tab silenced the others', async () => {
    const gateway = await start()
    const token = await gateway.token(ann)
    const tabs = await Promise.all([1, 2, 3].map(() => openSocket(gateway.socketUrl, { token })))
    tabs[1]?.close()
    await tabs[1]?.closed
    await gateway.emit({ id: 'still', type: 't', users: ['ann'] })
    await Promise.all([tabs[0]?.until(1), tabs[2]?.until(1)])
    expect(tabs.map((tab) => tab.ids)).toEqual([['still'], [], ['still']])
  })

  it('let roles reach no user, or cross organizations: here they narrow the named organizations', async () => {
    const gateway = await start()
    const sockets = await Promise.all(
      [ann, bob, cid].map(async (claims) => openSocket(gateway.socketUrl, { token: await gateway.token(claims) })),
    )
    await gateway.emit({ id: 'red-admins', type: 't', organizations: ['red'], roles: ['admin'] })
    await gateway.emit({ id: 'end', type: 't', broadcast: true })
    await Promise.all(sockets.map((socket) => socket.untilReceived('end')))
    expect(sockets.map(({ ids }) => ids.includes('red-admins'))).toEqual([false, true, false])
    expect((await gateway.emit({ id: 'x', type: 't', roles: ['admin'] })).status).toBe(400)
  })

  it('kept rooms of users who had gone: here nothing is left', async () => {
    const gateway = await start()
    const sockets = await Promise.all(
      [ann, bob, cid].map(async (claims) => openSocket(gateway.socketUrl, { token: await gateway.token(claims) })),
    )
    for (const socket of sockets) socket.close()
    await vi.waitFor(() => expect([gateway.gateway.channel.hub.size, gateway.gateway.channel.hub.keyCount]).toEqual([0, 0]))
  })

  it('ended consumption silently at an error: here the pod says why, is unready after a while, and ready when it reads again', async () => {
    const gateway = await start({ config: { kafkaUnreadyAfterMs: 200 } })
    gateway.log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    await vi.waitFor(async () => expect((await fetch(`${gateway.internalUrl}/readyz`)).status).toBe(503))
    expect(await (await fetch(`${gateway.internalUrl}/readyz`)).json()).toMatchObject({
      waitingFor: ['log-reading: connecting: for the test'],
      degraded: [{ partition: null, kind: 'connecting', detail: 'for the test' }],
    })
    gateway.log.faults.resume()
    await vi.waitFor(async () => expect((await fetch(`${gateway.internalUrl}/readyz`)).status).toBe(200))
  })

  it('lost events between the lives of two pods: here another pod goes on from the cursor', async () => {
    const log = createTestLog()
    const [first, second] = [await start({ log }), await start({ log })]
    const socket = await openSocket(first.socketUrl, { token: await first.token(ann), cursor: 'latest' })
    await first.emit({ id: 'one', type: 't', users: ['ann'] })
    await socket.until(2)
    await first.stop()
    await second.emit({ id: 'two', type: 't', users: ['ann'] })
    await second.emit({ id: 'not-hers', type: 't', users: ['bob'] })
    const resumed = await openSocket(second.socketUrl, {
      token: await second.token(ann),
      cursor: socket.messages.findLast(({ cursor }) => cursor !== undefined)?.cursor ?? '',
    })
    await Promise.all([resumed.untilReceived('!resumed'), resumed.untilReceived('two')])
    expect(resumed.ids.toSorted()).toEqual(['!resumed', 'two'])
  })

  it('dropped extensions, refused relative sources and media types with parameters: all pass untouched', async () => {
    const gateway = await start()
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann) })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const event = {
      specversion: '1.0',
      id: 'rich',
      source: '/relative/path',
      type: 't',
      datacontenttype: 'application/json; charset=utf-8',
      traceparent,
      myext: 'kept',
      audience: '{"users":["ann"]}',
      data: { n: 1 },
    }
    const answer = await fetch(`${gateway.url}/api/chrome-service/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json;charset=UTF-8' },
      body: JSON.stringify(event),
    })
    expect(answer.status).toBe(202)
    const [received] = await socket.until(1)
    const { audience: _audience, ...visible } = event
    expect(received).toMatchObject(visible)
    expect(received).not.toHaveProperty('audience')
  })

  it('accepts the record that a real producer of it writes', async () => {
    const gateway = await start()
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann) })
    const payload = {
      id: '1',
      description: 'd',
      title: 't',
      created: '2026-01-01T00:00:00',
      read: false,
      source: 's',
      bundle: 'b',
      application: 'a',
      severity: 'NONE',
    }
    const record = {
      specversion: '1.0.2',
      type: 'com.redhat.console.notifications.drawer',
      source: 'urn:redhat:source:notifications:drawer',
      id: 'drawer-1',
      time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json',
      data: { usernames: ['ann'], payload },
    }
    gateway.log.append([{ partition: 1, value: JSON.stringify(record) }])
    const [received] = await socket.until(1)
    expect(received).toMatchObject({
      specversion: '1.0',
      type: record.type,
      source: record.source,
      id: 'drawer-1',
      time: record.time,
      data: payload,
    })
  })

  it('cut all clients off with 1006 when it stopped: here each gets the drain code, after a notice if it understands it', async () => {
    const gateway = await start()
    const resuming = await openSocket(gateway.socketUrl, { token: await gateway.token(ann), cursor: 'latest' })
    const plain = await openSocket(gateway.socketUrl, { token: await gateway.token(bob) })
    await resuming.untilReceived('!resumed')
    await gateway.stop()
    expect([(await resuming.closed).code, (await plain.closed).code, resuming.ids, plain.ids]).toEqual([
      4200,
      4200,
      ['!resumed', '!draining'],
      [],
    ])
  })

  it('let any client emit: here, outside development, a scope is needed', async () => {
    const gateway = await start({ config: { isDevelopment: false, allowedOrigins: ['https://console.example'] } })
    const event = { id: 'e', type: 't', broadcast: true }
    const statuses = await Promise.all([
      gateway.emit(event),
      gateway.emit(event, { authorization: `Bearer ${await gateway.token(ann)}` }),
      gateway.emit(event, { 'x-rh-identity': Buffer.from('{"identity":{"type":"User","user":{"user_id":"1"}}}').toString('base64') }),
      gateway.emit(event, { authorization: `Bearer ${await gateway.token({ ...ann, scope: 'other carillon.emit' })}` }),
      gateway.emit(event, { cookie: `cs_jwt=${await gateway.token({ ...ann, scope: 'carillon.emit' })}`, origin: 'https://evil.example' }),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([401, 403, 401, 202, 403])
  })
})

describe('a gateway with prefixes of its own', () => {
  const env = { SOCKET_PATH_PREFIX: '/team-a/wss/orders', API_PATH_PREFIX: '/team-a/api/orders' }

  it('serves sockets, streams, emits and its description below them, and nothing where they would be without', async () => {
    const gateway = await start({ env })
    const socket = await openSocket(`ws://127.0.0.1:${gateway.gateway.ports.public}/team-a/wss/orders/v1/ws`, {
      token: await gateway.token(ann),
    })
    expect(
      (await fetch(`${gateway.url}/team-a/api/orders/v1/emit-message`, { method: 'POST', body: '{"id":"1","type":"t","broadcast":true}' }))
        .status,
    ).toBe(202)
    await socket.untilReceived('1')
    const description = await (await fetch(`${gateway.url}/team-a/api/orders/v1/openapi.json`)).json()
    expect(Object.keys(Object(description).paths)).toContain('/team-a/wss/orders/v1/ws')
    const elsewhere = await fetch(`${gateway.url}/api/chrome-service/v1/events`)
    expect([elsewhere.status, Object(await elsewhere.json()).detail]).toEqual([
      404,
      'Nothing is at this path. /team-a/api/orders/v1/openapi.json describes what this gateway serves.',
    ])
    await expect(openSocket(`ws://127.0.0.1:${gateway.gateway.ports.public}/wss/chrome-service/v1/ws`)).rejects.toThrow(RefusedError)
  })

  it('counts what could not be emitted there', async () => {
    const gateway = await start({ env })
    expect((await fetch(`${gateway.url}/team-a/api/orders/v1/emit-message`, { method: 'POST', body: 'no JSON' })).status).toBe(400)
    await vi.waitFor(() => expect(gateway.metrics.value('emitRefused', { status: '400' })).toBe(1))
  })
})

describe('a connection', () => {
  const places: readonly (readonly [string, (token: string) => TestSocketOptions])[] = [
    ['the cookie', (token) => ({ cookie: `other=1; cs_jwt=${token}` })],
    ['the Authorization header', (token) => ({ authorization: `Bearer ${token}` })],
    ['the subprotocol', (token) => ({ token })],
  ]
  it.each(places)('is known by the token in %s, and only cloudevents.json is echoed', async (_place, how) => {
    const gateway = await start()
    const socket = await openSocket(gateway.socketUrl, how(await gateway.token(ann)))
    await gateway.emit({ id: 'hers', type: 't', users: ['ann'] })
    await socket.until(1)
    expect([socket.protocol, socket.ids]).toEqual(['cloudevents.json', ['hers']])
  })

  it('is not known by a token in the query string', async () => {
    const gateway = await start()
    expect((await refusal(openSocket(`${gateway.socketUrl}?token=${await gateway.token(ann)}`))).status).toBe(401)
  })

  it('with subprotocols that are not spoken here is refused with 400', async () => {
    const gateway = await start()
    expect((await refusal(openSocket(gateway.socketUrl, { token: await gateway.token(ann), protocols: ['graphql-ws'] }))).status).toBe(400)
  })

  it.each(['garbage', 'AAAA', '%00', 'A'.repeat(9000)])(
    'with the cursor %.12j is refused with a code that forbids reconnecting',
    async (cursor) => {
      const gateway = await start()
      const token = await gateway.token(ann)
      expect((await refusal(openSocket(gateway.socketUrl, { token, cursor: encodeURIComponent(cursor) }))).status).toBe(400)
      const browser = await openSocket(gateway.socketUrl, { token, cursor: encodeURIComponent(cursor), origin: 'http://localhost' })
      expect((await browser.closed).code).toBe(4005)
    },
  )

  it('with the cursor of another channel is refused, and with one of a recreated topic gets a gap', async () => {
    const [gateway, other, renamed] = [await start(), await start(), await start({ env: { KAFKA_TOPIC: 'another' } })]
    const cursorOf = async (from: TestGateway): Promise<string> => {
      const socket = await openSocket(from.socketUrl, { token: await from.token(ann), cursor: 'latest' })
      return (await socket.until(1))[0]?.cursor ?? ''
    }
    const token = await gateway.token(ann)
    expect((await refusal(openSocket(gateway.socketUrl, { token, cursor: await cursorOf(renamed) }))).status).toBe(400)
    const socket = await openSocket(gateway.socketUrl, { token, cursor: await cursorOf(other) })
    expect((await socket.until(1))[0]).toMatchObject({ type: 'dev.carillon.gap', data: { reason: 'epoch' } })
  })

  it('beyond what one user may have is closed with 4101 while the first ones live', async () => {
    const gateway = await start({ env: { MAX_CONNECTIONS_PER_USER: '2' } })
    const token = await gateway.token(ann)
    await Promise.all([openSocket(gateway.socketUrl, { token }), openSocket(gateway.socketUrl, { token })])
    const third = await openSocket(gateway.socketUrl, { token, origin: 'http://localhost' })
    expect([(await third.closed).code, gateway.gateway.channel.hub.size]).toEqual([4101, 2])
    expect((await refusal(openSocket(gateway.socketUrl, { token }))).status).toBe(429)
  })

  it('beyond the limit or the rate of connections gets a time to retry', async () => {
    const full = await start({ env: { MAX_CONNECTIONS: '1' } })
    await openSocket(full.socketUrl, { token: await full.token(ann) })
    expect(await refusal(openSocket(full.socketUrl, { token: await full.token(bob) }))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
    })
    const slow = await start({ env: { UPGRADE_RATE_PER_S: '1', UPGRADE_BURST: '1' } })
    const token = await slow.token(ann)
    await openSocket(slow.socketUrl, { token })
    expect(await refusal(openSocket(slow.socketUrl, { token }))).toMatchObject({
      status: 429,
      headers: { 'retry-after': expect.any(String) },
    })
  })

  it('ends when its token does, with the code that says so', async () => {
    const gateway = await start({ env: { JWT_CLOCK_TOLERANCE_MS: '0' } })
    const exp = Math.floor(Date.now() / 1000) + 2
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token({ ...ann, exp }), cursor: 'latest' })
    expect((await socket.closed).code).toBe(4103)
    expect(socket.ids).toContain('!token-expiring')
  })

  it('that floods the gateway with frames, or sends one that is too large, is closed; its neighbour is not', async () => {
    const gateway = await start({ env: { INBOUND_FRAMES_BURST: '20', UPSTREAM: 'off' } })
    const token = await gateway.token(ann)
    const [flooding, large, quiet] = await Promise.all([
      openSocket(gateway.socketUrl, { token }),
      openSocket(gateway.socketUrl, { token }),
      openSocket(gateway.socketUrl, { token }),
    ])
    for (let index = 0; index < 100; index += 1) flooding.send('x')
    large.send('x'.repeat(5000))
    expect([(await flooding.closed).code, (await large.closed).code]).toEqual([4104, 4009])
    await gateway.emit({ id: 'still', type: 't', users: ['ann'] })
    expect((await quiet.until(1)).length).toBe(1)
  })

  it('is refused while the pod is still reading the log, and let in when it has warmed up', async () => {
    const log = createTestLog()
    log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    const gateway = await start({ log })
    const token = await gateway.token(ann)
    await vi.waitFor(async () => expect((await refusal(openSocket(gateway.socketUrl, { token }))).status).toBe(503))
    log.faults.resume()
    await vi.waitFor(async () => (await openSocket(gateway.socketUrl, { token })).close())
  })

  it('gets the same stream by SSE, with the cursor as id, and resumes by Last-Event-ID', async () => {
    const gateway = await start()
    const authorization = `Bearer ${await gateway.token(ann)}`
    const read = async (headers: Record<string, string>, until: string, more = ''): Promise<string> => {
      const response = await fetch(`${gateway.url}/api/chrome-service/v1/events?cursor=latest${more}`, {
        headers: { authorization, ...headers },
      })
      const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
      let text = ''
      while (!text.includes(until)) {
        const { value, done } = await reader.read()
        if (done) break
        text += Buffer.from(value).toString()
      }
      await reader.cancel()
      return text
    }
    const first = await read({}, 'dev.carillon.resumed')
    const id = /^id: (.*)$/m.exec(first)?.[1] ?? ''
    await gateway.emit({ id: 'missed', type: 't', users: ['ann'] })
    const second = await read({ 'last-event-id': id }, 'dev.carillon.resumed')
    expect(second).toContain('"id":"missed"')
    expect(second).toContain('"replayed":1')
    // event-source-polyfill: the URL as it was, and the last id behind it.
    const polyfilled = await read({}, 'dev.carillon.resumed', `&lastEventId=${id}`)
    expect(polyfilled).toContain('"id":"missed"')
    expect(polyfilled).toContain('"replayed":1')
  })
})

describe('a stop', () => {
  it('answers what is in flight before it ends, however early it was asked to', async () => {
    const gateway = await start()
    gateway.log.faults.holdAcknowledgements()
    const answer = gateway.emit({ id: 'in-flight', type: 't', users: ['ann'] })
    await vi.waitFor(() => expect(gateway.metrics.value('emitInFlight')).toBe(1))
    const stopped = gateway.stop()
    expect(gateway.stop()).toBe(stopped)
    await vi.waitFor(async () => expect((await fetch(`${gateway.internalUrl}/readyz`)).status).toBe(503))
    gateway.log.faults.releaseAcknowledgements()
    expect((await answer).status).toBe(202)
    await stopped
  })

  it('is not needed after a start that failed: the ports are free again', async () => {
    const log = createTestLog()
    const config = { port: await findFreePortPair(), internalPort: 0 }
    const broken = { start: () => Promise.reject(new Error('there is no such topic')), stop: () => Promise.resolve() }
    await expect(startTestGateway({ log, config, adapters: { source: broken } })).rejects.toThrow('there is no such topic')
    const gateway = await start({ log, config })
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })
})

describe('a log that has lost events', () => {
  const lose = (gateway: TestGateway): void => {
    gateway.log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    gateway.log.append(
      [1, 2].map((n) => ({
        partition: 0,
        value: JSON.stringify({ specversion: '1.0', id: `lost-${n}`, source: 's', type: 't', data: { broadcast: true, payload: n } }),
      })),
    )
    gateway.log.trim(0, gateway.log.endOffsets[0] ?? 0)
    gateway.log.faults.resume()
  }

  it('keeps plain clients, and tells a client that resumes', async () => {
    const gateway = await start()
    const token = await gateway.token(ann)
    const [plain, resuming] = [
      await openSocket(gateway.socketUrl, { token }),
      await openSocket(gateway.socketUrl, { token, cursor: 'latest' }),
    ]
    await gateway.emit({ id: 'before', type: 't', users: ['ann'] })
    await Promise.all([plain.untilReceived('before'), resuming.untilReceived('before')])
    lose(gateway)
    await resuming.untilReceived('!gap')
    await gateway.emit({ id: 'after', type: 't', users: ['ann'] })
    await Promise.all([plain.untilReceived('after'), resuming.untilReceived('after')])
    expect([plain.ids, resuming.ids]).toEqual([
      ['before', 'after'],
      ['!resumed', 'before', '!gap', 'after'],
    ])
    expect(resuming.messages[2]).toMatchObject({ data: { reason: 'log-lost' }, cursor: expect.any(String) })
  })

  it('loses nothing more: the cursor of the gap goes on from there, and one from before it is answered with another gap', async () => {
    const gateway = await start()
    const token = await gateway.token(ann)
    const first = await openSocket(gateway.socketUrl, { token, cursor: 'latest' })
    await first.until(1)
    lose(gateway)
    await first.untilReceived('!gap')
    const [before, gap] = first.messages.map(({ cursor }) => cursor ?? '')
    first.close()
    await gateway.emit({ id: 'after', type: 't', users: ['ann'] })
    const resumed = await vi.waitFor(() => openSocket(gateway.socketUrl, { token, cursor: gap ?? '' }))
    await resumed.untilReceived('!resumed')
    const late = await openSocket(gateway.socketUrl, { token, cursor: before ?? '' })
    await late.until(1)
    expect([resumed.ids, late.ids]).toEqual([['after', '!resumed'], ['!gap']])
  })
})

describe('emit', () => {
  it('says 202 only after the log has acknowledged, and 503 with Retry-After when it does not (G7)', async () => {
    const gateway = await start({ env: { KAFKA_PRODUCE_TIMEOUT_MS: '200' } })
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann) })
    gateway.log.faults.failNextPublish({ kind: 'timeout', detail: 'for the test' })
    const lost = await gateway.emit({ id: 'one', type: 't', users: ['ann'] })
    expect([lost.status, lost.headers.get('retry-after')]).toEqual([503, expect.any(String)])
    const again = await gateway.emit({ id: 'one', type: 't', users: ['ann'] })
    expect([again.status, await again.json()]).toEqual([202, { id: 'one', source: 'urn:carillon:emit-message' }])
    expect((await socket.until(1)).map(({ id }) => id)).toEqual(['one'])
  })

  it('delivers the same source and id once', async () => {
    const gateway = await start()
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann) })
    for (let attempt = 0; attempt < 5; attempt += 1)
      expect((await gateway.emit({ id: 'same', type: 't', users: ['ann'] })).status).toBe(202)
    await gateway.emit({ id: 'end', type: 't', users: ['ann'] })
    await socket.untilReceived('end')
    expect(socket.ids).toEqual(['same', 'end'])
  })

  it('reserves the types of the gateway: an emit with one is refused, and a record with one is skipped', async () => {
    const gateway = await start()
    const socket = await openSocket(gateway.socketUrl, { token: await gateway.token(ann), cursor: 'latest' })
    expect((await gateway.emit({ id: 'forged', type: 'dev.carillon.gap', users: ['ann'], payload: { reason: 'epoch' } })).status).toBe(400)
    gateway.log.append([
      {
        partition: 0,
        value: JSON.stringify({
          specversion: '1.0',
          id: 'forged-too',
          source: 's',
          type: 'dev.carillon.draining',
          data: { users: ['ann'], payload: { reconnectAfterMs: 0 } },
        }),
      },
    ])
    gateway.log.append([
      {
        partition: 0,
        value: JSON.stringify({ specversion: '1.0', id: 'end', source: 's', type: 't', data: { users: ['ann'], payload: 1 } }),
      },
    ])
    await socket.untilReceived('end')
    expect(socket.ids).toEqual(['!resumed', 'end'])
  })

  it('takes what a browser sends as text/plain', async () => {
    const gateway = await start()
    const answer = await fetch(`${gateway.url}/api/chrome-service/v1/emit-message`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain;charset=UTF-8', origin: 'http://localhost:8000' },
      body: JSON.stringify({
        id: 'message-id',
        type: 'notifications.drawer',
        broadcast: true,
        users: [],
        roles: [],
        organizations: [],
        payload: { title: 'New notification', description: 'Some longer body' },
      }),
    })
    expect([answer.status, await answer.json()]).toEqual([202, { id: 'message-id', source: 'urn:carillon:emit-message' }])
  })

  it('beyond the rate is answered 429 with Retry-After', async () => {
    const gateway = await start({ env: { EMIT_RATE_PER_S: '1', EMIT_BURST: '100' } })
    const statuses = await Promise.all(
      Array.from({ length: 120 }, (_, index) => gateway.emit({ id: `e${index}`, type: 't', broadcast: true }).then(({ status }) => status)),
    )
    expect(statuses.filter((status) => status === 202).length).toBeGreaterThanOrEqual(100)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(10)
  })

  it('of another site, into a gateway in development, is refused', async () => {
    const gateway = await start()
    expect((await gateway.emit({ type: 't', broadcast: true }, { origin: 'https://evil.example' })).status).toBe(403)
  })
})
