import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseStreamMessages } from '../testing/sse.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket, type TestEvent } from './testing/test-socket.ts'

/** Frames of clients whose connection is an event stream, over real sockets (docs/protocol.md, section 5.3). */

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

const api = '/api/chrome-service/v1'
const page = 'https://page.example'

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ env: { ALLOWED_ORIGINS: page, ...env } })
  ends.push(() => gateway.stop())
  return gateway
}

interface Stream {
  readonly events: () => readonly TestEvent[]
  /** Ids of events; control events by their type behind a `!`. */
  readonly ids: () => readonly string[]
  readonly until: (what: string) => Promise<void>
  readonly session: string
  close(): void
}

async function openStream({ url }: TestGateway, token: string, query = 'cursor=latest'): Promise<Stream> {
  const abort = new AbortController()
  ends.push(() => abort.abort())
  const response = await fetch(`${url}${api}/events?${query}`, { headers: { authorization: `Bearer ${token}` }, signal: abort.signal })
  const chunks: Uint8Array[] = []
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
  }
  read().catch(() => {}) // the test ended it
  // A gateway sends CloudEvents only; the last message of a stream is none.
  const events = (): readonly TestEvent[] =>
    parseStreamMessages(Buffer.concat(chunks))
      .filter(({ event }) => event !== 'close')
      .map(({ data }) => JSON.parse(data) as TestEvent)
  const ids = (): readonly string[] =>
    events().map(({ id, type }) => (type.startsWith('dev.carillon.') ? type.replace('dev.carillon.', '!') : id))
  const until = (what: string): Promise<void> => vi.waitFor(() => expect(ids()).toContain(what), { timeout: 5_000 })
  await vi.waitFor(() => expect(events()).not.toEqual([]), { timeout: 5_000 })
  return { events, ids, until, session: String(Reflect.get(Object(events()[0]?.data), 'session')), close: () => abort.abort() }
}

const frame = (type: string, data: unknown, id = 'frame'): string => JSON.stringify({ specversion: '1.0', id, source: '/page', type, data })
const subscribe = (filters: unknown): string => frame('dev.carillon.subscribe', { filters })
const structured = { 'content-type': 'application/cloudevents+json' }

