import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect, type Connection, type ConnectOptions } from './index.ts'
import { createMemoryGateway, type MemoryGateway } from './memory-gateway.ts'

interface Events {
  readonly 'order.shipped': { readonly order: number }
  readonly 'order.lost': undefined
}

let gateway: MemoryGateway<Events>
let connections: Connection[] = []

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0)
  gateway = createMemoryGateway<Events>()
})

afterEach(() => {
  for (const connection of connections) connection.close()
  connections = []
  vi.restoreAllMocks()
})

function start(options: Partial<ConnectOptions<Events>> = {}) {
  const seen: unknown[] = []
  const connection = connect<Events>({
    channel: 'orders',
    onEvent: (event) => seen.push([event.type, event.data]),
    onGap: ({ reason }) => seen.push(`gap ${reason}`),
    ...gateway.options,
    ...options,
  })
  connections.push(connection)
  return { connection, seen }
}

describe('the memory gateway', () => {
  it('admits a client, and delivers an event before emit() returns', async () => {
    const { connection, seen } = start()
    await connection.opened
    const event = gateway.emit('order.shipped', { order: 7 }, { subject: 'order-7' })
    expect(seen).toEqual([['order.shipped', { order: 7 }]])
    expect(event).toMatchObject({ id: 'event-1', subject: 'order-7', cursor: connection.cursor })
  })

  it('delivers to every open connection, and to none that has closed', async () => {
    const first = start()
    const second = start()
    await Promise.all([first.connection.opened, second.connection.opened])
    first.connection.close()
    gateway.emit('order.lost', undefined)
    expect([first.seen, second.seen]).toEqual([[], [['order.lost', undefined]]])
    expect(gateway.connections).toHaveLength(1)
  })

  it('replays what a client missed after a cut, and nothing else', async () => {
    const { connection, seen } = start()
    await connection.opened
    gateway.emit('order.shipped', { order: 1 })
    gateway.close()
    gateway.emit('order.shipped', { order: 2 })
    await connection.opened
    expect(seen).toEqual([
      ['order.shipped', { order: 1 }],
      ['order.shipped', { order: 2 }],
    ])
  })

  it('replays all events that it keeps to a client that asks for the earliest', async () => {
    for (let order = 0; order < 1_001; order += 1) gateway.emit('order.shipped', { order })
    const { connection, seen } = start({ cursor: 'earliest' })
    await connection.opened
    expect([seen.length, seen[0]]).toEqual([1_000, ['order.shipped', { order: 1 }]])
  })

  it('sends a gap when a client missed more than 1,000 events, and delivers from there on', async () => {
    const { connection, seen } = start()
    await connection.opened
    gateway.close()
    for (let order = 0; order < 1_001; order += 1) gateway.emit('order.shipped', { order })
    await connection.opened
    gateway.emit('order.lost', undefined)
    expect(seen).toEqual(['gap too-old', ['order.lost', undefined]])
  })

  it('replays 1,000 missed events', async () => {
    const { connection, seen } = start()
    await connection.opened
    gateway.close()
    for (let order = 0; order < 1_000; order += 1) gateway.emit('order.shipped', { order })
    await connection.opened
    expect(seen).toHaveLength(1_000)
  })

  it('sends a gap at request', async () => {
    const { connection, seen } = start()
    await connection.opened
    gateway.gap()
    gateway.gap('log-lost')
    expect(seen).toEqual(['gap too-slow', 'gap log-lost'])
  })

  it('refuses a cursor of another gateway, and the client begins at the latest event', async () => {
    gateway.emit('order.shipped', { order: 1 })
    const { connection, seen } = start({ cursor: 'memory-9' })
    await connection.opened
    expect(seen).toEqual(['gap bad-cursor'])
  })

  it('refuses new connections until accept()', async () => {
    gateway.refuse(4001, 'There is no token.')
    const { connection } = start({ onStateChange: () => {} })
    await expect(connection.opened).rejects.toThrow('There is no token.')
    gateway.accept()
    connection.reconnect()
    await connection.opened
    expect(connection.state.kind).toBe('open')
  })

  it('shows the token of each connection, and none when the client has none', async () => {
    const first = start({ token: () => 'a.b.c' })
    const second = start()
    await Promise.all([first.connection.opened, second.connection.opened])
    expect(gateway.connections).toEqual([
      { url: 'ws://carillon.test/wss/orders/v1/ws?cursor=latest&cursors=short', token: 'a.b.c' },
      { url: 'ws://carillon.test/wss/orders/v1/ws?cursor=latest&cursors=short', token: null },
    ])
  })

  it('has no SSE, and says so', async () => {
    const states: unknown[] = []
    start({ transport: 'sse', onStateChange: (state) => states.push(state) })
    await vi.waitFor(() =>
      expect(states).toContainEqual(expect.objectContaining({ reason: expect.stringContaining('The memory gateway has no SSE') })),
    )
  })
})
