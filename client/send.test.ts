import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryGateway, type MemoryGateway, type MemoryGatewayOptions } from './memory-gateway.ts'
import { connect, SendError, type SendingConnection, type SendingOptions } from './send.ts'
import { createFetchDouble } from './testing/fetch-double.ts'
import { control, createWebSocketDoubles } from './testing/web-socket-double.ts'

let gateway: MemoryGateway
let connections: SendingConnection[] = []

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  gateway = createMemoryGateway()
})

afterEach(() => {
  for (const connection of connections) connection.close()
  connections = []
  const timers = vi.getTimerCount()
  vi.useRealTimers()
  vi.restoreAllMocks()
  if (timers > 0) throw new Error(`${timers} timers were left behind.`)
})

function start(options: Partial<SendingOptions> = {}): SendingConnection {
  const connection = connect({ channel: 'chat', ...gateway.options, onStateChange: () => {}, ...options })
  connections.push(connection)
  return connection
}

async function open(options: Partial<SendingOptions> = {}, of: MemoryGatewayOptions = {}): Promise<SendingConnection> {
  if (Object.keys(of).length > 0) gateway = createMemoryGateway(of)
  const connection = start(options)
  await pass(0)
  return connection
}

/** Notes how a promise settles: `ok`, or the error's type. */
function watch(promise: Promise<void>): { outcome: string } {
  const watched = { outcome: '' }
  promise.then(
    () => (watched.outcome = 'ok'),
    (error: unknown) => (watched.outcome = error instanceof SendError ? error.type : String(error)),
  )
  return watched
}

