import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Problem, type ProblemType, problems } from '../../request/problem.ts'
import { wrapJson } from '../../replay/frames.ts'
import type { HandshakeRequest } from '../../session/handshake.ts'
import { sseFraming } from './sse-socket.ts'
import { parseEventStream } from './testing/parse-event-stream.ts'
import { connectRaw } from './testing/raw-client.ts'
import { type Rig, type RigSettings, startPublicServer } from './testing/start-public-server.ts'

const rigs: Rig[] = []
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.stop())))

async function start(settings: RigSettings = {}): Promise<Rig> {
  const rig = await startPublicServer(settings)
  rigs.push(rig)
  return rig
}

const frameOf = (n: number): Buffer => wrapJson(Buffer.from(`{"n":${n}`), `c${n}`, sseFraming)

/**
 * Asks and hangs up.
 * @returns what the admission was asked
 */
async function askedWith(path: string, headers: Record<string, string>): Promise<HandshakeRequest | undefined> {
  const rig = await start()
  const response = await fetch(`${rig.api}${path}`, { headers })
  await response.body?.cancel()
  return rig.handshakes[0]
}

describe('the event stream', () => {
  test("hands the request's token, origin, cursor, filters and ticket to the admission", async () => {
    expect(
      await askedWith('/events?cursor=abc&cursors=short&filters=%5B%5D&ticket=t%2Dt', {
        cookie: 'cs_jwt=t',
        authorization: 'Bearer u',
        origin: 'https://app.example',
      }),
    ).toEqual({
      transport: 'sse',
      origin: 'https://app.example',
      cookie: 'cs_jwt=t',
      authorization: 'Bearer u',
      subprotocols: [],
      cursor: 'abc',
      cursorFrom: 'cursor',
      cursors: 'short',
      filters: ['[]'],
      ticket: 't-t',
    })
  })

  test.each<[string, Record<string, string>, string | null]>([
    ['/events', {}, null],
    ['/events?cursor=latest', {}, 'latest'],
    ['/events?cursor=', {}, ''],
    ['/events?other=1&cursor=a%2Db', {}, 'a-b'],
    ['/events', { 'last-event-id': 'newer' }, 'newer'],
    ['/events?cursor=older', { 'last-event-id': 'newer' }, 'newer'],
    ['/events?cursor=older', { 'last-event-id': '' }, 'older'],
    ['/events?lastEventId=a%2Db', {}, 'a-b'],
    ['/events?lastEventId=newer&cursor=older', {}, 'newer'],
    ['/events?lastEventId=older', { 'last-event-id': 'newer' }, 'newer'],
    ['/events?', {}, null],
  ])('%s with %j resumes from %j', async (path, headers, cursor) => {
    expect((await askedWith(path, headers))?.cursor).toBe(cursor)
  })

  test.each(['cross-site', 'same-site'])(
    'is not opened as an image or a script of a page that is %s: its cookie would take the place of a connection of the user',
    async (site) => {
      const rig = await start()
      const response = await fetch(`${rig.api}/events`, {
        headers: { cookie: 'cs_jwt=t', 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' },
      })
      expect([response.status, rig.handshakes, rig.value('handshakesRefused', { reason: 'origin' })]).toEqual([403, [], 1])
      await response.body?.cancel()
    },
  )

  test.each<[string, Record<string, string>]>([
    ['of the same origin', { 'sec-fetch-site': 'same-origin' }],
    ['of another site, if its origin is allowed', { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }],
  ])('is opened by a page %s', async (_whose, headers) => {
    expect(await askedWith('/events', headers)).toMatchObject({ transport: 'sse' })
  })

  test('carries what the session writes, to a page of an allowed origin', async () => {
    const { api, sockets } = await start()
    const response = await fetch(`${api}/events`, { headers: { origin: 'https://app.example' } })
    expect([
      response.status,
      response.headers.get('content-type'),
      response.headers.get('access-control-allow-origin'),
      response.headers.get('vary'),
    ]).toEqual([200, 'text/event-stream', 'https://app.example', 'Origin'])
    const [socket] = sockets
    socket?.write(frameOf(1))
    socket?.write(Buffer.concat([frameOf(2), frameOf(3)]))
    socket?.close('draining', { reconnectAfterMs: 10_000 })
    const { messages, retryMs } = parseEventStream(await response.text())
    expect(messages.map(({ event, lastEventId }) => [event, lastEventId])).toEqual([
      ['message', 'c1'],
      ['message', 'c2'],
      ['message', 'c3'],
      ['close', 'c3'],
    ])
    expect(retryMs).toBe(10_000)
  })

  test.each(['after a cut', 'after a drain'] as const)('spreads the times at which clients reconnect %s over 1 to 3 s', async (when) => {
    const hints = await Promise.all(
      [0, 0.25, 0.999].map(async (random) => {
        const { api, sockets } = await start({ random: () => random })
        const response = await fetch(`${api}/events`)
        if (when === 'after a drain') sockets[0]?.close('draining', { reconnectAfterMs: 0 })
        else sockets[0]?.close('internal')
        return parseEventStream(await response.text()).retryMs
      }),
    )
    expect(hints).toEqual([1000, 1500, 2998])
  })

  test.each(Object.keys(problems) as ProblemType[])('a refusal because of %s is that problem, by HTTP', async (type) => {
    const problem: Problem = { type, detail: 'No.', retryAfterMs: 1500 }
    const { api, sockets } = await start({ admit: () => Promise.resolve({ kind: 'refused', problem, close: 'unauthenticated' }) })
    const response = await fetch(`${api}/events`)
    expect([response.status, response.headers.get('content-type'), response.headers.get('retry-after')]).toEqual([
      problems[type].status,
      'application/problem+json',
      '2',
    ])
    expect(await response.json()).toMatchObject({ type: `urn:carillon:problem:${type}`, detail: 'No.' })
    expect(sockets).toHaveLength(0)
  })

  test('leaves a foreign origin to the admission, which counts it, and sends no CORS headers', async () => {
    const { api, handshakes } = await start({
      admit: () => Promise.resolve({ kind: 'refused', problem: { type: 'origin-forbidden', detail: 'No.' }, close: null }),
    })
    const response = await fetch(`${api}/events`, { headers: { origin: 'https://evil.example' } })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null])
    expect(handshakes[0]?.origin).toBe('https://evil.example')
  })

  test('opens no session for a client that leaves while its token is checked', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const checked = vi.fn<() => void>()
    const { port, handshakes, sockets, server } = await start({
      admit: async (_request, admitted) => {
        await promise
        checked()
        return admitted
      },
    })
    const client = await connectRaw(port)
    client.send('GET /api/chrome-service/v1/events HTTP/1.1\r\nHost: x\r\n\r\n')
    await vi.waitFor(() => expect(handshakes).toHaveLength(1))
    client.socket.resetAndDestroy()
    await vi.waitFor(async () => expect(await new Promise((count) => server.server.getConnections((_error, n) => count(n)))).toBe(0))
    resolve()
    await vi.waitFor(() => expect(checked).toHaveBeenCalled())
    await new Promise((later) => setImmediate(later))
    expect(sockets).toHaveLength(0)
  })

  test('gives a hundred concurrent clients a stream each', async () => {
    const { api, sockets } = await start()
    const responses = await Promise.all(Array.from({ length: 100 }, () => fetch(`${api}/events`)))
    expect(sockets).toHaveLength(100)
    sockets.forEach((socket, index) => {
      socket.write(frameOf(index))
      socket.close('draining')
    })
    const texts = await Promise.all(responses.map((response) => response.text()))
    const seen = texts.map((text) => JSON.parse(parseEventStream(text).messages[0]?.data ?? '').n)
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  test('holds up the stop until its session ends it', async () => {
    const { api, server, sockets } = await start()
    const response = await fetch(`${api}/events`)
    const closed = server.close({ deadlineMs: 60_000 })
    sockets[0]?.close('draining')
    await closed
    expect(await response.text()).toContain('event: close')
  })
})
