import { afterEach, describe, expect, it, vi } from 'vitest'
import { decodeFailureReasons } from './event/decoded-record.ts'
import { metrics as table } from './observability/metrics.ts'
import { createPrometheusMetrics } from './observability/prometheus.ts'
import { failed } from '../program/result.ts'
import { startTestGateway, type TestGateway, type TestGatewayOptions } from './testing/test-gateway.ts'
import { openSocket } from './testing/test-socket.ts'

/** The metrics of a gateway after traffic: the real registry, scraped from the internal port. */

const running: TestGateway[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

type Page = ReadonlyMap<string, number>

interface Scraped extends TestGateway {
  /** Series -> value, as the page has them: `name{label="value"}`. */
  scrape(): Promise<Page>
}

async function start(options: TestGatewayOptions = {}): Promise<Scraped> {
  const prometheus = createPrometheusMetrics({ version: '0' })
  const gateway = await startTestGateway({
    ...options,
    adapters: { metrics: prometheus.metrics, metricsPage: prometheus, ...options.adapters },
  })
  running.push(gateway)
  return { ...gateway, scrape: async () => parsePage(await (await fetch(`${gateway.internalUrl}/metrics`)).text()) }
}

function parsePage(text: string): Page {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

/** The values of a metric by its label, without those that are zero; or its one value. */
function read(page: Page, name: keyof typeof table): Readonly<Record<string, number>> | number | undefined {
  const definition = table[name]
  const [label] = Object.entries<readonly string[]>(definition.labels)
  if (label === undefined) return page.get(definition.type === 'histogram' ? `${definition.name}_count` : definition.name)
  const values = label[1].map((value) => [value, page.get(`${definition.name}{${label[0]}="${value}"}`) ?? Number.NaN] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== 0))
}

const reads = (page: Page, ...names: readonly (keyof typeof table)[]) => Object.fromEntries(names.map((name) => [name, read(page, name)]))
const never = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => Promise.reject(new Error('it was let in')),
    () => undefined,
  )

describe('the page of a gateway that has just begun', () => {
  it('has every series of the table, and all are zero but the gauges that say that all is well, and those of connections', async () => {
    const page = await (await start()).scrape()
    const series = Object.values(table).flatMap(({ name, type, labels }) => {
      const [label] = Object.entries<readonly string[]>(labels)
      return (label === undefined ? [''] : label[1].map((value) => `{${label[0]}="${value}"}`)).map(
        (suffix) => `${name}${type === 'histogram' ? '_count' : ''}${suffix}`,
      )
    })
    expect(series.filter((name) => !page.has(name))).toEqual([])
    expect(series.filter((name) => page.get(name) !== 0)).toEqual([
      'carillon_connections{port="internal"}',
      'carillon_connections_max{port="public"}',
      'carillon_connections_max{port="internal"}',
      'carillon_log_healthy',
      'carillon_log_writable',
      'carillon_dlq_healthy',
      'carillon_revocations_healthy',
      'carillon_upstream_writable',
    ])
    expect(page.get(`carillon_build_info{version="0",node="${process.version}"}`)).toBe(1)
  })
})

