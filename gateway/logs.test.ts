import { afterEach, describe, expect, it, vi } from 'vitest'
import { createPinoLogger } from '../program/log/pino.ts'
import { startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket } from './testing/test-socket.ts'

/** The log lines of a gateway under all events, by the real logger. They never have a token, a payload, a cookie or a user. */

const running: TestGateway[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.stop()))
})

/** A word in every value that a log line must not have. */
const secret = 'hunter2'

interface Written {
  readonly gateway: TestGateway
  readonly text: () => string
  readonly lines: () => readonly Readonly<Record<string, unknown>>[]
}

async function start(level: 'debug' | 'info', production: boolean): Promise<Written> {
  const written: string[] = []
  const logger = createPinoLogger({ level, name: 'carillon-gateway', version: '0', destination: { write: (line) => written.push(line) } })
  const gateway = await startTestGateway({
    env: {
      EMIT_BURST: '100',
      EMIT_RATE_PER_S: '100',
      INBOUND_FRAMES_BURST: '10',
      MAX_CONNECTIONS_PER_USER: '3',
      KAFKA_PRODUCE_TIMEOUT_MS: '200',
    },
    config: {
      kafkaUnreadyAfterMs: 100,
      ...(production ? { isDevelopment: false, allowedOrigins: ['https://console.example'], emitTrustXRhIdentity: true } : {}),
    },
    adapters: { logger },
  })
  running.push(gateway)
  return {
    gateway,
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  } // pino writes objects
}

/** Waits for an attempt to end, however it does. */
const whatever = (attempt: Promise<unknown>): Promise<unknown> => attempt.catch((error: unknown) => error)

async function connectInEveryWay({ socketUrl, token, url, metrics }: TestGateway): Promise<void> {
  const good = await token({ user_id: secret, username: `${secret}-name`, org_id: `${secret}-org`, roles: [secret] })
  const expired = await token({ user_id: secret, exp: 1 })
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(`{"user_id":"${secret}"}`).toString('base64url')}.`
  const refused = [
    openSocket(socketUrl),
    openSocket(socketUrl, { token: unsigned }),
    openSocket(socketUrl, { token: `${secret}.${secret}.${secret}` }),
    openSocket(socketUrl, { token: expired }),
    openSocket(socketUrl, { authorization: `Bearer ${secret} ${secret}` }),
    openSocket(socketUrl, { cookie: `cs_jwt=${secret}; session=${secret}` }),
    openSocket(socketUrl, { cookie: `cs_jwt=${good}`, origin: `https://${secret}.example` }),
    openSocket(socketUrl, { token: good, cursor: secret }),
    openSocket(socketUrl, { token: good, protocols: [secret] }),
    openSocket(`${socketUrl}?token=${secret}`),
    openSocket(socketUrl.replace('chrome-service', secret), { token: good }),
  ]
  await Promise.all(refused.map(whatever))
  const [first, flooding, large] = await Promise.all([
    openSocket(socketUrl, { token: good, cursor: 'latest' }),
    openSocket(socketUrl, { token: good }),
    openSocket(socketUrl, { token: good }),
  ])
  await whatever(openSocket(socketUrl, { token: good }))
  for (let frame = 0; frame < 50; frame += 1) flooding?.send(`${secret} ${frame}`)
  large?.send(secret.repeat(2_000))
  await Promise.all([flooding?.closed, large?.closed])
  first?.terminate()
  const stream = await fetch(`${url}/api/chrome-service/v1/events?cursor=latest`, { headers: { authorization: `Bearer ${good}` } })
  await stream.body?.cancel()
  await vi.waitFor(() => expect(metrics.value('sessions')).toBe(0))
}

async function emitInEveryWay({ emit, url, token, log }: TestGateway): Promise<void> {
  const message = { id: secret, source: `urn:${secret}`, type: secret, users: [secret], payload: { password: secret } }
  const scoped = { authorization: `Bearer ${await token({ user_id: secret, scope: 'carillon.emit' })}` }
  const identity = (text: string): Record<string, string> => ({ 'x-rh-identity': Buffer.from(text).toString('base64') })
  const post = (path: string, headers: Record<string, string>, body: string): Promise<unknown> =>
    fetch(`${url}${path}`, { method: 'POST', headers, body })
  log.faults.failNextPublish({ kind: 'timeout', detail: 'for the test' })
  await emit(message, scoped)
  await Promise.all([
    emit(message, scoped),
    emit(message),
    emit(message, { authorization: `Bearer ${secret}` }),
    emit(message, { cookie: `cs_jwt=${secret}`, origin: 'https://console.example' }),
    emit(message, { ...scoped, origin: `https://${secret}.example` }),
    emit(message, identity(`{"identity":{"type":"User","user":{"user_id":"${secret}"}}}`)),
    emit(message, identity(`{"identity":"${secret}"`)),
    emit({ ...message, roles: [secret], users: [] }, scoped),
    emit({ ...message, payload: secret.repeat(60_000) }, scoped),
    emit({ ...message, traceparent: secret }, { ...scoped, traceparent: secret }),
    post('/api/chrome-service/v1/emit-message', scoped, `{"${secret}`),
    post('/api/chrome-service/v1/events', { ...scoped, 'content-type': `application/${secret}` }, secret),
    post('/api/chrome-service/v1/events', { ...scoped, 'content-type': 'application/cloudevents+json' }, `{"specversion":"${secret}"}`),
    post(`/${secret}?${secret}=${secret}`, {}, secret),
    post('/dev/token', {}, `{"user_id":"${secret}","exp":"${secret}"}`),
  ])
  await Promise.all(Array.from({ length: 120 }, () => emit(message, scoped)))
}

