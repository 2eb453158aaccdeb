import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LogRecord } from '../event/log-record.ts'
import { createRecordingSink } from '../testing/recording-sink.ts'
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../testing/test-gateway.ts'
import { openSocket, type TestSocket } from '../testing/test-socket.ts'
import type { MemoryLog } from '../adapters/memory/memory-log.ts'

/** The whole way of an event: a real gateway, real sockets, and the upstream topic in the process. */
const started: TestGateway[] = []
afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.stop()
})

async function start(rules: unknown = null, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const env = { ...(rules === null ? {} : { UPSTREAM_ACCEPT: JSON.stringify(rules) }), ...options.env }
  const gateway = await startTestGateway({ ...options, env })
  started.push(gateway)
  return gateway
}

async function open(gateway: TestGateway, claims: Readonly<Record<string, unknown>> = {}, cursor: string | null = 'latest') {
  const token = await gateway.token({ user_id: 'ann', ...claims })
  return openSocket(gateway.socketUrl, { token, ...(cursor === null ? {} : { cursor }) })
}

const event = (over: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ specversion: '1.0', id: '1', source: '/page', type: 'chat.message', data: { text: 'hi' }, ...over })

/** Sends an event and returns the data of its answer. */
async function send(socket: TestSocket, over: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const before = socket.messages.length
  socket.send(event(over))
  await vi.waitFor(() => expect(socket.messages.slice(before).find(({ type }) => /\.(ack|nack)$/.test(type))).toBeDefined())
  return socket.messages.slice(before).find(({ type }) => /\.(ack|nack)$/.test(type))?.data
}

const problem = (type: string, detail: string, id = '1') =>
  expect.objectContaining({ id, type: `urn:carillon:problem:${type}`, detail: expect.stringContaining(detail) })

async function recordsOf(log: MemoryLog): Promise<readonly LogRecord[]> {
  const sink = createRecordingSink()
  const source = log.source()
  await source.start(sink, { sinceMs: 0 })
  await sink.untilReceived(log.endOffsets.reduce((sum, end) => sum + end, 0))
  await source.stop()
  return sink.received
}

const headersOf = (record: LogRecord | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(record?.headers ?? {}).map(([name, value]) => [name, String(value)]))

