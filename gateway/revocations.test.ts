import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectRaw } from './adapters/http/testing/raw-client.ts'
import { createDevelopmentIssuer } from './adapters/jose/development-keys.ts'
import { createMemoryLog, type MemoryLog } from './adapters/memory/memory-log.ts'
import { createRecordingLogger } from './testing/recording-logger.ts'
import { createRecordingMetrics } from './testing/recording-metrics.ts'
import { createTestLog, startTestGateway, type TestGateway, type TestGatewayOptions } from './testing/test-gateway.ts'
import { openSocket, type TestSocket } from './testing/test-socket.ts'

/** Two pods of one channel: one issuer, one topic, one control topic. */
interface Pods {
  readonly pods: readonly [TestGateway, TestGateway]
  readonly control: MemoryLog
  readonly token: (claims: Readonly<Record<string, unknown>>) => Promise<string>
  readonly start: (options?: TestGatewayOptions, isStarted?: (gateway: TestGateway) => boolean) => Promise<TestGateway>
}

const gateways: TestGateway[] = []
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()))
})

async function startPods(options: TestGatewayOptions = {}): Promise<Pods> {
  const log = createTestLog()
  const control = createMemoryLog({ partitions: 1, clock: { now: Date.now }, endsIntervalMs: 50 })
  const issuer = await createDevelopmentIssuer({ logger: createRecordingLogger().logger, metrics: createRecordingMetrics().metrics })
  const start = async (more: TestGatewayOptions = {}, isStarted = isReady): Promise<TestGateway> => {
    const { config, env, adapters } = { ...options, ...more }
    const gateway = await startTestGateway({
      log,
      control,
      ...(config === undefined ? {} : { config }),
      ...(env === undefined ? {} : { env }),
      adapters: { authenticator: issuer.authenticator, issueToken: issuer.sign, ...adapters },
    })
    gateways.push(gateway)
    await vi.waitFor(() => expect(isStarted(gateway)).toBe(true))
    return gateway
  }
  const token = async (claims: Readonly<Record<string, unknown>>): Promise<string> => {
    const signed = await issuer.sign(claims)
    if (!signed.ok) throw new Error(signed.error)
    return signed.value
  }
  return { pods: [await start(), await start()], control, token, start }
}

const isReady = ({ gateway }: TestGateway): boolean => gateway.health.ready().ok
const isWarm = ({ gateway }: TestGateway): boolean => gateway.health.ready().waitingFor.every((reason) => reason.startsWith('revocations'))

