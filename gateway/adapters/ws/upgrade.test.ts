import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket as WsClient } from 'ws'
import { closeCodes } from '../../session/close-codes.ts'
import type { Handshake } from '../../session/handshake.ts'
import { websocketFraming } from './frame.ts'
import { closeOf, encodeFrame, handshakeHead, RawClient } from './testing/raw-client.ts'
import { type Rig, type RigSettings, startRig, testPath } from './testing/rig.ts'

const rigs: Rig[] = []
const clients: RawClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await Promise.all(rigs.splice(0).map((rig) => rig.stop()))
})

async function start(settings?: RigSettings): Promise<Rig> {
  const rig = await startRig(settings)
  rigs.push(rig)
  return rig
}

async function connect(rig: Rig): Promise<RawClient> {
  const client = await RawClient.connect(rig.port)
  clients.push(client)
  return client
}

/** Returns the whole answer to a handshake that is refused by HTTP. */
async function refusal(rig: Rig, path: string, headers: Record<string, string> = {}) {
  const request = httpRequest({
    port: rig.port,
    host: '127.0.0.1',
    path,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      ...headers,
    },
  })
  request.end()
  // The event's one argument is the response.
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(await text(response)) }
}

const refused = (close: (Handshake & { kind: 'refused' })['close']): Handshake => ({
  kind: 'refused',
  problem: { type: 'unauthenticated', detail: 'There is no token.', retryAfterMs: 1500 },
  close,
})

/** An admission that waits for the test. */
function heldAdmission() {
  const held: ((outcome: Handshake) => void)[] = []
  return { held, admit: () => new Promise<Handshake>((resolve) => void held.push(resolve)) }
}

