import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../gateway/testing/test-gateway.ts'
import { connect, type SendingConnection, type SendingOptions } from './send.ts'

/** The parts of the client, against a real gateway. */
describe.each(['websocket', 'sse'] as const)('the client that sends, over %s', (transport) => {
  let gateway: TestGateway
  let connection: SendingConnection | undefined
  beforeAll(async () => {
    const rules = [
      { type: 'chat.message', deliverTo: 'self' },
      { type: 'chat.small', maxBytes: 10 },
      { type: 'chat.rare', ratePerUser: 1, burst: 1 },
    ]
    gateway = await startTestGateway({ env: { UPSTREAM: 'on', UPSTREAM_ACCEPT: JSON.stringify(rules) } })
  })
  afterEach(() => connection?.close())
  afterAll(() => gateway.stop())

  async function open(options: Partial<SendingOptions> = {}) {
    const seen: string[] = []
    let tokens = 0
    connection = connect({
      channel: 'chrome-service',
      base: gateway.url,
      transport,
      token: () => gateway.token({ user_id: 'u1', username: 'ada', org_id: 'o1', jti: `t${(tokens += 1)}` }),
      onEvent: ({ type }) => seen.push(type),
      ...options,
    })
    await connection.opened
    return { connection, seen, tokens: () => tokens }
  }
  const sessionsOpened = (): number => gateway.metrics.value('sessionsOpened', { transport })
  const emit = (type: string): Promise<unknown> => gateway.emit({ type, users: ['u1'], payload: 1 })

  it('renews the token without another connection', async () => {
    const controls: string[] = []
    const { connection: client, tokens } = await open({ onControl: ({ type }) => controls.push(type) })
    await expect.poll(() => controls).toContain('dev.carillon.resumed')
    const before = sessionsOpened()
    await client.renewToken()
    expect([tokens(), sessionsOpened()]).toEqual([2, before])
    await expect.poll(() => controls).toContain('dev.carillon.token-accepted')
  })

  it('changes the filters without another connection', async () => {
    const controls: string[] = []
    const { connection: client, seen } = await open({ onControl: ({ type }) => controls.push(type) })
    await expect.poll(() => controls).toContain('dev.carillon.resumed')
    const before = sessionsOpened()
    await client.setFilters([{ exact: { type: 'wanted' } }])
    await emit('other')
    await emit('wanted')
    await expect.poll(() => seen).toEqual(['wanted'])
    await expect(client.setFilters([{ sql: 'NOT SQL AT ALL' }])).rejects.toMatchObject({ type: 'urn:carillon:problem:bad-filters' })
    expect(sessionsOpened()).toBe(before)
  })

  it('sends an event, which is acknowledged and delivered', async () => {
    const { connection: client, seen } = await open()
    await client.send('chat.message', { text: 'hi' }, { subject: 'room' })
    await expect.poll(() => seen).toEqual(['chat.message'])
    expect(client.outbox).toEqual({ count: 0, bytes: 0 })
  })

  it('rejects with the problem when no rule accepts the event, or when it is too large', async () => {
    const { connection: client } = await open()
    await expect(client.send('other', 1)).rejects.toMatchObject({ name: 'SendError', type: 'urn:carillon:problem:forbidden' })
    await expect(client.send('chat.small', 'x'.repeat(20))).rejects.toMatchObject({ type: 'urn:carillon:problem:event-too-large' })
  })

  it('waits as long as the gateway asks where a user sends too fast', async () => {
    const { connection: client } = await open()
    await expect(Promise.all([1, 2, 3].map((count) => client.send('chat.rare', count)))).resolves.toHaveLength(3)
  })
})
