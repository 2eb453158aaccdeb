import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createJwtAuthenticator } from './adapters/jose/authenticator.ts'
import { hasSigned } from './adapters/jose/has-signed.ts'
import { jwtOptions } from './adapters/jose/testing/jwt-options.ts'
import { createTestIssuer, goodClaims, type TestIssuer } from './adapters/jose/testing/test-issuer.ts'
import { createMemoryLog } from './adapters/memory/memory-log.ts'
import { createRecordingLogger } from './testing/recording-logger.ts'
import { createRecordingMetrics, type RecordingMetrics } from './testing/recording-metrics.ts'
import { createTestLog, startTestGateway, type TestGateway } from './testing/test-gateway.ts'
import { openSocket, type TestEvent, type TestSocket } from './testing/test-socket.ts'

interface Pod extends TestGateway {
  readonly tickets: RecordingMetrics
  /** Count of signatures that the pod has verified. */
  verifications(): number
}

const channel = 'chrome-service'

describe('resume tickets', () => {
  let folder: string
  let issuer: TestIssuer
  const pods: Pod[] = []
  beforeAll(async () => {
    ;[folder, issuer] = await Promise.all([mkdtemp(join(tmpdir(), 'carillon-tickets-')), createTestIssuer()])
    await Promise.all([
      writeFile(join(folder, 'keys.json'), JSON.stringify(issuer.jwk)),
      writeFile(join(folder, 'a'), 'a'.repeat(40)),
      writeFile(join(folder, 'b'), 'b'.repeat(40)),
    ])
  })
  afterEach(async () => {
    await Promise.all(pods.splice(0).map((pod) => pod.stop()))
  })
  afterAll(() => rm(folder, { recursive: true }))

  /** Two pods of one channel, with these files of secrets. */
  async function startPods(secrets: readonly string[] = ['a', 'a']): Promise<readonly [Pod, Pod]> {
    const log = createTestLog()
    const control = createMemoryLog({ partitions: 1, clock: { now: Date.now }, endsIntervalMs: 50 })
    const start = async (name = ''): Promise<Pod> => {
      const metrics = createRecordingMetrics()
      let verifications = 0
      const authenticator = createJwtAuthenticator(
        jwtOptions({ jwtKeysFile: join(folder, 'keys.json'), ticketKeysFile: name === '' ? '' : join(folder, name) }),
        {
          logger: createRecordingLogger().logger,
          metrics: metrics.metrics,
          now: Date.now,
          check: (token, key) => {
            verifications += 1
            return hasSigned(token, key)
          },
        },
      )
      const gateway = await startTestGateway({ log, control, adapters: { authenticator, keys: authenticator } })
      const pod = { ...gateway, tickets: metrics, verifications: () => verifications }
      pods.push(pod)
      await vi.waitFor(() => expect(pod.gateway.health.ready().ok).toBe(true))
      return pod
    }
    return [await start(secrets[0]), await start(secrets[1])]
  }

  const tokenOf = (userId: string, jti = userId): Promise<string> => issuer.sign(goodClaims(Date.now() - 10_000, { user_id: userId, jti }))
  const ticketIn = (message: TestEvent | undefined): string => (message?.data as { readonly ticket?: string } | undefined)?.ticket ?? 'none'
  const cursorIn = (message: TestEvent | undefined): string => message?.cursor ?? 'none'

  /** Connects, and waits for the first message. */
  async function connect(pod: Pod, token: string, more: { readonly ticket?: string; readonly cursor?: string } = {}): Promise<TestSocket> {
    const socket = await openSocket(pod.socketUrl, { token, cursor: 'latest', ...more })
    await socket.until(1)
    return socket
  }

  /** Returns the first text of an event stream. */
  async function readFirst({ url }: Pod, token: string, headers: Readonly<Record<string, string>>, query = ''): Promise<string> {
    const response = await fetch(`${url}/api/${channel}/v1/events${query}`, { headers: { authorization: `Bearer ${token}`, ...headers } })
    const reader = response.body?.getReader()
    let text = ''
    while (!text.includes('dev.carillon.')) text += new TextDecoder().decode((await reader?.read())?.value)
    await reader?.cancel()
    return text
  }

  interface OpenStream {
    /** Id of the session, for frames over HTTP. */
    readonly session: string
    readonly ticket: string
    close(): Promise<void>
  }

  /** Opens an event stream, and reads its first control event. */
  async function openStream({ url }: Pod, token: string, query: string): Promise<OpenStream> {
    const response = await fetch(`${url}/api/${channel}/v1/events?${query}`, { headers: { authorization: `Bearer ${token}` } })
    const reader = response.body?.getReader()
    let text = ''
    while (!/^data: .*\n/m.test(text)) text += new TextDecoder().decode((await reader?.read())?.value)
    // The gateway sends events in JSON.
    const { data } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as { readonly data: Omit<OpenStream, 'close'> }
    return { ...data, close: async () => reader?.cancel() }
  }

  /** Posts a command. @returns the answer with its status */
  async function postFrame(
    { url }: Pod,
    { token, session, query = '', type, data }: Readonly<Record<'token' | 'session' | 'type', string>> & { query?: string; data: object },
  ): Promise<{ readonly status: number; readonly answer: TestEvent }> {
    const response = await fetch(`${url}/api/${channel}/v1/sessions/${session}/frames${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({ specversion: '1.0', id: '1', source: '/page', type: `dev.carillon.${type}`, data }),
    })
    // The gateway answers in JSON.
    return { status: response.status, answer: (await response.json()) as TestEvent }
  }

  it('spare a pod all signatures when 200 clients come to it from another pod at once', async () => {
    const [first, second] = await startPods()
    const clients = await Promise.all(
      Array.from({ length: 200 }, async (_, number) => {
        const token = await tokenOf(`user-${number}`)
        const [resumed] = (await connect(first, token)).messages
        return { token, ticket: ticketIn(resumed), cursor: cursorIn(resumed) }
      }),
    )
    await first.stop()
    const sockets = await Promise.all(clients.map(({ token, ...more }) => connect(second, token, more)))
    expect(sockets.map(({ messages: [message] }) => message?.type)).toEqual(clients.map(() => 'dev.carillon.resumed'))
    // The pod hands out the same tickets, because it has the same secret.
    expect(sockets.map(({ messages: [message] }) => ticketIn(message))).toEqual(clients.map(({ ticket }) => ticket))
    expect([first.verifications(), second.verifications()]).toEqual([200, 0])
    expect(second.tickets.value('ticketsShown', { outcome: 'used' })).toBe(200)
  })

  it('are taken from event streams as well', async () => {
    const [first, second] = await startPods()
    const token = await tokenOf('ann')
    const ticket = ticketIn((await connect(first, token)).messages[0])
    const text = await readFirst(second, token, {}, `?cursor=latest&ticket=${ticket}`)
    expect(second.verifications()).toBe(0)
    expect(text).toContain(`"ticket":"${ticket}"`)
  })

  it('come with the gap that takes the place of `resumed`', async () => {
    const [first] = await startPods()
    const text = await readFirst(first, await tokenOf('ann'), { 'last-event-id': 'of another server' })
    expect(text).toContain('dev.carillon.gap')
    expect(text).toMatch(/"ticket":"[\w-]{24}"/)
  })

  it('of a new token come with its confirmation', async () => {
    const [first, second] = await startPods()
    const socket = await connect(first, await tokenOf('ann'))
    const token = await issuer.sign(goodClaims(Date.now(), { user_id: 'ann', jti: 'another' }))
    socket.send(JSON.stringify({ specversion: '1.0', id: '1', source: '/page', type: 'dev.carillon.token', data: { token } }))
    const [, accepted] = await socket.until(2)
    expect(accepted?.type).toBe('dev.carillon.token-accepted')
    expect(ticketIn(accepted)).not.toBe(ticketIn(socket.messages[0]))
    await connect(second, token, { ticket: ticketIn(accepted) })
    expect(second.verifications()).toBe(0)
  })

  it('spare a pod the signature of the frames that their client sends over HTTP as well', async () => {
    const [first, second] = await startPods()
    const token = await tokenOf('ann')
    const before = await openStream(first, token, 'cursor=latest')
    await before.close()
    const { session, close } = await openStream(second, token, `cursor=latest&ticket=${before.ticket}`)
    const { status, answer } = await postFrame(second, { token, session, type: 'subscribe', data: { filters: [] } })
    expect([status, answer.type, second.verifications()]).toEqual([200, 'dev.carillon.subscribed', 0])
    await close()
  })

  it('of a new token come with its confirmation over HTTP', async () => {
    const [first, second] = await startPods()
    const token = await tokenOf('ann')
    const { session, ticket, close } = await openStream(first, token, 'cursor=latest')
    const next = await tokenOf('ann', 'another')
    const { status, answer } = await postFrame(first, { token, session, type: 'token', data: { token: next } })
    expect([status, answer.type]).toEqual([200, 'dev.carillon.token-accepted'])
    expect(ticketIn(answer)).not.toBe(ticket)
    await connect(second, next, { ticket: ticketIn(answer) })
    expect(second.verifications()).toBe(0)
    await close()
  })

  it('are not read from requests with frames, and the signature is verified', async () => {
    const [first, second] = await startPods()
    const token = await tokenOf('ann')
    const query = `?ticket=${ticketIn((await connect(first, token)).messages[0])}`
    const { status, answer } = await postFrame(second, { token, session: 'any', query, type: 'subscribe', data: { filters: [] } })
    // The sender is known, and the session is not.
    expect([status, answer.type, second.verifications()]).toEqual([404, 'urn:carillon:problem:unknown-session', 1])
    const shown = ['used', 'unknown'].map((outcome) => second.tickets.value('ticketsShown', { outcome }))
    expect(shown).toEqual([0, 0])
  })

  it('do not help a user whose tokens were revoked', async () => {
    const [first, second] = await startPods()
    const [one, another, bob] = [await tokenOf('ann', 'one'), await tokenOf('ann', 'another'), await tokenOf('bob')]
    const [ticket, bobTicket] = [ticketIn((await connect(first, one)).messages[0]), ticketIn((await connect(first, bob)).messages[0])]
    const onSecond = await connect(second, another)
    const revoked = await fetch(`${first.url}/api/${channel}/v1/revocations`, { method: 'POST', body: JSON.stringify({ users: ['ann'] }) })
    expect([revoked.status, (await onSecond.closed).code]).toEqual([202, 4002])
    await expect(connect(second, one, { ticket })).rejects.toThrow('urn:carillon:problem:revoked')
    await connect(second, bob, { ticket: bobTicket })
  })

  it('of pods with another secret are ignored, and the signature is verified', async () => {
    const [first, second] = await startPods(['a', 'b'])
    const token = await tokenOf('ann')
    const ticket = ticketIn((await connect(first, token)).messages[0])
    expect(ticketIn((await connect(second, token, { ticket })).messages[0])).not.toBe(ticket)
    expect([second.verifications(), second.tickets.value('ticketsShown', { outcome: 'unknown' })]).toEqual([1, 1])
  })

  it('do not exist without secrets', async () => {
    const [first] = await startPods(['', ''])
    const { messages } = await connect(first, await tokenOf('ann'), { ticket: 'x'.repeat(24) })
    expect(messages[0]?.data).not.toHaveProperty('ticket')
    expect(first.tickets.value('ticketsShown', { outcome: 'unknown' })).toBe(0)
  })
})