describe('an event that a page sends', () => {
  it('comes to the upstream topic with the source, time and user of the gateway, and back to the page in development mode', async () => {
    const gateway = await start()
    // The snippet of the first document: a plain client, which gets no answer.
    const page = await open(gateway, { user_id: 'ann/1 ü' }, null)
    page.send(JSON.stringify({ specversion: '1.0', id: '1', source: '/page', type: 'chat.message', data: { text: 'hi' } }))
    await page.untilReceived('1')
    const source = 'urn:carillon:channel:chrome-service:user:ann%2F1%20%C3%BC'
    expect(page.messages).toEqual([
      expect.objectContaining({ id: '1', source, type: 'chat.message', data: { text: 'hi' }, authtype: 'app_user', authid: 'ann/1 ü' }),
    ])
    const [record, ...others] = await recordsOf(gateway.upstreamLog)
    expect(others).toEqual([])
    expect({ key: String(record?.key), value: String(record?.value), headers: headersOf(record) }).toEqual({
      key: 'ann/1 ü',
      value: '{"text":"hi"}',
      headers: {
        ce_specversion: '1.0',
        ce_id: '1',
        ce_source: source,
        ce_type: 'chat.message',
        ce_time: expect.stringMatching(/^\d{4}-.*Z$/),
        ce_authtype: 'app_user',
        ce_authid: 'ann/1 ü',
        'content-type': 'application/json',
      },
    })
    expect(gateway.logger.lines).toContainEqual({
      level: 'info',
      message: 'event of a client written',
      fields: { id: '1', type: 'chat.message', deliverTo: 'self', topic: 'platform.chrome.upstream' },
    })
  })

  it('is acknowledged after the brokers have it, never before', async () => {
    const gateway = await start([{ type: 'chat.message' }])
    const page = await open(gateway)
    await page.untilReceived('!resumed')
    expect(page.messages[0]?.data).toMatchObject({ features: expect.arrayContaining(['send']) })
    gateway.upstreamLog.faults.holdAcknowledgements()
    page.send(event())
    await vi.waitFor(async () => expect(await recordsOf(gateway.upstreamLog)).toHaveLength(1))
    expect(page.ids).not.toContain('!ack')
    gateway.upstreamLog.faults.releaseAcknowledgements()
    await page.untilReceived('!ack')
    expect(page.messages.at(-1)?.data).toEqual({ id: '1' })
    expect(gateway.metrics.value('sends', { outcome: 'acknowledged' })).toBe(1)
  })

  it('is written once if it is sent again, under way or acknowledged, on any connection of its user', async () => {
    const gateway = await start([{ type: 'chat.message', ratePerUser: 1, burst: 1 }])
    const [first, second, other] = [await open(gateway), await open(gateway), await open(gateway, { user_id: 'bob' })]
    gateway.upstreamLog.faults.holdAcknowledgements()
    const answers = [send(first), send(second)]
    await vi.waitFor(async () => expect(await recordsOf(gateway.upstreamLog)).toHaveLength(1))
    gateway.upstreamLog.faults.releaseAcknowledgements()
    expect(await Promise.all(answers)).toEqual([{ id: '1' }, { id: '1' }])
    expect(await send(second)).toEqual({ id: '1' })
    expect(await recordsOf(gateway.upstreamLog)).toHaveLength(1)
    expect(gateway.metrics.value('sends', { outcome: 'repeated' })).toBe(2)
    // Another user's event with the same id is another event.
    expect(await send(other)).toEqual({ id: '1' })
    expect(await recordsOf(gateway.upstreamLog)).toHaveLength(2)
  })

  it('is refused if another event of its user has its id', async () => {
    const gateway = await start([{ type: 'chat.message' }])
    const page = await open(gateway)
    expect(await send(page)).toEqual({ id: '1' })
    expect(await send(page, { data: { text: 'another' } })).toEqual(problem('id-reused', 'crypto.randomUUID()'))
    expect(await send(page, { subject: 'x' })).toEqual(problem('id-reused', ''))
    // The time and the source are the gateway's, so they make no other event.
    expect(await send(page, { time: '2026-01-01T00:00:00Z', source: '/elsewhere' })).toEqual({ id: '1' })
    expect(await recordsOf(gateway.upstreamLog)).toHaveLength(1)
  })

  it.each([
    ['an audience', { audience: { broadcast: true } }, 'audience: must not be sent: the rule of the channel decides'],
    ['a type of its author', { authtype: 'service_account' }, 'authtype: must not be sent'],
    ['an author', { authid: 'bob' }, 'authid: must not be sent: the gateway writes the verified user'],
    ['claims of its author', { authclaims: '{}' }, 'authclaims: must not be sent'],
    ['a key', { partitionkey: 'bob' }, 'partitionkey: must not be sent: the key of the record is the user'],
    ['a source of a gateway', { source: 'urn:carillon:channel:chrome-service:user:bob' }, 'source: must not begin with urn:carillon:'],
    ['a source of a gateway in capitals', { source: 'URN:Carillon:x' }, 'source: must not begin with urn:carillon:'],
    ['a cursor', { cursor: 'x' }, 'cursor: must not be an extension'],
    ['no source', { source: undefined }, 'source: must be a URI reference'],
    ['no type', { type: undefined }, 'type: is missing'],
    ['no version', { specversion: undefined }, 'specversion: is missing'],
    ['an attribute with a capital', { myName: 'x' }, 'have a name of lower-case letters'],
    [
      'data that are not what they say',
      { data: undefined, data_base64: 'eA==', datacontenttype: 'application/cloudevents+json' },
      'event format',
    ],
  ])('is refused with %s, which is named', async (_, over, detail) => {
    const gateway = await start()
    const page = await open(gateway)
    expect(await send(page, over)).toEqual(problem('invalid-event', detail))
    expect(await recordsOf(gateway.upstreamLog)).toEqual([])
    expect(gateway.metrics.value('sends', { outcome: 'refused' })).toBe(1)
  })

  it('names every forged attribute at once', async () => {
    const gateway = await start()
    const page = await open(gateway)
    const answer = await send(page, { authid: 'bob', audience: {}, source: 'urn:carillon:x' })
    for (const name of ['authid', 'audience', 'source']) expect(answer).toEqual(problem('invalid-event', `${name}: must not`))
  })

  it('is taken by the first rule for its type, with what that rule says', async () => {
    const gateway = await start([
      { type: 'chat.message', maxBytes: 20 },
      { typePrefix: 'chat.', roles: ['writer'], maxBytes: 65_536 },
    ])
    const [page, writer] = [await open(gateway), await open(gateway, { user_id: 'bob', roles: ['reader', 'writer'] })]
    expect(await send(page, { id: 'a', data: 'x'.repeat(18) })).toEqual({ id: 'a' })
    expect(await send(page, { id: 'b', data: 'x'.repeat(19) })).toEqual(problem('event-too-large', 'more than 20 bytes', 'b'))
    expect(await send(page, { id: 'c', type: 'chat.typing' })).toEqual(problem('forbidden', 'none of the roles', 'c'))
    expect(await send(writer, { id: 'd', type: 'chat.typing' })).toEqual({ id: 'd' })
    expect(await send(page, { id: 'e', type: 'chat' })).toEqual(problem('forbidden', 'No rule of this channel', 'e'))
    // 65,536 bytes in base64 fit into a frame, although MAX_INBOUND_FRAME_BYTES is 4,096.
    const largest = { data: undefined, data_base64: Buffer.alloc(65_536).toString('base64'), datacontenttype: 'image/png' }
    expect(await send(writer, { id: 'f', type: 'chat.image', ...largest })).toEqual({ id: 'f' })
    const [record] = (await recordsOf(gateway.upstreamLog)).filter(({ headers }) => String(headers['ce_id']) === 'f')
    expect(record?.value).toEqual(Buffer.alloc(65_536))
  })

  it('is checked by the schema of its rule', async () => {
    const schema = {
      type: 'object',
      required: ['text'],
      properties: { text: { type: 'string', maxLength: 5 } },
      additionalProperties: false,
    }
    const gateway = await start([{ type: 'chat.message', schema }])
    const page = await open(gateway)
    expect(await send(page, { id: 'a' })).toEqual({ id: 'a' })
    expect(await send(page, { id: 'b', data: { text: 7 } })).toEqual(problem('invalid-event', 'data/text must be string', 'b'))
    expect(await send(page, { id: 'c', data: { text: 'x', more: 1 } })).toEqual(problem('invalid-event', 'additional properties', 'c'))
    expect(await send(page, { id: 'd', data: undefined })).toEqual(problem('invalid-event', 'data: missing', 'd'))
    const image = { data: undefined, data_base64: 'eA==', datacontenttype: 'image/png' }
    expect(await send(page, { id: 'e', ...image })).toEqual(problem('invalid-event', 'data: must be JSON', 'e'))
    const bytes = { data: undefined, data_base64: Buffer.from('{"text":7}').toString('base64'), datacontenttype: 'application/json' }
    expect(await send(page, { id: 'f', ...bytes })).toEqual(problem('invalid-event', 'data/text must be string', 'f'))
  })

  it('has a rate for each user and rule, and other users and rules have theirs', async () => {
    const gateway = await start([
      { type: 'chat.message', ratePerUser: 1, burst: 2 },
      { typePrefix: 'game.', ratePerUser: 1, burst: 1 },
    ])
    const [page, second, other] = [await open(gateway), await open(gateway), await open(gateway, { user_id: 'bob' })]
    expect(await send(page, { id: 'a' })).toEqual({ id: 'a' })
    expect(await send(second, { id: 'b' })).toEqual({ id: 'b' })
    expect(await send(page, { id: 'c' })).toMatchObject({
      id: 'c',
      type: 'urn:carillon:problem:too-many-requests',
      retryAfterMs: expect.any(Number),
    })
    expect(await send(page, { id: 'd', type: 'game.move' })).toEqual({ id: 'd' })
    expect(await send(other, { id: 'e' })).toEqual({ id: 'e' })
  })

  it('is refused when too many wait for the brokers, and takes nothing of the rate', async () => {
    const gateway = await start([{ type: 'chat.message', ratePerUser: 1, burst: 2 }], { env: { UPSTREAM_MAX_IN_FLIGHT: '1' } })
    const [page, other] = [await open(gateway), await open(gateway, { user_id: 'bob' })]
    gateway.upstreamLog.faults.holdAcknowledgements()
    page.send(event())
    await vi.waitFor(async () => expect(await recordsOf(gateway.upstreamLog)).toHaveLength(1))
    for (const id of ['a', 'b', 'c'])
      expect(await send(other, { id })).toMatchObject({ id, type: 'urn:carillon:problem:overloaded', retryAfterMs: 1000 })
    gateway.upstreamLog.faults.releaseAcknowledgements()
    await page.untilReceived('!ack')
    expect(await send(other, { id: 'a' })).toEqual({ id: 'a' })
    expect(await send(other, { id: 'b' })).toEqual({ id: 'b' })
  })

  it('is answered with a problem when the brokers do not take it, and can be sent again', async () => {
    const gateway = await start([{ type: 'chat.message' }], { env: { KAFKA_PRODUCE_TIMEOUT_MS: '100' } })
    const page = await open(gateway)
    gateway.upstreamLog.faults.failNextPublish({ kind: 'refused', detail: 'broker-7 says no', isPartial: false })
    expect(await send(page)).toEqual(problem('refused-by-log', 'The brokers refused the event, which is not in the topic.'))
    gateway.upstreamLog.faults.failNextPublish({ kind: 'too-large', detail: '' })
    expect(await send(page)).toEqual(problem('event-too-large', 'too large for the topic'))
    gateway.upstreamLog.faults.holdAcknowledgements()
    expect(await send(page)).toEqual(problem('not-acknowledged', 'with the same id this is safe'))
    expect(gateway.metrics.value('upstreamWritable')).toBe(0)
    gateway.upstreamLog.faults.releaseAcknowledgements()
    expect(await send(page)).toEqual({ id: '1' })
    expect(gateway.metrics.value('upstreamWritable')).toBe(1)
    // The lost acknowledgement: two records with one source and id, which a reader suppresses.
    const sources = (await recordsOf(gateway.upstreamLog)).map(
      (record) => `${headersOf(record)['ce_source']} ${headersOf(record)['ce_id']}`,
    )
    expect([sources.length, new Set(sources).size]).toEqual([2, 1])
  })

  it('leaves the pod ready and deliveries going when the upstream topic is in trouble', async () => {
    const gateway = await start([{ type: 'chat.message' }])
    const page = await open(gateway)
    gateway.upstreamLog.faults.failNextPublish({ kind: 'refused', detail: 'no such topic', isPartial: false })
    await send(page)
    await gateway.emit({ id: 'emitted', type: 'x', broadcast: true })
    await page.untilReceived('emitted')
    expect((await fetch(`${gateway.internalUrl}/readyz`)).status).toBe(200)
  })

  it('reaches its sender alone, or the organization alone, as the rule says', async () => {
    const gateway = await start([
      { type: 'draft', deliverTo: 'self' },
      { type: 'chat.message', deliverTo: 'organization' },
      { type: 'secret' },
    ])
    const [page, tab, colleague, stranger] = [
      await open(gateway, { org_id: 'red' }),
      await open(gateway, { org_id: 'red' }),
      await open(gateway, { user_id: 'bob', org_id: 'red' }),
      await open(gateway, { user_id: 'eve', org_id: 'blue' }),
    ]
    expect(await send(page, { id: 'secret', type: 'secret' })).toEqual({ id: 'secret' })
    expect(await send(page, { id: 'draft', type: 'draft' })).toEqual({ id: 'draft' })
    expect(await send(page, { id: 'chat' })).toEqual({ id: 'chat' })
    await gateway.emit({ id: 'end', type: 'x', broadcast: true })
    for (const socket of [page, tab, colleague, stranger]) await socket.untilReceived('end')
    const events = (socket: TestSocket): readonly string[] => socket.ids.filter((id) => !id.startsWith('!')).toSorted()
    expect([page, tab, colleague, stranger].map(events)).toEqual([
      ['chat', 'draft', 'end'],
      ['chat', 'draft', 'end'],
      ['chat', 'end'],
      ['end'],
    ])
    const chat = colleague.messages.find(({ id }) => id === 'chat')
    expect(chat).toMatchObject({ authid: 'ann', authtype: 'app_user', source: 'urn:carillon:channel:chrome-service:user:ann' })
  })

  it('is refused under a rule for the organization if its user has none', async () => {
    const gateway = await start([{ type: 'chat.message', deliverTo: 'organization' }])
    expect(await send(await open(gateway))).toEqual(problem('forbidden', 'the token names none'))
    expect(await recordsOf(gateway.upstreamLog)).toEqual([])
  })

  it('is delivered after the upstream topic has it, and if that fails not written there again', async () => {
    const gateway = await start([{ type: 'chat.message', deliverTo: 'self' }])
    const page = await open(gateway)
    gateway.upstreamLog.faults.failNextPublish({ kind: 'unavailable', detail: '' })
    expect(await send(page)).toEqual(problem('not-acknowledged', ''))
    expect(await recordsOf(gateway.log)).toEqual([])
    gateway.log.faults.failNextPublish({ kind: 'unavailable', detail: '' })
    expect(await send(page)).toEqual(problem('not-acknowledged', ''))
    expect([(await recordsOf(gateway.upstreamLog)).length, (await recordsOf(gateway.log)).length]).toEqual([1, 0])
    expect(await send(page)).toEqual({ id: '1' })
    expect([(await recordsOf(gateway.upstreamLog)).length, (await recordsOf(gateway.log)).length]).toEqual([1, 1])
    await page.untilReceived('1')
  })

  it('of a user whose id no attribute can hold is refused', async () => {
    const gateway = await start()
    expect(await send(await open(gateway, { user_id: 'a\u0000b' }))).toEqual(problem('forbidden', 'control characters'))
  })

  it('is refused where the channel takes none, and the gateway does not claim the feature', async () => {
    const gateway = await start(null, { env: { UPSTREAM: 'off' } })
    const page = await open(gateway)
    expect(await send(page)).toEqual(problem('forbidden', 'takes no events from browsers (UPSTREAM)'))
    expect(page.messages[0]?.data).toMatchObject({ features: ['filters', 'subscribe', 'token', 'short-cursors'] })
  })

  it('comes over HTTP as well, on any pod, and is written once whichever way it comes', async () => {
    const gateway = await start([{ type: 'chat.message', ratePerUser: 1, burst: 1 }])
    const post = async (body: string): Promise<unknown> => {
      const headers = { authorization: `Bearer ${await gateway.token({ user_id: 'ann' })}`, 'content-type': 'application/cloudevents+json' }
      // This pod has no such session: it takes the event all the same.
      const response = await fetch(`${gateway.url}/api/chrome-service/v1/sessions/of-another-pod/frames`, { method: 'POST', headers, body })
      return [response.status, await response.json()]
    }
    expect(await post(event())).toEqual([200, expect.objectContaining({ type: 'dev.carillon.ack', data: { id: '1' } })])
    expect(await send(await open(gateway))).toEqual({ id: '1' })
    expect(await recordsOf(gateway.upstreamLog)).toHaveLength(1)
    const refused = await post(event({ id: '2', authid: 'bob' }))
    expect(refused).toEqual([200, expect.objectContaining({ type: 'dev.carillon.nack', data: problem('invalid-event', 'authid', '2') })])
  })

  it('passes its trace context on to the record, and keeps its own extension', async () => {
    const gateway = await start([{ type: 'chat.message' }])
    const page = await open(gateway)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(await send(page, { id: 'a', traceparent })).toEqual({ id: 'a' })
    expect(await send(page, { id: 'b', traceparent: 'forged\u2028line' })).toEqual({ id: 'b' })
    const records = (await recordsOf(gateway.upstreamLog)).map(headersOf)
    expect(records.map((headers) => [headers['traceparent'], headers['ce_traceparent']])).toEqual([
      [traceparent, traceparent],
      [undefined, 'forged\u2028line'],
    ])
  })

  it('keeps its place among the events of its connection', async () => {
    const gateway = await start([{ type: 'chat.message', burst: 16 }])
    const page = await open(gateway)
    const ids = Array.from({ length: 16 }, (_, index) => String(index))
    for (const id of ids) page.send(event({ id }))
    await vi.waitFor(() => expect(page.ids.filter((id) => id === '!ack')).toHaveLength(16))
    expect((await recordsOf(gateway.upstreamLog)).map((record) => headersOf(record)['ce_id'])).toEqual(ids)
  })
})