describe('send', () => {
  it('resolves when the gateway has acknowledged the event', async () => {
    const connection = await open()
    gateway.loseAnswers()
    const sent = watch(connection.send('chat.message', { text: 'hi' }, { id: '1', subject: 'room-7' }))
    await pass(60_000)
    expect(sent.outcome).toBe('')
    expect(connection.outbox).toEqual({ count: 1, bytes: expect.any(Number) })
    gateway.acceptSends()
    gateway.close()
    await pass(1000)
    expect(sent.outcome).toBe('ok')
    expect(gateway.sends).toEqual([
      { specversion: '1.0', source: '/browser', subject: 'room-7', id: '1', type: 'chat.message', data: { text: 'hi' } },
    ])
    expect(connection.outbox).toEqual({ count: 0, bytes: 0 })
  })

  it('rejects with the problem, its detail and the id when the gateway refuses the event finally', async () => {
    const connection = await open()
    gateway.refuseSends({ type: 'urn:carillon:problem:forbidden', detail: 'No rule accepts this type.' })
    const error: unknown = await connection.send('chat.message', 1, { id: '7' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(SendError)
    expect(error).toMatchObject({
      name: 'SendError',
      type: 'urn:carillon:problem:forbidden',
      message: 'No rule accepts this type.',
      id: '7',
    })
  })

  it('sends again after the pause that the gateway asks for, and later events wait with it', async () => {
    const connection = await open()
    gateway.refuseSends({ type: 'urn:carillon:problem:too-many-requests', retryAfterMs: 3000 })
    const first = watch(connection.send('chat.message', 1, { id: 'a' }))
    await pass(0)
    gateway.acceptSends()
    const second = watch(connection.send('chat.message', 2, { id: 'b' }))
    await pass(2999)
    expect([first.outcome, second.outcome, gateway.sends]).toEqual(['', '', []])
    await pass(1)
    expect([first.outcome, second.outcome]).toEqual(['ok', 'ok'])
    expect(gateway.sends.map(({ id }) => id)).toEqual(['a', 'b'])
  })

  // A gateway counts refused frames, and closes a connection with too many of them.
  it('sends one event at a time after a refusal for now, until all have their answers', async () => {
    let nacks = 0
    const connection = await open({ onControl: ({ type }) => void (nacks += Number(type === 'dev.carillon.nack')) })
    gateway.refuseSends({ type: 'urn:carillon:problem:too-many-requests', retryAfterMs: 200 })
    const sent = Array.from({ length: 20 }, (_, index) => watch(connection.send('chat.message', index, { id: String(index) })))
    await pass(0)
    expect(nacks).toBe(12)
    await pass(1000)
    expect(nacks).toBe(12 + 5)
    gateway.acceptSends()
    await pass(200)
    expect(sent.map(({ outcome }) => outcome)).toEqual(sent.map(() => 'ok'))
    expect(gateway.sends.map(({ id }) => id)).toEqual(sent.map((_, index) => String(index)))
    gateway.refuseSends({ retryAfterMs: 200 })
    for (let index = 0; index < 20; index += 1) watch(connection.send('chat.message', index))
    await pass(0)
    expect(nacks).toBe(17 + 12)
  })

  it('waits in the outbox while there is no connection, and keeps the order', async () => {
    const connection = start()
    const early = ['a', 'b'].map((id) => watch(connection.send('chat.message', id, { id })))
    await pass(0)
    gateway.refuse(4100)
    gateway.close()
    const late = ['c', 'd'].map((id) => watch(connection.send('chat.message', id, { id })))
    await pass(600)
    gateway.accept()
    await pass(10_000)
    expect([...early, ...late].map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(gateway.sends.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('sends an event again whose answer was lost, and the gateway has it once', async () => {
    const connection = await open()
    gateway.loseAnswers()
    const sent = ['a', 'b', 'c'].map((id) => watch(connection.send('chat.message', id, { id })))
    await pass(0)
    expect(gateway.sends).toHaveLength(3)
    gateway.acceptSends()
    gateway.close()
    await pass(1000)
    expect(sent.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
    expect(gateway.sends.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })

  it('says at once when the outbox is full, by count and by bytes, and takes events again when it is not', async () => {
    const connection = start({ outbox: { maxCount: 2, maxBytes: 400 } })
    const waiting = [connection.send('a', 1), connection.send('a', 2)].map(watch)
    await expect(connection.send('a', 3)).rejects.toMatchObject({
      type: 'urn:carillon:client:outbox-full',
      message: expect.stringMatching(/^The outbox is full: 2 events and \d+ bytes wait .* raise outbox.maxCount \(2\)/),
    })
    await pass(0)
    expect(waiting.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
    gateway.loseAnswers()
    const big = watch(connection.send('a', 'x'.repeat(250)))
    await expect(connection.send('a', 'x'.repeat(100))).rejects.toMatchObject({ type: 'urn:carillon:client:outbox-full' })
    expect(big.outcome).toBe('')
  })

  it('refuses an event that no frame holds, an id that waits already, a command, and data that are not JSON', async () => {
    const connection = start()
    watch(connection.send('a', 1, { id: '1' }))
    await expect(connection.send('a', 'ü'.repeat(2048))).rejects.toMatchObject({ type: 'urn:carillon:client:too-large' })
    await expect(connection.send('a', 2, { id: '1' })).rejects.toMatchObject({ type: 'urn:carillon:client:duplicate-id' })
    await expect(connection.send('dev.carillon.token', { token: 'x' })).rejects.toThrow(TypeError)
    await expect(connection.send('a', 1n)).rejects.toThrow(TypeError)
    expect(connection.outbox.count).toBe(1)
  })

  it('rejects what waits when the connection is closed, and everything afterwards', async () => {
    const connection = start()
    const sent = watch(connection.send('a', 1))
    connection.close()
    await pass(0)
    expect(sent.outcome).toBe('urn:carillon:client:closed')
    await expect(connection.send('a', 2)).rejects.toMatchObject({ type: 'urn:carillon:client:closed' })
    expect(gateway.sends).toEqual([])
  })

  it('rejects what waits when the gateway ends the connection finally, and sends again after reconnect()', async () => {
    gateway.refuse(4001, 'There is no token.')
    const connection = start()
    const sent = watch(connection.send('a', 1))
    await pass(0)
    expect(sent.outcome).toBe('urn:carillon:client:closed')
    gateway.accept()
    connection.reconnect()
    const next = watch(connection.send('a', 2))
    await pass(0)
    expect(next.outcome).toBe('ok')
  })

  it('gives up on an event when its signal says so', async () => {
    const connection = start({ outbox: { maxCount: 1 } })
    const abort = new AbortController()
    const sent = watch(connection.send('a', 1, { signal: abort.signal }))
    abort.abort('not now')
    await expect(connection.send('a', 1, { signal: abort.signal })).rejects.toBe('not now')
    expect(connection.outbox.count).toBe(0)
    await pass(0)
    expect([sent.outcome, gateway.sends]).toEqual(['not now', []])
  })

  it('rejects with a remedy where the gateway takes no events', async () => {
    const connection = await open({}, { features: ['filters', 'token'] })
    await expect(connection.send('a', 1)).rejects.toMatchObject({
      type: 'urn:carillon:client:not-supported',
      message: 'This gateway takes no events from browsers. Set spec.upstream of the channel, or UPSTREAM=on, to allow it.',
    })
    const early = start()
    const sent = watch(early.send('a', 1))
    await pass(0)
    expect(sent.outcome).toBe('urn:carillon:client:not-supported')
  })

  it('leaves at most twelve events without an answer', async () => {
    const connection = await open()
    gateway.loseAnswers()
    const sent = Array.from({ length: 30 }, (_, index) => watch(connection.send('a', index)))
    await pass(0)
    expect(gateway.sends).toHaveLength(12)
    gateway.acceptSends()
    gateway.close()
    await pass(1000)
    expect(sent.map(({ outcome }) => outcome)).toEqual(sent.map(() => 'ok'))
    expect(gateway.sends.map(({ data }) => data)).toEqual(sent.map((_, index) => index))
  })

  it('goes on a connection that began with a gap', async () => {
    gateway = createMemoryGateway({ maxEvents: 1 })
    gateway.emit('a', 1)
    gateway.emit('a', 2)
    const gaps: string[] = []
    const connection = await open({ ...gateway.options, cursor: 'memory-0', onGap: ({ reason }) => gaps.push(reason) })
    const sent = watch(connection.send('a', 1))
    await pass(0)
    expect([gaps, sent.outcome]).toEqual([['too-old'], 'ok'])
  })
})

describe('an outbox with a storage', () => {
  function createStorage() {
    const items = new Map<string, string>()
    return { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => void items.set(key, value) }
  }

  it('sends again what a page left behind, in order, and forgets it then', async () => {
    const storage = createStorage()
    const outbox = { storage, user: 'ann' }
    gateway.loseAnswers()
    const page = await open({ outbox })
    for (const id of ['a', 'b']) watch(page.send('chat.message', id, { id }))
    // The page goes away without a word.
    connections = []
    gateway = createMemoryGateway()
    const next = await open({ outbox })
    expect(gateway.sends.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(next.outbox.count).toBe(0)
    gateway = createMemoryGateway()
    await open({ outbox })
    expect(gateway.sends).toEqual([])
    vi.clearAllTimers()
  })

  it("never sends one user's events as another's, nor those of a page that did not name its user", async () => {
    const storage = createStorage()
    const page = start({ outbox: { storage, user: 'ann' } })
    watch(page.send('chat.message', 1))
    connections = []
    const unnamed = start({ outbox: { storage } })
    watch(unnamed.send('chat.message', 2))
    connections = []
    vi.clearAllTimers()
    await open({ outbox: { storage, user: 'bob' } })
    expect(gateway.sends).toEqual([])
  })

  it('does not send later what was rejected', async () => {
    const storage = createStorage()
    const page = start({ outbox: { storage, user: 'ann' } })
    watch(page.send('chat.message', 1))
    page.close()
    await open({ outbox: { storage, user: 'ann' } })
    expect(gateway.sends).toEqual([])
  })

  it('sends once when the storage is full, and reports the storage', async () => {
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new Error('full')
      },
    }
    const errors: string[] = []
    const connection = await open({ outbox: { storage: full, user: 'ann' }, onError: (error) => errors.push(String(error)) })
    const sent = watch(connection.send('chat.message', 1, { id: 'a' }))
    await pass(0)
    expect([sent.outcome, gateway.sends.length, connection.outbox.count]).toEqual(['ok', 1, 0])
    expect(errors).toContain('Error: full')
  })

  it.each(['no JSON', '7', '["no JSON"]', '["null", "{}"]'])('begins empty when another script has written %s', async (text) => {
    const storage = { ...createStorage(), getItem: () => text }
    const errors: unknown[] = []
    const connection = await open({ outbox: { storage, user: 'ann' }, onError: (error) => errors.push(error) })
    const sent = watch(connection.send('chat.message', 1, { id: 'a' }))
    await pass(0)
    expect([sent.outcome, gateway.sends.length, errors.length]).toEqual(['ok', 1, 1])
  })

  it('reports the refusal of an event that an earlier page left behind', async () => {
    const storage = createStorage()
    watch(start({ outbox: { storage, user: 'ann' } }).send('chat.message', 1, { id: 'a' }))
    connections = []
    vi.clearAllTimers()
    gateway.refuseSends({ type: 'urn:carillon:problem:forbidden' })
    const errors: unknown[] = []
    const connection = await open({ outbox: { storage, user: 'ann' }, onError: (error) => errors.push(error) })
    expect(connection.outbox.count).toBe(0)
    expect(errors).toEqual([expect.objectContaining({ type: 'urn:carillon:problem:forbidden', id: 'a' })])
  })
})

describe('a fresh token', () => {
  const tokens = (): (() => string) => {
    let count = 0
    return () => `t${(count += 1)}`
  }

  it('goes to the gateway on the same connection', async () => {
    const connection = await open({ token: tokens() })
    await connection.renewToken()
    expect(gateway.connections).toEqual([{ url: expect.any(String), token: 't2' }])
  })

  it('goes there before the earlier one ends, without a word of the page', async () => {
    const doubles = createWebSocketDoubles()
    const frames: string[] = []
    start({ WebSocket: doubles.WebSocket, token: tokens() })
    await pass(0)
    Object.assign(doubles.last(), { send: (text: string) => frames.push(text) })
    doubles.last().open()
    doubles.last().say(control('resumed', { replayed: 0, features: ['token'] }, 'c0'))
    await pass(6000)
    doubles.last().say(control('token-expiring', { expiresInMs: 30_000 }))
    await pass(0)
    expect(frames.map((text) => JSON.parse(text))).toMatchObject([{ type: 'dev.carillon.token', data: { token: 't2' } }])
    const { id } = JSON.parse(frames[0] ?? '') as { id: string }
    doubles.last().say(control('token-accepted', { id, expiresInMs: 300_000 }, 'c0'))
    await pass(0)
    expect(doubles.sockets).toHaveLength(1)
  })

  it.each([
    ['is refused', { accepts: 'nack' }, ['token']],
    ['gets no answer', { accepts: '' }, ['token']],
    ['meets a gateway that takes none', { accepts: 'token-accepted' }, []],
  ] as const)('comes with a second connection when it %s', async (_title, { accepts }, features) => {
    const doubles = createWebSocketDoubles((socket) => {
      const send = (text: string): void => {
        const { id } = JSON.parse(text) as { id: string }
        if (accepts !== '') socket.say(control(accepts, { id, type: 'urn:carillon:problem:forbidden', detail: 'Another user.' }))
      }
      Object.assign(socket, { send })
      setTimeout(() => {
        socket.open()
        socket.say(control('resumed', { replayed: 0, features }, 'c0'))
      })
    })
    const connection = start({ WebSocket: doubles.WebSocket, token: tokens() })
    await pass(1)
    const renewed = watch(connection.renewToken())
    await pass(10_001)
    expect(renewed.outcome).toBe('ok')
    expect(doubles.sockets.map(({ isClosed }) => isClosed)).toEqual([true, false])
    expect(doubles.last().protocols[1]).toBe(accepts === 'token-accepted' ? 'bearer.t2' : 'bearer.t3')
  })

  it('is asked for once when it is wanted twice', async () => {
    const token = vi.fn(tokens())
    const connection = await open({ token })
    await Promise.all([connection.renewToken(), connection.renewToken()])
    expect(token).toHaveBeenCalledTimes(2)
  })

  it('rejects when no connection with one comes about', async () => {
    const connection = await open({ token: tokens() })
    gateway.refuse(4001, 'Expired.')
    const renewed = watch(connection.renewToken())
    await pass(20_000)
    expect(renewed.outcome).toBe('urn:carillon:client:no-answer')
  })
})

describe('setFilters', () => {
  const onlyB = [{ exact: { type: 'b' } }]
  const emitBoth = (): void => {
    gateway.emit('a', 1)
    gateway.emit('b', 2)
  }

  it.each([
    ['on the connection', ['filters', 'subscribe'], 1],
    ['by another connection where the gateway cannot', ['filters'], 2],
  ] as const)('narrows the events %s, and so do later connections', async (_title, features, dials) => {
    const seen: string[] = []
    let dialled = 0
    gateway = createMemoryGateway({ features })
    const { WebSocket } = gateway.options
    class Counted extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols)
        dialled += 1
      }
    }
    const connection = await open({ ...gateway.options, WebSocket: Counted, onEvent: ({ type }) => seen.push(type) })
    emitBoth()
    const done = watch(connection.setFilters(onlyB))
    await pass(0)
    expect([done.outcome, dialled]).toEqual(['ok', dials])
    emitBoth()
    gateway.close()
    emitBoth()
    await pass(1000)
    expect(seen).toEqual(['a', 'b', 'b', 'b'])
    const wide = watch(connection.setFilters([]))
    await pass(0)
    emitBoth()
    expect([wide.outcome, seen.slice(4)]).toEqual(['ok', ['a', 'b']])
  })

  it('rejects when the gateway refuses them, and those before stay', async () => {
    const seen: string[] = []
    const connection = await open({ onEvent: ({ type }) => seen.push(type) })
    await connection.setFilters(onlyB)
    await expect(connection.setFilters([{ sql: 'TRUE' }])).rejects.toMatchObject({ type: 'urn:carillon:problem:bad-filters' })
    gateway.close()
    await pass(1000)
    emitBoth()
    expect(seen).toEqual(['b'])
  })

  it('rejects where the gateway takes no filters', async () => {
    const connection = await open({}, { features: ['send'] })
    await expect(connection.setFilters(onlyB)).rejects.toMatchObject({ type: 'urn:carillon:client:not-supported' })
  })

  it('waits for the next connection while there is none', async () => {
    const connection = start()
    const done = watch(connection.setFilters(onlyB))
    await pass(0)
    expect(done.outcome).toBe('ok')
    expect(gateway.connections.map(({ url }) => new URL(url).searchParams.get('filters'))).toEqual([JSON.stringify(onlyB)])
  })
})

describe('over SSE', () => {
  const resumed = control('resumed', { replayed: 0, session: 's/1', features: ['send', 'token', 'filters', 'subscribe'] }, 'c0')

  async function openStream(options: Partial<SendingOptions> = {}) {
    const streams = createFetchDouble()
    const connection = start({ base: 'http://gateway.test', transport: 'sse', fetch: streams.fetch, token: () => 'a.b.c', ...options })
    await pass(0)
    streams.last().open()
    await pass(0)
    streams.last().say(resumed)
    await pass(0)
    return { connection, streams }
  }

  const answer = (type: string, data: object): object => control(type, data)

  it('sends each event by a request beside the stream, one after the other', async () => {
    const { connection, streams } = await openStream()
    const sent = ['1', '2'].map((id) => watch(connection.send('chat.message', id, { id })))
    await pass(0)
    expect(streams.streams).toHaveLength(2)
    const post = streams.last()
    expect([post.url.href, post.init.method, post.headers.get('authorization'), post.headers.get('content-type')]).toEqual([
      'http://gateway.test/api/chat/v1/sessions/s%2F1/frames',
      'POST',
      'Bearer a.b.c',
      'application/cloudevents+json',
    ])
    expect(JSON.parse(String(post.init.body))).toMatchObject({ id: '1', type: 'chat.message' })
    post.answer(answer('ack', { id: '1' }))
    await pass(0)
    expect(sent.map(({ outcome }) => outcome)).toEqual(['ok', ''])
    streams.last().answer(answer('ack', { id: '2' }))
    await pass(0)
    expect(sent.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
  })

  it.each([
    ['the network', (post: ReturnType<typeof createFetchDouble>['streams'][number]) => post.fail()],
    ['a page of a proxy', (post) => post.refuse(502, null)],
    ['a limit', (post) => post.refuse(429, { type: 'urn:carillon:problem:too-many-requests', detail: 'Slower.' }, { 'retry-after': '1' })],
  ] as readonly (readonly [string, (post: ReturnType<typeof createFetchDouble>['streams'][number]) => void])[])(
    'sends again after a pause when %s is in the way',
    async (_what, refuse) => {
      const { connection, streams } = await openStream()
      const sent = watch(connection.send('a', 1, { id: '1' }))
      await pass(0)
      refuse(streams.last())
      await pass(0)
      expect(streams.streams).toHaveLength(2)
      await pass(1000)
      expect(JSON.parse(String(streams.last().init.body))).toMatchObject({ id: '1' })
      streams.last().answer(answer('ack', { id: '1' }))
      await pass(0)
      expect(sent.outcome).toBe('ok')
    },
  )

  it('rejects with the problem of a final refusal', async () => {
    const { connection, streams } = await openStream()
    const sent = connection.send('a', 1, { id: '1' })
    watch(sent)
    await pass(0)
    streams.last().refuse(403, { type: 'urn:carillon:problem:forbidden', detail: 'No.' })
    await expect(sent).rejects.toMatchObject({ type: 'urn:carillon:problem:forbidden', message: 'No.' })
  })

  it('renews the token and changes filters by the same way', async () => {
    const { connection, streams } = await openStream()
    const renewed = watch(connection.renewToken())
    await pass(0)
    const idOf = (): unknown => (JSON.parse(String(streams.last().init.body)) as { id: string }).id
    streams.last().answer(answer('token-accepted', { id: idOf(), expiresInMs: 1000 }))
    const filtered = watch(connection.setFilters([]))
    await pass(0)
    streams.last().answer(answer('subscribed', { id: idOf() }))
    await pass(0)
    expect([renewed.outcome, filtered.outcome, streams.streams.length]).toEqual(['ok', 'ok', 3])
  })

  it('connects again with new filters when the request reached another pod', async () => {
    const { connection, streams } = await openStream()
    const filtered = watch(connection.setFilters([{ exact: { type: 'a' } }]))
    await pass(0)
    streams.last().refuse(404, { type: 'urn:carillon:problem:unknown-session', detail: 'Another pod.' })
    await pass(0)
    expect(streams.last().url.searchParams.get('filters')).toBe('[{"exact":{"type":"a"}}]')
    streams.last().open()
    await pass(0)
    streams.last().say(resumed)
    await pass(0)
    expect(filtered.outcome).toBe('ok')
  })
})

it('reports a final end to onError without onStateChange, as the client does', async () => {
  const errors: unknown[] = []
  gateway.refuse(4001, 'There is no token.')
  const connection = connect({ channel: 'chat', ...gateway.options, onError: (error) => errors.push(error) })
  await pass(0)
  expect(errors.map(String)).toEqual(['Error: Carillon: closed, will not reconnect (4001). There is no token.'])
  connection.close()
})
