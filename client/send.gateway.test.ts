import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../gateway/testing/test-gateway.ts'
import { connect, type SendingConnection, type SendingOptions } from './send.ts'

/** The parts of the client, against a real gateway. */
describe.each(['websocket', 'sse'] as const)('the client that sends, over %s', (transport) => {
  let gateway: TestGateway
  let connection: SendingConnection | undefined
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { UPSTREAM: 'on' } })
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
})