describe('an admitted handshake', () => {
  test('opens a session whose frames reach the client as text messages', async () => {
    const rig = await start()
    const client = new WsClient(rig.url, 'cloudevents.json')
    const message = once(client, 'message')
    await once(client, 'open')
    const json = Buffer.from('{"hello":"wörld"}')
    rig.opened[0]?.socket.write(Buffer.concat([websocketFraming.before(json.length, null), json]))
    const [content, isBinary] = await message
    expect([String(content), isBinary]).toEqual(['{"hello":"wörld"}', false])
    client.terminate()
  })

  test('sends the first frames of its session together with the answer', async () => {
    const tcps: Socket[] = []
    const corks: number[] = []
    const json = Buffer.from('{"first":true}')
    const rig = await start({
      join: (socket) => {
        corks.push(tcps[0]?.writableCorked ?? 0)
        socket.write(Buffer.concat([websocketFraming.before(json.length, null), json]))
      },
    })
    rig.server.on('connection', (socket) => tcps.push(socket))
    const client = await connect(rig)
    expect(await client.handshake(testPath)).toContain('101')
    expect((await client.frame()).payload).toEqual(json)
    expect([corks, tcps[0]?.writableCorked]).toEqual([[1], 0])
  })

  test('hands the places of a token to the admission, and only the cursor, the filters and the ticket of the query string', async () => {
    const rig = await start()
    const client = await connect(rig)
    const head = {
      origin: 'https://a.example',
      cookie: 'cs_jwt=x',
      authorization: 'Bearer y',
      'sec-websocket-protocol': 'cloudevents.json, bearer.z',
    }
    await client.handshake(`${testPath}?token=q&cursor=a%2Bb&cursors=short&filters=%5B%5D&ticket=t`, head)
    expect(rig.requests).toEqual([
      {
        transport: 'websocket',
        origin: 'https://a.example',
        cookie: 'cs_jwt=x',
        authorization: 'Bearer y',
        subprotocols: ['cloudevents.json', 'bearer.z'],
        cursor: 'a+b',
        cursorFrom: 'cursor',
        cursors: 'short',
        filters: ['[]'],
        ticket: 't',
      },
    ])
  })

  test.each<[string, Record<string, string>]>([
    ['?lastEventId=new&cursor=old', {}],
    ['?cursor=old', { 'last-event-id': 'new' }],
  ])('resumes from the last event id of a client that sends it as an event stream would: %s %j', async (query, headers) => {
    const rig = await start()
    const client = await connect(rig)
    await client.handshake(`${testPath}${query}`, headers)
    expect(rig.requests).toMatchObject([{ cursor: 'new', cursorFrom: 'last-event-id' }])
  })

  test('echoes cloudevents.json alone when a token is offered beside it', async () => {
    const rig = await start()
    const client = new WsClient(rig.url, ['bearer.abc', 'cloudevents.json'])
    await once(client, 'open')
    expect(client.protocol).toBe('cloudevents.json')
    client.terminate()
  })

  test.each([{}, { 'sec-websocket-protocol': '' }, { 'sec-websocket-protocol': ' , ,' }])(
    'is accepted without a subprotocol, and echoes none: %j',
    async (headers) => {
      const rig = await start()
      const client = await connect(rig)
      const answer = await client.handshake(testPath, headers)
      expect(answer).toMatch(/^HTTP\/1\.1 101 /)
      expect(answer.toLowerCase()).not.toContain('sec-websocket-protocol')
    },
  )

  test.each(['cloudevents.json,', ',cloudevents.json', 'cloudevents.json,, bearer.abc', '\tchat ,cloudevents.json\t,'])(
    'ignores empty members of the list of subprotocols: %j',
    async (offered) => {
      const rig = await start()
      const client = await connect(rig)
      const answer = await client.handshake(testPath, { 'sec-websocket-protocol': offered })
      expect(answer).toMatch(/^HTTP\/1\.1 101 /)
      expect(answer.toLowerCase()).toContain('sec-websocket-protocol: cloudevents.json\r\n')
      expect(rig.value('handshakesRefused')).toBe(0)
    },
  )

  test('negotiates no compression', async () => {
    const rig = await start()
    const client = await connect(rig)
    const answer = await client.handshake(testPath, { 'sec-websocket-extensions': 'permessage-deflate' })
    expect(answer.toLowerCase()).not.toContain('sec-websocket-extensions')
  })

  test("works for the platform's own WebSocket, which a page would use", async () => {
    const rig = await start()
    const client = new WebSocket(rig.url, 'cloudevents.json')
    const closed = new Promise<CloseEvent>((resolve) => client.addEventListener('close', resolve))
    await new Promise((resolve) => client.addEventListener('open', resolve))
    expect(client.protocol).toBe('cloudevents.json')
    rig.opened[0]?.socket.close('draining', { reconnectAfterMs: 250 })
    expect(await closed).toMatchObject({ code: 4200, reason: `${closeCodes.draining.text} reconnect-after=250`, wasClean: true })
  })
})