const revocationsOf = ({ url }: TestGateway): string => `${url}/api/chrome-service/v1/revocations`
const revoke = (gateway: TestGateway, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(revocationsOf(gateway), { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
const connect = ({ socketUrl }: TestGateway, token: string, cursor = 'latest'): Promise<TestSocket> =>
  openSocket(socketUrl, { token, cursor })
const secondsAgo = (seconds: number): number => Math.floor(Date.now() / 1000) - seconds

describe('a revocation', () => {
  it('ends the sessions of a user on all pods with the code `revoked`, and no others', async () => {
    const { pods, token } = await startPods()
    const ann = await token({ user_id: 'ann', iat: secondsAgo(10) })
    const sockets = await Promise.all(pods.map((pod) => connect(pod, ann)))
    const bob = await connect(pods[1], await token({ user_id: 'bob', iat: secondsAgo(10) }))
    const response = await revoke(pods[0], { users: ['ann', 'nobody'] })
    expect([response.status, await response.json()]).toEqual([
      202,
      {
        revocations: ['user:ann', 'user:nobody'].map((subject) => ({
          subject,
          issuedBefore: expect.any(String),
          until: expect.any(String),
        })),
      },
    ])
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual(
      sockets.map(() => ({ code: 4002, reason: 'The token was revoked. Get a new token before you connect again.' })),
    )
    await pods[1].emit({ id: 'after', type: 'x', broadcast: true })
    await bob.untilReceived('after')
    expect(pods[1].metrics.value('sessionsClosed', { code: 'revoked' })).toBe(1)
  })

  it.each([
    ['a user', { users: ['ann'] }],
    ['an organization', { organization: 'red' }],
    ['a token by its id', { tokenIds: ['t-1'] }],
  ])('of %s is the end of its streams, handshakes, emits and new tokens', async (_, body) => {
    const { pods, token } = await startPods({
      config: { isDevelopment: false, emitScopes: ['carillon.emit'], revocationScopes: ['carillon.admin'] },
    })
    const [pod, other] = pods
    const claims = { user_id: 'ann', org_id: 'red', jti: 't-1', iat: secondsAgo(10), scope: 'carillon.emit' }

    const old = await token(claims)
    const issuedBefore = new Date(secondsAgo(5) * 1000).toISOString()
    const admin = await token({ user_id: 'root', scope: 'carillon.admin' })
    const stream = await fetch(`${pod.url}/api/chrome-service/v1/events`, { headers: { authorization: `Bearer ${old}` } })
    const renewing = await connect(pod, await token({ ...claims, org_id: 'blue', jti: 't-2', iat: undefined }))
    expect((await revoke(other, { ...body, issuedBefore }, { authorization: `Bearer ${admin}` })).status).toBe(202)
    expect(await stream.text()).toContain('"code":4002')
    const refusal = { status: 401, body: expect.stringContaining('urn:carillon:problem:revoked') }
    await expect(connect(pod, old)).rejects.toMatchObject(refusal)
    const emitted = await pod.emit({ type: 'x', broadcast: true }, { authorization: `Bearer ${old}` })
    expect([emitted.status, await emitted.json()]).toEqual([401, expect.objectContaining({ type: 'urn:carillon:problem:revoked' })])
    renewing.send(JSON.stringify({ specversion: '1.0', id: 'r', source: '/page', type: 'dev.carillon.token', data: { token: old } }))
    await renewing.untilReceived('!nack')
    expect(renewing.messages.at(-1)?.data).toMatchObject({ id: 'r', type: 'urn:carillon:problem:revoked' })
    expect(pod.metrics.value('revokedTokensRefused')).toBe(3)
  })

  it('leaves tokens alone that were issued at its time or later', async () => {
    const { pods, token } = await startPods()
    const issuedBefore = new Date(secondsAgo(60) * 1000).toISOString()
    const sockets = await Promise.all([
      connect(pods[0], await token({ user_id: 'ann', iat: secondsAgo(61) })),
      connect(pods[0], await token({ user_id: 'ann', iat: Date.parse(issuedBefore) / 1000 })),
    ])
    await revoke(pods[0], { users: ['ann'], issuedBefore })
    expect((await sockets[0]?.closed)?.code).toBe(4002)
    await pods[0].emit({ id: 'after', type: 'x', users: ['ann'] })
    await sockets[1]?.untilReceived('after')
  })

  it('is never weakened by a later one', async () => {
    const { pods, token } = await startPods()
    const ann = await token({ user_id: 'ann', iat: secondsAgo(10) })
    await revoke(pods[0], { users: ['ann'] })
    const again = await revoke(pods[0], { users: ['ann'], issuedBefore: '2020-01-01T00:00:00Z' })
    expect(await again.json()).toMatchObject({ revocations: [{ issuedBefore: expect.not.stringContaining('2020') }] })
    await expect(connect(pods[0], ann)).rejects.toMatchObject({ status: 401 })
  })

  it('is known to a pod that starts later, before it is ready', async () => {
    const { pods, control, token, start } = await startPods()
    const ann = await token({ user_id: 'ann', iat: secondsAgo(10) })
    await revoke(pods[0], { users: ['ann'] })
    control.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    const late = await start({}, isWarm)
    expect(late.gateway.health.ready().waitingFor).toEqual([
      'revocations: the revocations have not been read yet (revocations-connecting: for the test)',
    ])
    await expect(connect(late, await token({ user_id: 'bob' }))).rejects.toMatchObject({ status: 503 })
    // It cannot tell a revoked token from another one.
    const authorization = `Bearer ${ann}`
    const answers = [
      await late.emit({ type: 'x', broadcast: true }, { authorization }),
      await revoke(late, { users: ['bob'] }, { authorization }),
      await fetch(`${late.url}/api/chrome-service/v1/sessions/any/frames`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/cloudevents+json' },
        body: JSON.stringify({ specversion: '1.0', id: 'early', source: '/page', type: 'chat.message' }),
      }),
    ]
    expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual(answers.map(() => [503, '1']))
    expect(await answers[2]?.json()).toMatchObject({ type: 'urn:carillon:problem:not-ready' })
    control.faults.resume()
    await vi.waitFor(() => expect(late.gateway.health.ready().ok).toBe(true))
    await expect(connect(late, ann)).rejects.toMatchObject({ status: 401 })
  })

  it('that the topic has lost is written again, when the topic is recreated', async () => {
    const { pods, control, token, start } = await startPods()
    const ann = await token({ user_id: 'ann', iat: secondsAgo(10) })
    await revoke(pods[0], { users: ['ann'] })
    control.recreate()
    await expect(connect(pods[1], ann)).rejects.toMatchObject({ status: 401 })
    await vi.waitFor(() => expect(control.endOffsets[0]).toBeGreaterThan(0))
    await expect(connect(await start(), ann)).rejects.toMatchObject({ status: 401 })
  })

  it('cannot be read for a while: the pod says so, stays ready for that long, and takes no client after it', async () => {
    const { pods, control, token } = await startPods({ config: { revocationUnreadyAfterMs: 300 } })
    const { gateway, metrics, internalUrl } = pods[0]
    const socket = await connect(pods[0], await token({ user_id: 'ann' }))
    control.faults.interrupt({ kind: 'connecting', detail: 'for the test' })
    await vi.waitFor(() => expect(metrics.value('revocationsHealthy')).toBe(0))
    await vi.waitFor(() => expect(gateway.health.ready().waitingFor).toEqual(['revocations: revocations-connecting: for the test']))
    expect(await (await fetch(`${internalUrl}/readyz`)).json()).toMatchObject({ degraded: [{ kind: 'revocations-connecting' }] })
    await pods[0].emit({ id: 'still', type: 'x', users: ['ann'] })
    await socket.untilReceived('still')
    control.faults.resume()
    await vi.waitFor(() => expect(gateway.health.ready().ok).toBe(true))
    expect(metrics.value('revocationsHealthy')).toBe(1)
  })
})

describe('POST revocations', () => {
  const refusalOf = async (response: Response): Promise<readonly unknown[]> => {
    const { type, detail } = (await response.json()) as { readonly type: string; readonly detail: string } // every refusal is a problem
    return [response.status, type.replace('urn:carillon:problem:', ''), detail]
  }

  it('needs the scope, and takes no cookie without an origin', async () => {
    const { pods, token } = await startPods({
      config: { isDevelopment: false, revocationScopes: ['carillon.admin'], allowedOrigins: ['https://app.example'] },
    })
    const ann = { users: ['ann'] }
    const emitter = await token({ user_id: 'svc', scope: 'carillon.emit' })
    const admin = await token({ user_id: 'root', scope: 'carillon.admin' })
    const bearer = (value: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${value}` })
    expect(await refusalOf(await revoke(pods[0], ann))).toEqual([401, 'unauthenticated', expect.any(String)])
    expect(await refusalOf(await revoke(pods[0], ann, bearer(emitter)))).toEqual([
      403,
      'forbidden',
      'The token has no scope that allows revoking tokens. It needs one of: carillon.admin (in `scope` or `scp`).',
    ])
    expect(await refusalOf(await revoke(pods[0], ann, { cookie: `cs_jwt=${admin}` }))).toEqual([
      403,
      'origin-forbidden',
      expect.any(String),
    ])
    expect(await refusalOf(await revoke(pods[0], ann, { ...bearer(admin), origin: 'https://evil.example' }))).toEqual([
      403,
      'origin-forbidden',
      expect.any(String),
    ])
    expect((await revoke(pods[0], ann, { cookie: `cs_jwt=${admin}`, origin: 'https://app.example' })).status).toBe(202)
  })

  it('says how to set the control topic where there is none', async () => {
    const { pods } = await startPods({ adapters: { control: null } })
    expect(await refusalOf(await revoke(pods[0], { users: ['ann'] }))).toEqual([
      404,
      'not-found',
      expect.stringContaining('KAFKA_CONTROL_TOPIC'),
    ])
  })

  it('refuses what a channel has no room for, and takes what it knows already', async () => {
    const { pods } = await startPods({ config: { maxRevocations: 2 } })
    expect((await revoke(pods[0], { users: ['ann', 'bob'] })).status).toBe(202)
    expect(await refusalOf(await revoke(pods[0], { users: ['ann', 'cid'] }))).toEqual([
      507,
      'too-many-revocations',
      expect.stringContaining('MAX_REVOCATIONS'),
    ])
    expect((await revoke(pods[0], { users: ['bob'] })).status).toBe(202)
  })

  it('answers 503 when the brokers do not acknowledge, and revokes nothing', async () => {
    const { pods, control, token } = await startPods()
    control.faults.failNextPublish({ kind: 'unavailable', detail: 'for the test' })
    expect(await refusalOf(await revoke(pods[0], { users: ['ann'] }))).toEqual([
      503,
      'not-acknowledged',
      expect.stringContaining('Send it again'),
    ])
    const socket = await connect(pods[0], await token({ user_id: 'ann', iat: secondsAgo(10) }))
    socket.close()
  })

  it('has a rate, which it shares with emits', async () => {
    const { pods } = await startPods({ config: { emitBurst: 2, emitRatePerS: 1 } })
    expect(await refusalOf(await revoke(pods[0], { users: ['a', 'b', 'c'] }))).toEqual([413, 'batch-too-large', expect.any(String)])
    expect((await revoke(pods[0], { users: ['a', 'b'] })).status).toBe(202)
    expect(await refusalOf(await revoke(pods[0], { users: ['a'] }))).toEqual([429, 'too-many-requests', expect.any(String)])
  })

  it('refuses a frame over HTTP whose sender was revoked while the body was on its way', async () => {
    const { pods, token } = await startPods()
    const { url, upstreamLog } = pods[0]
    const ann = await token({ user_id: 'ann', iat: secondsAgo(10) })
    const frame = JSON.stringify({ specversion: '1.0', id: 'late', source: '/page', type: 'chat.message' })
    const client = await connectRaw(Number(new URL(url).port))
    client.send(
      `POST /api/chrome-service/v1/sessions/any/frames HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ann}\r\nExpect: 100-continue\r\n` +
        `Content-Type: application/cloudevents+json\r\nContent-Length: ${frame.length}\r\nConnection: close\r\n\r\n`,
    )
    // The gateway asks for the body after it has accepted the token.
    await client.until('100 Continue')
    expect((await revoke(pods[0], { users: ['ann'] })).status).toBe(202)
    client.send(frame)
    expect(await client.ended()).toContain('urn:carillon:problem:revoked')
    expect(upstreamLog.endOffsets.every((end) => end === 0)).toBe(true)
  })

  it('answers without a body where the caller prefers so', async () => {
    const { pods } = await startPods()
    const response = await revoke(pods[0], { users: ['ann'] }, { prefer: 'return=minimal' })
    expect([response.status, response.headers.get('preference-applied'), await response.text()]).toEqual([202, 'return=minimal', ''])
  })

  it('names no user above debug in the log', async () => {
    const { pods } = await startPods()
    await revoke(pods[0], { users: ['ann', 'bob'] })
    const lines = pods[0].logger.lines.filter(({ message }) => message === 'tokens revoked')
    expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['info', { requestId: expect.any(String), kind: 'development', revoked: 'user', subjects: 2 }],
      ['debug', { requestId: expect.any(String), by: 'development', subjects: ['user:ann', 'user:bob'] }],
    ])
  })
})