/** Posts a frame. */
const post = ({ url }: TestGateway, session: string, body: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(`${url}${api}/sessions/${session}/frames`, { method: 'POST', body, headers: { ...structured, ...headers } })

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('frames over HTTP', () => {
  it('change the filters of an event stream from the place on that the stream shows', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const stream = await openStream(gateway, token)
    expect(stream.events()[0]?.data).toEqual({
      replayed: 0,
      session: stream.session,
      features: ['filters', 'subscribe', 'token', 'send', 'short-cursors'],
    })
    const answer = await post(gateway, stream.session, subscribe([{ exact: { id: 'b' } }]), bearer(token))
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'application/cloudevents+json',
      'no-store',
    ])
    const subscribed: unknown = await answer.json()
    for (const id of ['a', 'b']) await gateway.emit({ id, type: 't', users: ['ann'] })
    await stream.until('b')
    expect(stream.ids()).toEqual(['!resumed', '!subscribed', 'b'])
    expect(stream.events()[1]).toEqual(subscribed)
    expect(gateway.metrics.value('inboundFrames')).toBe(1)
  })

  it('renew the token of an event stream, which then lives on with the new rights', async () => {
    const gateway = await start()
    const inMs = (ms: number): number => (Date.now() + ms) / 1000
    const token = await gateway.token({ user_id: 'ann', exp: inMs(60_000) })
    const stream = await openStream(gateway, token)
    const fresh = await gateway.token({ user_id: 'ann', org_id: 'red', exp: inMs(120_000) })
    const answer = await post(gateway, stream.session, frame('dev.carillon.token', { token: fresh }), bearer(token))
    const accepted = (await answer.json()) as TestEvent // the gateway answers with CloudEvents
    expect([accepted.type, Number(Reflect.get(Object(accepted.data), 'expiresInMs'))]).toEqual([
      'dev.carillon.token-accepted',
      expect.toSatisfy((ms: number) => ms > 60_000),
    ])
    await gateway.emit({ id: 'of the organization', type: 't', organizations: ['red'] })
    await stream.until('of the organization')
    // It now ends with the new token, and no earlier.
    const [session] = gateway.gateway.channel.hub.sessions()
    expect(session?.principal.expiresAtMs).toBeGreaterThan(Date.now() + 60_000)
  })

  it('are answered with a nack as over a WebSocket, if the frame is refused', async () => {
    const gateway = await start({ USER_FRAMES_PER_S: '1', USER_FRAMES_BURST: '4', UPSTREAM: 'off' })
    const token = await gateway.token({ user_id: 'ann' })
    const stream = await openStream(gateway, token)
    const nack = async (body: string): Promise<unknown> => {
      const answer = await post(gateway, stream.session, body, bearer(token))
      const { type, data } = (await answer.json()) as TestEvent // the gateway answers with CloudEvents
      return [answer.status, type, Reflect.get(Object(data), 'id'), Reflect.get(Object(data), 'type')]
    }
    const refused = (id: string | null, type: string) => [200, 'dev.carillon.nack', id, `urn:carillon:problem:${type}`]
    expect(await nack('no JSON')).toEqual(refused(null, 'not-json'))
    expect(await nack('['.repeat(100) + ']'.repeat(100))).toEqual(refused(null, 'json-too-deep'))
    expect(await nack(frame('dev.carillon.unknown', {}))).toEqual(refused('frame', 'unknown-command'))
    expect(await nack(subscribe([{}]))).toEqual(refused('frame', 'bad-filters'))
    expect(await nack(subscribe([]))).toEqual(refused('frame', 'too-many-requests'))
    expect(stream.ids()).toEqual(['!resumed'])
  })

  it('need a token of the user of the session', async () => {
    const gateway = await start()
    const [ann, bob] = [await gateway.token({ user_id: 'ann' }), await gateway.token({ user_id: 'bob' })]
    const { session } = await openStream(gateway, ann)
    const status = async (headers: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
      const answer = await post(gateway, session, subscribe([]), headers)
      return [answer.status, Reflect.get(Object(await answer.json()), 'type')]
    }
    expect(await status({})).toEqual([401, 'urn:carillon:problem:unauthenticated'])
    expect(await status(bearer('nonsense'))).toEqual([401, 'urn:carillon:problem:unauthenticated'])
    expect(await status(bearer(bob))).toEqual([403, 'urn:carillon:problem:forbidden'])
    // A form of another site brings the cookie, and no Origin or a foreign one.
    expect(await status({ cookie: `cs_jwt=${ann}` })).toEqual([403, 'urn:carillon:problem:origin-forbidden'])
    expect(await status({ cookie: `cs_jwt=${ann}`, authorization: 'Basic eDp5' })).toEqual([403, 'urn:carillon:problem:origin-forbidden'])
    expect(await status({ cookie: `cs_jwt=${ann}`, origin: 'https://evil.example' })).toEqual([
      403,
      'urn:carillon:problem:origin-forbidden',
    ])
    expect(await status({ cookie: `cs_jwt=${ann}`, origin: page })).toEqual([200, 'dev.carillon.subscribed'])
    expect(await status({ cookie: `cs_jwt=${ann}`, ...bearer('nonsense'), origin: page })).toEqual([
      401,
      'urn:carillon:problem:unauthenticated',
    ])
    const refused = (reason: 'unauthenticated' | 'forbidden' | 'origin-forbidden') => gateway.metrics.value('inboundRefused', { reason })
    expect([refused('unauthenticated'), refused('forbidden'), refused('origin-forbidden')]).toEqual([3, 1, 3])
  })

  it('are refused for a session that this pod does not have, and the client is told to connect again', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const unknown = '0f8fad5b-d9cb-469f-a165-70867728950e'
    const command = await post(gateway, unknown, subscribe([]), bearer(token))
    expect([command.status, await command.json()]).toEqual([
      404,
      expect.objectContaining({
        type: 'urn:carillon:problem:unknown-session',
        detail: expect.stringContaining('connect again with ?filters='),
      }),
    ])
    const stream = await openStream(gateway, token)
    stream.close()
    await vi.waitFor(() => expect(gateway.metrics.value('sessions')).toBe(0))
    expect((await post(gateway, stream.session, subscribe([]), bearer(token))).status).toBe(404)
    expect(gateway.metrics.value('inboundRefused', { reason: 'unknown-session' })).toBe(2)
    expect(gateway.metrics.value('emitRefused', { status: '404' })).toBe(0)
  })

  it('are taken by any pod if they are events, and acknowledged when they are in the upstream topic', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const stream = await openStream(gateway, token)
    const ofAnotherPod = '0f8fad5b-d9cb-469f-a165-70867728950e'
    const written = (): number => gateway.upstreamLog.endOffsets.reduce((sum, end) => sum + end, 0)
    const answers: unknown[] = []
    for (const [id, session] of [
      ['one', stream.session],
      ['two', ofAnotherPod],
    ] as const) {
      const answer = await post(gateway, session, frame('chat.message', { text: 'hi' }, id), bearer(token))
      const { type, data } = (await answer.json()) as TestEvent // the gateway answers with CloudEvents
      answers.push([answer.status, type, data, written()])
    }
    expect(answers).toEqual([
      [200, 'dev.carillon.ack', { id: 'one' }, 1],
      [200, 'dev.carillon.ack', { id: 'two' }, 2],
    ])
    expect(stream.ids()).not.toContain('!ack')
  })

  it('reach a WebSocket session as well, which is answered twice', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const socket = await openSocket(gateway.socketUrl, { token, cursor: 'latest' })
    const [resumed] = await socket.until(1)
    const answer = await post(gateway, String(Reflect.get(Object(resumed?.data), 'session')), subscribe([]), bearer(token))
    await socket.untilReceived('!subscribed')
    expect(await answer.json()).toEqual(socket.messages.at(-1))
  })

  it('find the id of the session in the gap that comes in the place of `resumed`', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const stream = await openStream(gateway, token, 'lastEventId=nonsense')
    expect([stream.ids(), stream.events()[0]?.data]).toEqual([
      ['!gap'],
      { reason: 'epoch', session: expect.any(String), features: ['filters', 'subscribe', 'token', 'send', 'short-cursors'] },
    ])
    expect((await post(gateway, stream.session, subscribe([]), bearer(token))).status).toBe(200)
  })

  it('have ids that nobody can guess, and that no log line has above debug', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const sessions = [(await openStream(gateway, token)).session, (await openStream(gateway, token)).session]
    for (const session of sessions) {
      expect(session).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      await post(gateway, session, 'no JSON', bearer(token))
      await post(gateway, session, 'no token', {})
    }
    expect(new Set(sessions).size).toBe(2)
    const text = JSON.stringify(gateway.logger.lines.filter(({ level }) => level !== 'debug'))
    expect(sessions.filter((session) => text.includes(session))).toEqual([])
  })

  it('that arrive while the gateway drains are carried out, as long as it has the session', async () => {
    const gateway = await start({ DRAIN_DELAY_MS: '60000' })
    const token = await gateway.token({ user_id: 'ann' })
    const stream = await openStream(gateway, token)
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    ends.push(() => vi.useRealTimers())
    const stopped = gateway.gateway.stop()
    const answer = await post(gateway, stream.session, subscribe([]), bearer(token))
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
    await vi.runAllTimersAsync()
    vi.useRealTimers()
    await stopped
    expect(stream.ids().slice(0, 2)).toEqual(['!resumed', '!subscribed'])
  })
})