/** Records of other producers, good and bad, and troubles of the log. */
async function readEverything({ log, metrics, gateway, socketUrl, token }: TestGateway): Promise<void> {
  log.append([
    { partition: 0, value: `{"${secret}` },
    { partition: 0, value: JSON.stringify({ specversion: secret, id: secret, source: secret, type: secret }) },
    { partition: 0, headers: { ce_specversion: '1.0', ce_id: secret, ce_source: secret, ce_type: secret, ce_audience: `{"${secret}":1}` } },
    {
      partition: 0,
      key: secret,
      headers: {
        ce_specversion: '1.0',
        ce_id: secret,
        ce_source: secret,
        ce_type: secret,
        [`ce_${secret.toUpperCase()}!`]: secret,
        ce_audience: '{"broadcast":true}',
      },
      value: secret,
    },
    { partition: 0, headers: { 'content-type': secret }, value: secret },
    { partition: 0 },
  ])
  await vi.waitFor(() => expect(metrics.value('recordsUndecodable')).toBeGreaterThan(4))
  log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
  await vi.waitFor(() => expect(gateway.health.degraded()).toHaveLength(1))
  log.faults.resume()
  await vi.waitFor(() => expect(gateway.health.degraded()).toEqual([]))
  const socket = await openSocket(socketUrl, { token: await token({ user_id: secret }), cursor: 'latest' })
  await socket.untilReceived('!resumed')
  log.recreate()
  await socket.untilReceived('!gap')
}

const leaks = (text: string): readonly string[] => text.split('\n').filter((line) => line.includes(secret) || /eyJ[\w-]{8,}/.test(line))

/** Fields that only these lines may have, at debug: whose session begins and ends, and which event was emitted. */
const namedUsers: Readonly<Record<string, readonly string[] | undefined>> = {
  'session opened': ['user', 'username', 'organization', 'roles'],
  'session closed': ['user', 'username', 'organization', 'roles'],
  'event emitted': ['id', 'source', 'type'],
}

function withoutTold(line: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(line).filter(([name]) => namedUsers[String(line['msg'])]?.includes(name) !== true))
}

describe.each([
  ['development', false],
  ['production', true],
] as const)('in %s, for all actions of clients and producers', (_mode, isProduction) => {
  it('no line has a token, a payload, a cookie or a user, and none is an error', async () => {
    const { gateway, text, lines } = await start('info', isProduction)
    await connectInEveryWay(gateway)
    await emitInEveryWay(gateway)
    await readEverything(gateway)
    await gateway.stop()
    expect(lines().length).toBeGreaterThan(3)
    expect(leaks(text())).toEqual([])
    expect(lines().filter(({ level }) => level === 'error')).toEqual([])
  })

  it('a flood of requests is counted, and writes no line per request', async () => {
    const { gateway, lines } = await start('info', isProduction)
    const before = lines().length
    await connectInEveryWay(gateway)
    await emitInEveryWay(gateway)
    expect(lines().slice(before)).toEqual([])
  })

  it('debug lines have no token, cookie or content, users only when sessions open and close, and ids only of emitted events', async () => {
    const { gateway, lines } = await start('debug', isProduction)
    await connectInEveryWay(gateway)
    await emitInEveryWay(gateway)
    await readEverything(gateway)
    expect(lines().some(({ level }) => level === 'debug')).toBe(true)
    expect(
      leaks(
        lines()
          .map((line) => JSON.stringify(withoutTold(line)))
          .join('\n'),
      ),
    ).toEqual([])
  })
})

describe('what the gateway itself does', () => {
  it('is logged in constant messages with fields: listening, ready, unready, ready again, stopping', async () => {
    const { gateway, lines } = await start('info', false)
    gateway.log.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    await vi.waitFor(() => expect(gateway.gateway.health.ready().ok).toBe(false))
    gateway.log.faults.resume()
    await vi.waitFor(() => expect(gateway.gateway.health.ready().ok).toBe(true))
    await gateway.stop()
    expect(lines().map(({ level, msg, ready, waitingFor }) => [level, msg, ready, waitingFor])).toEqual([
      ['info', 'readiness changed', true, []],
      ['info', 'listening', undefined, undefined],
      ['warn', 'no partition can be read', undefined, undefined],
      ['info', 'readiness changed', false, ['log-reading: connecting: for the test']],
      ['info', 'readiness changed', true, []],
      ['info', 'readiness changed', false, ['not-draining: the gateway is stopping']],
    ])
    expect(lines()[1]).toMatchObject({
      name: 'carillon-gateway',
      port: gateway.gateway.ports.public,
      channel: 'chrome-service',
      topic: 'platform.chrome',
    })
  })
})