describe('an invalid handshake', () => {
  test('is answered 404 at a path of another channel, with the right path', async () => {
    const rig = await start()
    const answer = await refusal(rig, '/wss/other/v1/ws')
    expect(answer).toMatchObject({
      status: 404,
      headers: { 'content-type': 'application/problem+json', connection: 'close' },
      body: { type: 'urn:carillon:problem:unknown-channel' },
    })
  })

  test.each(['/', '/wss/chrome-service/v1/ws/', '/wss/chrome-service/v2/ws', '//wss/chrome-service/v1/ws'])(
    'is answered 404 at %s',
    async (path) => {
      const rig = await start()
      expect(await refusal(rig, path)).toMatchObject({ status: 404, body: { type: 'urn:carillon:problem:not-found' } })
    },
  )

  test('with an unknown expectation is 417, as any other request', async () => {
    const rig = await start()
    expect(await refusal(rig, testPath, { expect: 'a-miracle' })).toMatchObject({ status: 417 })
  })

  test.each(['12', '', '8', '13, 8'])('is answered 426 with the supported version when it asks for version %j', async (version) => {
    const rig = await start()
    const answer = await refusal(rig, testPath, { 'sec-websocket-version': version })
    expect(answer).toMatchObject({ status: 426, headers: { 'sec-websocket-version': '13', upgrade: 'websocket' } })
  })

  test.each(['', 'short', 'AAAAAAAAAAAAAAAAAAAAAAAA'])('is answered 400 with the key %j', async (key) => {
    const rig = await start()
    expect(await refusal(rig, testPath, { 'sec-websocket-key': key })).toMatchObject({
      status: 400,
      body: { type: 'urn:carillon:problem:bad-request' },
    })
  })

  test('is answered 405 by another method than GET', async () => {
    const rig = await start()
    const client = await connect(rig)
    client.send(handshakeHead(testPath).replace('GET', 'POST'))
    const answer = await client.head()
    expect(answer).toMatch(/^HTTP\/1\.1 405 /)
    expect(answer).toContain('allow: GET\r\n')
  })

  test('is answered 400 with HTTP/1.0', async () => {
    const rig = await start()
    const client = await connect(rig)
    client.send(handshakeHead(testPath).replace('HTTP/1.1', 'HTTP/1.0'))
    expect(await client.head()).toMatch(/^HTTP\/1\.1 400 /)
  })

  test.each(['chat', 'chat, superchat', 'chat, bearer.abc', 'not a token', 'bearer.abc', 'bearer.abc,', ',chat,'])(
    'is answered 400 when it offers only %s, before the admission is asked',
    async (offered) => {
      const rig = await start()
      const answer = await refusal(rig, testPath, { 'sec-websocket-protocol': offered })
      expect(answer).toMatchObject({ status: 400, body: { type: 'urn:carillon:problem:bad-subprotocol', supported: ['cloudevents.json'] } })
      expect(rig.requests).toEqual([])
      expect(rig.value('handshakesRefused', { reason: 'subprotocol' })).toBe(1)
    },
  )

  test('is answered 400 when it offers the same subprotocol twice', async () => {
    const rig = await start()
    const answer = await refusal(rig, testPath, { 'sec-websocket-protocol': 'cloudevents.json, cloudevents.json' })
    expect(answer).toMatchObject({ status: 400, headers: { 'content-type': 'application/problem+json' } })
    expect(rig.opened).toEqual([])
  })

  test('is advised to offer the subprotocol beside its token when it offers the token alone', async () => {
    const rig = await start()
    const answer = await refusal(rig, testPath, { 'sec-websocket-protocol': 'bearer.abc' })
    expect(answer.body.detail).toContain('Offer cloudevents.json, too')
  })

  test('is left to the ordinary routes when it asks for another protocol', async () => {
    const rig = await start()
    const client = await connect(rig)
    client.send(
      'POST /api/x HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\ncontent-length: 2\r\n\r\n{}',
    )
    expect(await client.head()).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('development mode', () => {
  test.each(['localhost:8000', '127.0.0.1', '[::1]:8000'])('answers to %s', async (host) => {
    const rig = await start({ isDevelopment: true })
    const client = await connect(rig)
    expect(await client.handshake(testPath, { host })).toMatch(/^HTTP\/1\.1 101 /)
  })

  test('refuses a foreign name that points to this machine', async () => {
    const rig = await start({ isDevelopment: true })
    expect(await refusal(rig, testPath, { host: 'rebound.example:8000' })).toMatchObject({ status: 403 })
  })

  test('restricts host names that production accepts', async () => {
    const rig = await start({ isDevelopment: false })
    const client = await connect(rig)
    expect(await client.handshake(testPath, { host: 'gateway.example' })).toMatch(/^HTTP\/1\.1 101 /)
  })
})

describe('a refused client', () => {
  test('without an Origin gets the HTTP status and the problem', async () => {
    const rig = await start({ admit: () => Promise.resolve(refused('unauthenticated')) })
    const answer = await refusal(rig, testPath)
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '2', 'www-authenticate': 'Bearer', connection: 'close' },
      body: { type: 'urn:carillon:problem:unauthenticated', status: 401, detail: 'There is no token.' },
    })
  })

  test('with an Origin is accepted and closed with the code, and gets no other frame', async () => {
    const rig = await start({ admit: () => Promise.resolve(refused('unauthenticated')) })
    const client = await connect(rig)
    expect(await client.handshake(testPath, { origin: 'https://a.example', 'sec-websocket-protocol': 'cloudevents.json' })).toMatch(
      /^HTTP\/1\.1 101 /,
    )
    const close = closeOf(await client.frame())
    expect(close.code).toBe(4001)
    expect(close.reason).toMatch(/ reconnect-after=1500$/)
    client.sendFrame({ opcode: 8, payload: Buffer.from([0x0f, 0xa1]) })
    expect(await client.rest()).toEqual(Buffer.alloc(0))
    expect(rig.opened).toEqual([])
  })

  test('with an Origin gets HTTP when the refusal has no close code', async () => {
    const rig = await start({ admit: () => Promise.resolve(refused(null)) })
    expect(await refusal(rig, testPath, { origin: 'https://evil.example' })).toMatchObject({ status: 401 })
  })

  test('that sent data early still gets the whole answer', async () => {
    const rig = await start({ admit: () => Promise.resolve(refused('unauthenticated')) })
    const client = await connect(rig)
    client.send(Buffer.concat([Buffer.from(handshakeHead(testPath)), encodeFrame({ payload: Buffer.alloc(50_000) })]))
    expect(await client.head()).toMatch(/^HTTP\/1\.1 401 /)
    expect(JSON.parse(String(await client.rest()))).toMatchObject({ status: 401 })
  })

  test('that sent data early and hangs up is released at once', async () => {
    const rig = await start({ admit: () => Promise.resolve(refused('unauthenticated')), options: { closeTimeoutMs: 60_000 } })
    const client = await connect(rig)
    client.send(Buffer.concat([Buffer.from(handshakeHead(testPath)), encodeFrame({ payload: Buffer.alloc(50_000) })]))
    await client.head()
    client.tcp.end()
    await vi.waitFor(async () => expect(await connectionsOf(rig)).toBe(0))
  })

  test('that never hangs up is cut', async () => {
    const rig = await start({ admit: () => Promise.resolve(refused('unauthenticated')), options: { closeTimeoutMs: 50 } })
    const client = await connect(rig)
    await client.handshake(testPath)
    // The client's half stays open: only the server can end this.
    await vi.waitFor(async () => expect(await connectionsOf(rig)).toBe(0))
    expect(client.tcp.writable).toBe(true)
  })
})

describe('a handshake with a pending admission', () => {
  test('gets no answer yet', async () => {
    const { held, admit } = heldAdmission()
    const rig = await start({ admit })
    const client = await connect(rig)
    client.send(handshakeHead(testPath))
    await vi.waitFor(() => expect(held).toHaveLength(1))
    expect(client.tcp.bytesRead).toBe(0)
  })

  test('keeps what the client sends for the session', async () => {
    const { held, admit } = heldAdmission()
    const rig = await start({ admit: (_request, admitted) => admit().then(() => admitted) })
    const client = await connect(rig)
    client.send(Buffer.concat([Buffer.from(handshakeHead(testPath)), encodeFrame({ payload: Buffer.from('early') })]))
    await vi.waitFor(() => expect(held).toHaveLength(1))
    client.sendFrame({ payload: Buffer.from('and later') })
    held[0]?.(refused(null))
    await client.head()
    await vi.waitFor(() => expect(rig.opened[0]?.calls).toEqual(['alive', 'alive']))
    expect(rig.value('inboundFrames')).toBe(2)
  })

  test('leaves nothing behind when its client resets the connection', async () => {
    const { held, admit } = heldAdmission()
    const rig = await start({ admit: (_request, admitted) => admit().then(() => admitted) })
    const client = await connect(rig)
    client.send(handshakeHead(testPath))
    await vi.waitFor(() => expect(held).toHaveLength(1))
    client.tcp.resetAndDestroy()
    await vi.waitFor(async () => expect(await connectionsOf(rig)).toBe(0))
    held[0]?.(refused(null))
    await rig.upgrade.stop()
    expect(rig.opened).toEqual([])
  })

  test('gets a session that ends at once when its client hangs up', async () => {
    const { held, admit } = heldAdmission()
    const rig = await start({ admit: (_request, admitted) => admit().then(() => admitted) })
    const client = await connect(rig)
    client.send(handshakeHead(testPath))
    await vi.waitFor(() => expect(held).toHaveLength(1))
    client.tcp.end()
    held[0]?.(refused(null))
    await vi.waitFor(() => expect(rig.opened[0]?.calls).toEqual(['closed']))
  })

  test('is answered 503 when the admission takes too long, and its later result is ignored', async () => {
    const { held, admit } = heldAdmission()
    const rig = await start({ admit: (_request, admitted) => admit().then(() => admitted), options: { handshakeTimeoutMs: 30 } })
    expect(await refusal(rig, testPath)).toMatchObject({ status: 503 })
    held[0]?.(refused(null))
    await rig.upgrade.stop()
    expect(rig.opened).toEqual([])
  })

  test('is answered 500 and logged when the admission throws', async () => {
    const rig = await start({ admit: () => Promise.reject(new Error('a bug')) })
    expect(await refusal(rig, testPath)).toMatchObject({ status: 500, body: { type: 'urn:carillon:problem:internal-error' } })
    expect(rig.lines.filter((line) => line.level === 'error')).toHaveLength(1)
  })

  test('is closed with the code for it when the session cannot be made', async () => {
    const join = (): void => {
      throw new Error('a bug')
    }
    const rig = await start({ join })
    const client = await connect(rig)
    await client.handshake(testPath)
    expect(closeOf(await client.frame()).code).toBe(4204)
  })
})

test('is cut by the deadline for the head when its request dribbles', async () => {
  const rig = await start({ server: { headersTimeout: 60, connectionsCheckingInterval: 20 } })
  const client = await connect(rig)
  client.send(handshakeHead(testPath).slice(0, -2))
  expect(await client.head()).toMatch(/^HTTP\/1\.1 408 /)
  expect(rig.requests).toEqual([])
})

describe('stopping the upgrade', () => {
  test('closes what is open, and resolves when all has ended', async () => {
    const rig = await start()
    const client = new WebSocket(rig.url, 'cloudevents.json')
    const closed = new Promise<CloseEvent>((resolve) => client.addEventListener('close', resolve))
    await new Promise((resolve) => client.addEventListener('open', resolve))
    await rig.upgrade.stop()
    expect(rig.opened[0]?.calls).toEqual(['closed'])
    expect((await closed).code).toBe(4200)
  })

  test('cuts clients that do not answer', async () => {
    const rig = await start({ options: { closeTimeoutMs: 50 } })
    const client = await connect(rig)
    await client.handshake(testPath)
    await rig.upgrade.stop()
    expect(rig.opened[0]?.calls).toEqual(['closed'])
  })

  test('answers pending handshakes, and later ones', async () => {
    const { held, admit } = heldAdmission()
    const rig = await start({ admit })
    const pending = refusal(rig, testPath)
    await vi.waitFor(() => expect(held).toHaveLength(1))
    const stopped = rig.upgrade.stop()
    expect(await pending).toMatchObject({ status: 503, body: { type: 'urn:carillon:problem:draining' } })
    await stopped
    expect(await refusal(rig, testPath)).toMatchObject({ status: 503, body: { type: 'urn:carillon:problem:draining' } })
    expect(held).toHaveLength(1)
  })

  test("closes a browser's handshake with a close code", async () => {
    const rig = await start()
    await rig.upgrade.stop()
    const client = await connect(rig)
    await client.handshake(testPath, { origin: 'https://a.example' })
    expect(closeOf(await client.frame()).code).toBe(4200)
  })

  test('may be called twice, and before any handshake', async () => {
    const rig = await start()
    await Promise.all([rig.upgrade.stop(), rig.upgrade.stop()])
    await rig.upgrade.stop()
    expect(rig.opened).toEqual([])
  })
})

function connectionsOf(rig: Rig): Promise<number> {
  return new Promise((resolve, reject) => rig.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))))
}