describe('connections', () => {
  it('are counted while they live and when they end, by transport and by who ended them', async () => {
    const { socketUrl, url, token, scrape } = await start({ env: { UPSTREAM: 'off' } })
    const ann = await token({ user_id: 'ann' })
    const sockets = await Promise.all([1, 2, 3].map(() => openSocket(socketUrl, { token: ann })))
    const streams = await Promise.all(
      [1, 2].map(() => fetch(`${url}/api/chrome-service/v1/events`, { headers: { authorization: `Bearer ${ann}` } })),
    )
    expect(reads(await scrape(), 'sessions', 'sessionsOpened', 'sessionsClosed')).toEqual({
      sessions: { websocket: 3, sse: 2 },
      sessionsOpened: { websocket: 3, sse: 2 },
      sessionsClosed: {},
    })
    sockets[0]?.close()
    sockets[1]?.send('x'.repeat(5_000))
    await streams[0]?.body?.cancel()
    await vi.waitFor(async () => expect(read(await scrape(), 'sessions')).toEqual({ websocket: 1, sse: 1 }))
    expect(reads(await scrape(), 'sessionsOpened', 'sessionsClosed')).toEqual({
      sessionsOpened: { websocket: 3, sse: 2 },
      sessionsClosed: { frameTooLarge: 1, peer: 2 },
    })
  })

  it('that were ended by the gateway are counted by the code', async () => {
    const { socketUrl, token, scrape, log } = await start({ env: { INBOUND_FRAMES_BURST: '10', JWT_CLOCK_TOLERANCE_MS: '0' } })
    const ann = await token({ user_id: 'ann' })
    const expiring = await openSocket(socketUrl, { token: await token({ user_id: 'ann', exp: Math.floor(Date.now() / 1000) + 1 }) })
    await expiring.closed
    const flooding = await openSocket(socketUrl, { token: ann })
    for (let frame = 0; frame < 30; frame += 1) flooding.send('x')
    await flooding.closed
    const plain = await openSocket(socketUrl, { token: ann })
    log.recreate()
    await plain.closed
    expect(read(await scrape(), 'sessionsClosed')).toEqual({ tokenExpired: 1, tooManyFrames: 1, eventsLost: 1 })
  })

  it('that were refused are counted by reason', async () => {
    const gateway = await start({ env: { MAX_CONNECTIONS: '2', MAX_CONNECTIONS_PER_USER: '1' }, config: { kafkaUnreadyAfterMs: 100 } })
    const { socketUrl, token, scrape } = gateway
    const ann = await token({ user_id: 'ann' })
    await never(openSocket(socketUrl, { token: ann, origin: 'https://evil.example' }))
    await never(openSocket(socketUrl, { token: ann, protocols: ['graphql-ws'] }))
    await never(openSocket(`${socketUrl}/more`, { token: ann }))
    await never(openSocket(socketUrl))
    await never(openSocket(socketUrl, { token: 'forged.token.x' }))
    await never(openSocket(socketUrl, { token: ann, cursor: 'garbage' }))
    await openSocket(socketUrl, { token: ann })
    await never(openSocket(socketUrl, { token: ann }))
    await openSocket(socketUrl, { token: await token({ user_id: 'bob' }) })
    await never(openSocket(socketUrl, { token: ann }))
    gateway.log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    await vi.waitFor(() => expect(gateway.gateway.health.ready().ok).toBe(false))
    await never(openSocket(socketUrl, { token: ann }))
    expect(read(await scrape(), 'handshakesRefused')).toEqual({
      origin: 1,
      subprotocol: 1,
      request: 1,
      unauthenticated: 2,
      'bad-cursor': 1,
      'too-many-connections': 1,
      overloaded: 1,
      'not-ready': 1,
    })
  })

  it('that come too fast, while keys are missing, or to a pod that stops, are counted, too, by either transport', async () => {
    const keys = { authenticate: () => Promise.resolve(failed({ kind: 'keys-unavailable', detail: 'for the test' } as const)) }
    const { socketUrl, url, token, scrape, stop } = await start({
      env: { UPGRADE_RATE_PER_S: '1', UPGRADE_BURST: '2', DRAIN_DELAY_MS: '500' },
      adapters: { authenticator: keys },
    })
    const ann = await token({ user_id: 'ann' })
    const stream = (): Promise<Response> => fetch(`${url}/api/chrome-service/v1/events`, { headers: { authorization: `Bearer ${ann}` } })
    await never(openSocket(socketUrl, { token: ann }))
    const statuses = [(await stream()).status, (await stream()).status]
    const stopped = stop()
    await never(openSocket(socketUrl, { token: ann }))
    expect([statuses, read(await scrape(), 'handshakesRefused')]).toEqual([
      [503, 429],
      { 'keys-unavailable': 2, 'too-many-upgrades': 1, draining: 1 },
    ])
    await stopped
  })
})

