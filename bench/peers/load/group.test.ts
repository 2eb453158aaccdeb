import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { websocketFraming } from '../../../gateway/adapters/ws/frame.ts'
import type { Identity } from '../dialects/dialect.ts'
import { Client } from './client.ts'
import { Group } from './group.ts'
import { dataOf } from './marks.ts'
import { Receipts } from './receipts.ts'
import { saturate } from './saturate.ts'

/** A server of the plain dialect: each post goes to all clients. */
interface TestServer {
  readonly port: number
  readonly sockets: ReadonlySet<WebSocket>
  send(number: number): void
  /** Makes it answer with 500 from now on. */
  refuse(): void
}

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end()
})

async function startServer(): Promise<TestServer> {
  let status = 202
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    if (status === 202) for (const socket of wss.clients) socket.send(body)
    response.writeHead(status, { 'content-length': 0 }).end()
  })
  const wss = new WebSocketServer({ server })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const socket of wss.clients) socket.terminate()
    server.close()
  })
  const send = (number: number): void => {
    for (const socket of wss.clients) socket.send(dataOf({ number, atMs: 0 }, 64))
  }
  return { port: (server.address() as AddressInfo).port, sockets: wss.clients, send, refuse: () => void (status = 500) } // it listens on TCP
}

const identities = (count: number): readonly Identity[] =>
  Array.from({ length: count }, (_, index) => ({ user: `user-${index}`, token: 'token', natsToken: '' }))

function createGroup(server: { readonly port: number }, clients: number): Group {
  const group = new Group({ group: 'test', dialect: 'plain', ports: [server.port], clients, keepsReceipts: true }, identities(clients))
  ends.push(() => group.close())
  return group
}

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 5_000, interval: 5 })

test('a group connects all clients, and counts each event for each of them', async () => {
  const server = await startServer()
  const group = createGroup(server, 5)
  expect(await group.open()).toMatchObject({ ready: 5, failures: {} })
  server.send(0)
  server.send(1)
  expect(await group.awaitEvents(10, 5_000)).toMatchObject({ events: 10 })
  expect(group.countLosses([0, 1])).toEqual({ expected: 10, delivered: 10, duplicates: 0, outOfOrder: 0 })
})

test('a group counts failed attempts by their reason', async () => {
  const group = createGroup({ port: 1 }, 2)
  expect(await group.open()).toMatchObject({ ready: 0, failures: { ECONNREFUSED: 2 } })
})

test('a client that loses its connection comes back', async () => {
  const server = await startServer()
  const group = createGroup(server, 3)
  await group.open()
  group.comeBack({ minBackOffMs: 1, maxBackOffMs: 2 })
  const before = new Set(server.sockets)
  for (const socket of before) socket.terminate()
  const returned = (): number => [...server.sockets].filter((socket) => !before.has(socket)).length
  await eventually(() => expect([returned(), group.counts().ready]).toEqual([3, 3]))
})

/**
 * Writes its first message with the end of its handshake, and answers each message as NATS does. A client that shows no token gets nothing
 * more.
 */
async function startHastyServer(): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = []
  const frameOf = (text: string): Buffer => Buffer.concat([websocketFraming.before(text.length, null), Buffer.from(text)])
  const server = createTcpServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(Buffer.concat([Buffer.from('HTTP/1.1 101 Switching Protocols\r\n\r\n'), frameOf('INFO {}\r\n')]))
      socket.on('data', () => socket.write(frameOf('INFO {}\r\nPONG\r\n')))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets } // it listens on TCP
}

test('a client that comes back is served when the first message arrives with the handshake', async () => {
  // NATS does this. The dialect was reset after the first message of a connection, so it took that greeting for one of the connection before.
  // It showed no token, and a storm ended in time-outs.
  const { port, sockets } = await startHastyServer()
  const group = new Group({ group: 'test', dialect: 'nats', ports: [port], clients: 1 }, identities(1))
  ends.push(() => group.close())
  expect(await group.open()).toMatchObject({ ready: 1 })
  sockets[0]?.destroy()
  await eventually(() => expect(group.counts().ready).toBe(0))
  expect(await group.open()).toMatchObject({ ready: 1, failures: {} })
})

test('a client that was ended does not come back', async () => {
  const server = await startServer()
  const group = createGroup(server, 3)
  await group.open()
  group.comeBack({ minBackOffMs: 0, maxBackOffMs: 0 })
  group.shrink(1)
  await eventually(() => expect(server.sockets.size).toBe(1))
  expect(group.counts().ready).toBe(1)
})

test('networks drop until the time is over, and then all clients are served', async () => {
  const server = await startServer()
  const group = createGroup(server, 3)
  await group.open()
  const { drops, failures } = await group.dropNetworks({ durationMs: 100, downMs: 10, meanUpMs: 1, seed: 1 })
  expect(drops).toBeGreaterThanOrEqual(3)
  expect([group.counts().ready, failures]).toEqual([3, {}])
})

test('a client without network gets nothing, and the server learns it when the client comes back', async () => {
  const server = await startServer()
  const group = createGroup(server, 1)
  const client = new Client(group.shared, { user: 'ann', token: 'token', natsToken: '' }, '127.0.0.1')
  ends.push(() => client.end())
  client.receipts = new Receipts()
  await client.connect(5_000)
  client.freeze()
  server.send(0)
  expect(server.sockets.size).toBe(1)
  client.end()
  await client.connect(5_000)
  server.send(1)
  await eventually(() => expect(client.receipts?.countLosses([1]).delivered).toBe(1))
  expect(client.receipts.countLosses([0, 1])).toMatchObject({ expected: 2, delivered: 1 })
})

test('in a storm each client tries until it is served', async () => {
  const group = createGroup({ port: 1 }, 4)
  const storm = group.storm({ minBackOffMs: 1, maxBackOffMs: 2, timeoutMs: 20_000 })
  const server = await startServer()
  group.shared.ports = [server.port]
  const { served, attempts, latencies, progress, failures } = await storm
  expect([served, latencies.count]).toEqual([4, 4])
  expect([progress[0]?.served, progress.at(-1)?.served]).toEqual([0, 4])
  expect(attempts).toBe(4 + (failures.ECONNREFUSED ?? 0))
})

test('at saturation events leave one after the other until the time is over, and all arrive', async () => {
  const server = await startServer()
  const group = createGroup(server, 3)
  await group.open()
  const plan = {
    group: 'test',
    target: { dialect: 'plain', port: server.port, key: '' },
    firstNumber: 0,
    window: 4,
    durationMs: 100,
    receivers: 3,
    bytes: 64,
    users: null,
  } as const
  const { published, deliveries, isComplete } = await saturate(group.shared, plan)
  expect(published).toBeGreaterThan(0)
  expect({ deliveries, isComplete }).toEqual({ deliveries: published * 3, isComplete: true })
  expect(group.countLosses(Array.from({ length: published }, (_, index) => index))).toMatchObject({
    delivered: published * 3,
    duplicates: 0,
  })
})

test('at saturation no event that the server refused is awaited', async () => {
  const server = await startServer()
  const group = createGroup(server, 1)
  await group.open()
  server.refuse()
  const plan = {
    group: 'test',
    target: { dialect: 'plain', port: server.port, key: '' },
    firstNumber: 0,
    window: 2,
    durationMs: 50,
    receivers: 1,
    bytes: 64,
    users: null,
  } as const
  const { published, refused, deliveries, isComplete } = await saturate(group.shared, plan)
  expect({ refused, deliveries, isComplete }).toEqual({ refused: published, deliveries: 0, isComplete: true })
})
