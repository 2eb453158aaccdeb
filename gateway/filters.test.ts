import { afterEach, describe, expect, it } from 'vitest'
import { parseStreamMessages } from '../testing/sse.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket, RefusedError } from './testing/test-socket.ts'

/** Filters over real sockets (docs/protocol.md, section 2.6). */
const running: TestGateway[] = []
async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ env })
  running.push(gateway)
  return gateway
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

const orders = `[{"prefix":{"type":"com.example.order."}},{"sql":"type NOT LIKE '%.deleted'"}]`
const refused = async (opening: Promise<unknown>): Promise<RefusedError> => {
  const error: unknown = await opening.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (error instanceof RefusedError) return error
  throw new Error('the handshake was not refused', { cause: error })
}

/** Reads an event stream until an event with this id has come. */
async function streamUntil(url: string, token: string, id: string, ready: () => void): Promise<readonly string[]> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    if (text.includes('dev.carillon.resumed')) ready()
    if (text.includes(`"id":"${id}"`)) break
  }
  return parseStreamMessages(Buffer.concat(chunks)).map(({ data }) => (JSON.parse(data) as { readonly id: string }).id)
}

describe('filters', () => {
  it('narrow both transports to the same events, live and replayed', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const socket = await openSocket(gateway.socketUrl, { token, cursor: 'latest', filters: orders })
    await socket.untilReceived('!resumed')
    const cursor = socket.messages[0]?.cursor ?? ''
    const url = `${gateway.url}/api/chrome-service/v1/events?cursor=latest&filters=${encodeURIComponent(orders)}`
    const isStreamReady = Promise.withResolvers<void>()
    const streamed = streamUntil(url, token, 'last', isStreamReady.resolve)
    await isStreamReady.promise
    const emit = (id: string, type: string, audience: object = { broadcast: true }): Promise<Response> =>
      gateway.emit({ id, type, ...audience })
    await emit('other', 'com.example.invoice')
    await emit('one', 'com.example.order.created')
    await emit('foreign', 'com.example.order.created', { users: ['bob'] })
    await emit('deleted', 'com.example.order.deleted')
    await emit('last', 'com.example.order.paid')
    await socket.untilReceived('last')
    const returning = await openSocket(gateway.socketUrl, { token, cursor, filters: orders })
    await returning.untilReceived('!resumed')
    expect(socket.ids.toSorted()).toEqual(['!resumed', 'last', 'one'])
    expect(returning.ids.toSorted()).toEqual(['!resumed', 'last', 'one'])
    expect((await streamed).filter((id) => ['one', 'last', 'other', 'foreign', 'deleted'].includes(id)).toSorted()).toEqual(['last', 'one'])
  })

  it('narrow a plain client, which gets no control event', async () => {
    const gateway = await start()
    const socket = await openSocket(gateway.socketUrl, {
      token: await gateway.token({ user_id: 'ann' }),
      filters: '[{"exact":{"id":"b"}}]',
    })
    for (const id of ['a', 'b']) await gateway.emit({ id, type: 't', users: ['ann'] })
    await socket.untilReceived('b')
    expect(socket.ids).toEqual(['b'])
  })

  it('are announced by a gateway that takes them, and by no other', async () => {
    const resumed = async (gateway: TestGateway): Promise<unknown> => {
      const socket = await openSocket(gateway.socketUrl, { token: await gateway.token({ user_id: 'ann' }), cursor: 'latest' })
      await socket.untilReceived('!resumed')
      return socket.messages[0]?.data
    }
    expect(await resumed(await start())).toEqual({
      replayed: 0,
      session: expect.any(String),
      features: ['filters', 'subscribe', 'token', 'send', 'short-cursors'],
    })
    const without = await start({ MAX_DISTINCT_FILTERS: '0' })
    expect(await resumed(without)).toEqual({ replayed: 0, session: expect.any(String), features: ['token', 'send', 'short-cursors'] })
    const token = await without.token({ user_id: 'ann' })
    const { status, body } = await refused(openSocket(without.socketUrl, { token, filters: '[]' }))
    expect([status, JSON.parse(body)]).toEqual([
      400,
      expect.objectContaining({
        type: 'urn:carillon:problem:bad-filters',
        detail: 'filters: this gateway takes none (MAX_DISTINCT_FILTERS is 0). Use none.',
      }),
    ])
  })

  it('that break a rule are refused with the place, in the words of each transport', async () => {
    const gateway = await start({ ALLOWED_ORIGINS: 'https://page.example' })
    const token = await gateway.token({ user_id: 'ann' })
    const filters = '[{"all":[{"exact":{"id":"a"}},{"exact":{"orgId":"7"}}]}]'
    const detail = 'filters[0].all[1].exact.orgId: the name of an attribute has 1 to 64 lower-case letters and digits.'
    const program = await refused(openSocket(gateway.socketUrl, { token, filters }))
    const page = await openSocket(gateway.socketUrl, { token, filters, origin: 'https://page.example' })
    const stream = await fetch(`${gateway.url}/api/chrome-service/v1/events?filters=${encodeURIComponent(filters)}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect([program.status, JSON.parse(program.body)]).toEqual([400, expect.objectContaining({ detail })])
    expect(await page.closed).toEqual({ code: 4006, reason: detail })
    expect([stream.status, await stream.json()]).toEqual([
      400,
      expect.objectContaining({ type: 'urn:carillon:problem:bad-filters', detail }),
    ])
  })

  it('are refused when the query has two of them', async () => {
    const gateway = await start()
    const token = await gateway.token({ user_id: 'ann' })
    const { status, body } = await refused(openSocket(`${gateway.socketUrl}?filters=[]&filters=[]`, { token }))
    expect([status, body]).toEqual([400, expect.stringContaining('filters: the query has more than one. Put all filters into one array.')])
  })

  it('are not looked at before the token', async () => {
    const gateway = await start()
    const { status } = await refused(openSocket(gateway.socketUrl, { filters: '[{' }))
    expect(status).toBe(401)
  })
})