describe('events', () => {
  it('are counted as emitted, read, encoded once, delivered to each, and held', async () => {
    const { socketUrl, token, emit, scrape, url } = await start()
    const sockets = await Promise.all(
      ['ann', 'bob', 'cid'].map(async (user_id) => openSocket(socketUrl, { token: await token({ user_id }) })),
    )
    await emit({ id: 'all', type: 't', broadcast: true })
    await emit({ id: 'two', type: 't', users: ['ann', 'bob'] })
    await emit({ id: 'stranger', type: 't', users: ['stranger'] })
    const batch = [1, 2].map((id) => ({ specversion: '1.0', id: `batch-${id}`, source: '/s', type: 't', audience: '{"users":["cid"]}' }))
    await fetch(`${url}/api/chrome-service/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(batch),
    })
    await Promise.all([sockets[0]?.until(2), sockets[1]?.until(2), sockets[2]?.until(3)])
    const page = await scrape()
    expect(
      reads(
        page,
        'emitted',
        'recordsRead',
        'eventsEncoded',
        'deliveries',
        'replayEntries',
        'deduplicationIds',
        'logLag',
        'emitLatency',
        'deliveryLatency',
        'emitInFlight',
      ),
    ).toEqual({
      emitted: { 'emit-message': 3, events: 2 },
      recordsRead: 5,
      eventsEncoded: 4,
      deliveries: 7,
      replayEntries: 5,
      deduplicationIds: 5,
      logLag: 0,
      emitLatency: 4,
      deliveryLatency: 4,
      emitInFlight: 0,
    })
    expect(read(page, 'deliveryWrites')).toBeLessThanOrEqual(7)
    expect([
      Number(read(page, 'replayBytes')) > 5 * 512,
      Number(read(page, 'replayAge')) < 10,
      Number(page.get('carillon_delivery_latency_seconds_sum')) < 4,
    ]).toEqual([true, true, true])
  })

  it('that are undecodable, without recipients or duplicates are counted by reason', async () => {
    const { log, scrape, socketUrl, token } = await start({ env: { MAX_EVENT_BYTES: '1024' } })
    await openSocket(socketUrl, { token: await token({ user_id: 'ann' }) })
    const attributes = { ce_specversion: '1.0', ce_source: '/s', ce_type: 't', ce_audience: '{"broadcast":true}' }
    const json = (event: object): string => JSON.stringify({ specversion: '1.0', id: '1', source: '/s', type: 't', ...event })
    const poison: Readonly<Record<(typeof decodeFailureReasons)[number], Omit<Parameters<typeof log.append>[0][number], 'partition'>>> = {
      empty: {},
      'not-json': { value: '{' },
      'invalid-utf8': { value: Buffer.from([0x22, 0xff, 0x22]) },
      'not-an-event': { value: '[]' },
      specversion: { value: json({ specversion: '0.3' }) },
      'bad-attribute': { headers: { ...attributes, ce_id: 'a', 'ce_no-such-name': 'x' } },
      'bad-audience': { headers: { ...attributes, ce_id: 'b', ce_audience: '{"roles":["admin"]}' } },
      'misspelt-member': { value: json({ data: { organizations: ['o1'], role: ['admin'] } }) },
      'bad-data': { headers: { ...attributes, ce_id: 'c', 'content-type': 'application/json' }, value: '{' },
      'too-deep': { value: '['.repeat(1_000) },
      'too-large': { value: 'x'.repeat(2_000) },
      'content-type': { headers: { 'content-type': 'text/plain' }, value: 'x' },
      'dead-letter': { headers: { carillon_dlq_reason: 'not-json' }, value: 'x' },
    }
    log.append(Object.values(poison).map((record) => ({ partition: 0, ...record })))
    log.append([
      { partition: 0, headers: { ...attributes, ce_id: 'same' } },
      { partition: 0, headers: { ...attributes, ce_id: 'same' } },
      { partition: 0, headers: { ...attributes, ce_id: 'nobody', ce_audience: '{}' } },
    ])
    await vi.waitFor(async () => expect(read(await scrape(), 'deliveries')).toBe(1))
    const page = await scrape()
    expect(read(page, 'recordsUndecodable')).toEqual(Object.fromEntries(decodeFailureReasons.map((reason) => [reason, 1])))
    expect(reads(page, 'recordsRead', 'recordsWithoutAudience', 'recordsDuplicate')).toEqual({
      recordsRead: 16,
      recordsWithoutAudience: 1,
      recordsDuplicate: 1,
    })
  })

  it('that are replayed, and gaps, are counted', async () => {
    const { log, scrape, socketUrl, token, emit } = await start()
    const ann = await token({ user_id: 'ann' })
    const first = await openSocket(socketUrl, { token: ann, cursor: 'latest' })
    const cursor = (await first.until(1))[0]?.cursor ?? ''
    first.close()
    await vi.waitFor(async () => expect(read(await scrape(), 'sessions')).toEqual({}))
    for (const id of ['one', 'two', 'three']) await emit({ id, type: 't', users: ['ann'] })
    const second = await openSocket(socketUrl, { token: ann, cursor })
    await second.untilReceived('!resumed')
    await emit({ id: 'live', type: 't', users: ['ann'] })
    await second.untilReceived('live')
    expect(reads(await scrape(), 'resumes', 'eventsReplayed', 'deliveries', 'gaps')).toEqual({
      resumes: 1,
      eventsReplayed: 3,
      deliveries: 4,
      gaps: {},
    })
    log.recreate()
    await second.untilReceived('!gap')
    await openSocket(socketUrl, { token: ann, cursor })
    await vi.waitFor(async () => expect(reads(await scrape(), 'resumes', 'gaps')).toEqual({ resumes: 2, gaps: { epoch: 2 } }))
  })
})

describe('emits', () => {
  it('that are refused are counted by status', async () => {
    const { url, token, emit, scrape, log } = await start({
      env: {
        EMIT_RATE_PER_S: '1',
        EMIT_BURST: '3',
        EMIT_MAX_BATCH: '2',
        EMIT_MAX_IN_FLIGHT: '2',
        MAX_EVENT_BYTES: '1024',
        EMIT_MAX_BODY_BYTES: '2048',
      },
      config: { isDevelopment: false, allowedOrigins: ['https://console.example'] },
    })
    const good = { authorization: `Bearer ${await token({ user_id: 'ann', scope: 'carillon.emit' })}` }
    const event = { type: 't', broadcast: true }
    const post = (path: string, headers: Record<string, string>, body = '{}', method = 'POST') =>
      fetch(`${url}/api/${path}`, { method, headers, body })
    const statuses = [
      await emit({ type: 't' }, good),
      await emit(event),
      await emit(event, { authorization: `Bearer ${await token({ user_id: 'ann' })}` }),
      await post('another/v1/events', good),
      await post('chrome-service/v1/events', good, '{}', 'PUT'),
      await emit({ ...event, payload: 'x'.repeat(5_000) }, good),
      await post('chrome-service/v1/events', { ...good, 'content-type': 'application/cloudevents+xml' }),
      (log.faults.failNextPublish({ kind: 'unavailable', detail: 'for the test' }), await emit(event, good)),
      (log.faults.failNextPublish({ kind: 'refused', detail: 'for the test', isPartial: false }), await emit(event, good)),
      await emit(event, good),
      await emit(event, good),
    ].map(({ status }) => status)
    expect(statuses).toEqual([400, 401, 403, 404, 405, 413, 415, 503, 502, 202, 429])
    expect(reads(await scrape(), 'emitRefused', 'emitted', 'rateLimitedEmitters')).toEqual({
      emitRefused: { 400: 1, 401: 1, 403: 1, 404: 1, 405: 1, 413: 1, 415: 1, 429: 1, 502: 1, 503: 1 },
      emitted: { 'emit-message': 1 },
      rateLimitedEmitters: 1,
    })
  })

  it('that wait for the acknowledgement are counted while they wait', async () => {
    const { emit, scrape, log } = await start()
    log.faults.holdAcknowledgements()
    const waiting = [emit({ type: 't', broadcast: true }), emit({ type: 't', broadcast: true })]
    await vi.waitFor(async () => expect(reads(await scrape(), 'emitInFlight', 'emitted')).toEqual({ emitInFlight: 2, emitted: {} }))
    log.faults.releaseAcknowledgements()
    await Promise.all(waiting)
    expect(reads(await scrape(), 'emitInFlight', 'emitted')).toEqual({ emitInFlight: 0, emitted: { 'emit-message': 2 } })
  })
})

describe('the log', () => {
  it('is not writable from an emit that it refuses until one that it acknowledges', async () => {
    const { log, emit, scrape } = await start()
    const writable = async () => read(await scrape(), 'logWritable')
    log.faults.failNextPublish({ kind: 'refused', detail: 'for the test', isPartial: false })
    await emit({ type: 't', broadcast: true })
    expect(await writable()).toBe(0)
    await emit({ type: 't', broadcast: true })
    expect(await writable()).toBe(1)
  })

  it('is healthy while it is read, and says how far behind the pod is', async () => {
    const { log, scrape } = await start()
    log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    await vi.waitFor(async () => expect(read(await scrape(), 'logHealthy')).toBe(0))
    log.faults.resume()
    await vi.waitFor(async () => expect(read(await scrape(), 'logHealthy')).toBe(1))
  })

  it('is unhealthy while one partition is behind, and says how many are, by state', async () => {
    const { log, scrape } = await start()
    log.faults.interruptPartition({ partition: 1, kind: 'unreachable', detail: 'for the test' })
    log.faults.interruptPartition({ partition: 2, kind: 'unreachable', detail: 'for the test' })
    await vi.waitFor(async () =>
      expect(reads(await scrape(), 'logHealthy', 'partitionsBehind')).toEqual({ logHealthy: 0, partitionsBehind: { unreachable: 2 } }),
    )
    log.faults.resume()
    await vi.waitFor(async () =>
      expect(reads(await scrape(), 'logHealthy', 'partitionsBehind')).toEqual({ logHealthy: 1, partitionsBehind: {} }),
    )
  })
})

describe('frames that clients send', () => {
  it('are counted', async () => {
    const { socketUrl, token, scrape } = await start()
    const socket = await openSocket(socketUrl, { token: await token({ user_id: 'ann' }) })
    for (let frame = 0; frame < 7; frame += 1) socket.send('ignored')
    await vi.waitFor(async () => expect(read(await scrape(), 'inboundFrames')).toBe(7))
  })
})
