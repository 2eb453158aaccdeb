import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import { connect, type Connection, type ConnectionState, type ConnectOptions } from './index.ts'
import { anEvent, control } from './testing/web-socket-double.ts'

interface RealServer {
  readonly http: Server
  readonly base: string
  readonly sockets: ServerSocket[]
  readonly streams: ServerResponse[]
  /** Path and query of every request, its token beside it. */
  readonly requests: (readonly [string, string | undefined])[]
}

const open: { servers: RealServer[]; connections: Connection[] } = { servers: [], connections: [] }

/** Speaks the protocol with Node's http and ws; @param options.upgrades false: acts like a proxy without WebSockets */
async function serve(options: { readonly upgrades?: boolean; readonly port?: number } = {}): Promise<RealServer> {
  const sockets: ServerSocket[] = []
  const streams: ServerResponse[] = []
  const requests: (readonly [string, string | undefined])[] = []
  const http = createServer((request, response) => {
    requests.push([request.url ?? '', request.headers.authorization])
    streams.push(response)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`: welcome\n\nid: c0\ndata: ${JSON.stringify(control('resumed', { replayed: 0 }, 'c0'))}\n\n`)
  })
  const ws = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('cloudevents.json') ? 'cloudevents.json' : false),
  })
  http.on('upgrade', (request, socket, head) => {
    requests.push([request.url ?? '', request.headers['sec-websocket-protocol']])
    if (options.upgrades === false) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      return
    }
    ws.handleUpgrade(request, socket, head, (accepted) => {
      sockets.push(accepted)
      accepted.send(JSON.stringify(control('resumed', { replayed: 0 }, 'c0')))
    })
  })
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve))
  // An http server on TCP has an address of this kind.
  const { port } = http.address() as AddressInfo
  const server = { http, base: `http://127.0.0.1:${port}`, sockets, streams, requests }
  open.servers.push(server)
  return server
}

async function stop(server: RealServer): Promise<void> {
  for (const socket of server.sockets) socket.terminate()
  server.http.closeAllConnections()
  await new Promise((resolve) => server.http.close(resolve))
}

interface Watched {
  readonly connection: Connection
  readonly received: string[]
  readonly states: ConnectionState[]
}

function watch(options: Partial<ConnectOptions> & { readonly base: string }): Watched {
  const received: string[] = []
  const states: ConnectionState[] = []
  const connection = connect({
    channel: 'test',
    maxBackoffMs: 20,
    onEvent: ({ id }) => received.push(id),
    onStateChange: (state) => states.push(state),
    ...options,
  })
  open.connections.push(connection)
  return { connection, received, states }
}

afterEach(async () => {
  for (const connection of open.connections.splice(0)) connection.close()
  for (const server of open.servers.splice(0)) await stop(server)
})

const opened = (watched: Watched): Promise<void> => vi.waitFor(() => expect(watched.connection.state.kind).toBe('open'))

describe('the client and real sockets', () => {
  it("connects with Node's own WebSocket, receives, and resumes after the server cut it", async () => {
    const server = await serve()
    const watched = watch({ base: server.base, token: () => 'a.b.c' })
    await opened(watched)
    server.sockets[0]?.send(JSON.stringify(anEvent('1', 'c1')))
    await vi.waitFor(() => expect(watched.received).toEqual(['1']))
    server.sockets[0]?.terminate()
    await vi.waitFor(() => expect(server.sockets).toHaveLength(2))
    expect(server.requests).toEqual([
      ['/wss/test/v1/ws?cursor=latest&cursors=short', 'cloudevents.json, bearer.a.b.c'],
      ['/wss/test/v1/ws?cursor=c1&cursors=short', 'cloudevents.json, bearer.a.b.c'],
    ])
  })

  it('reads the code and the hint of a real close', async () => {
    const server = await serve()
    const watched = watch({ base: server.base })
    await opened(watched)
    server.sockets[0]?.close(4200, 'This gateway is stopping. reconnect-after=15')
    await vi.waitFor(() =>
      expect(watched.states).toContainEqual({
        kind: 'waiting',
        code: 4200,
        reason: 'This gateway is stopping. reconnect-after=15',
        retryInMs: 15,
      }),
    )
    await vi.waitFor(() => expect(server.sockets).toHaveLength(2))
  })

  it('reconnects to a server that was away', async () => {
    const first = await serve()
    const watched = watch({ base: first.base })
    await opened(watched)
    await stop(first)
    await vi.waitFor(() => expect(watched.states.filter(({ kind }) => kind === 'waiting').length).toBeGreaterThan(2))
    const second = await serve({ port: Number(new URL(first.base).port) })
    await opened(watched)
    expect(second.requests[0]?.[0]).toBe('/wss/test/v1/ws?cursor=c0&cursors=short')
  })

  it('falls back to SSE behind a proxy that refuses upgrades, and resumes there', async () => {
    const server = await serve({ upgrades: false })
    const watched = watch({ base: server.base, token: () => 'a.b.c' })
    await opened(watched)
    expect(watched.connection.state).toEqual({ kind: 'open', transport: 'sse' })
    server.streams[0]?.write(`id: c1\ndata: ${JSON.stringify(anEvent('ü\u2028', 'c1'))}\n\n`)
    await vi.waitFor(() => expect(watched.received).toEqual(['ü\u2028']))
    server.streams[0]?.end('event: close\ndata: {"code":4201,"text":"Too slow.","reconnectAfterMs":0}\n\n')
    await vi.waitFor(() => expect(server.streams).toHaveLength(2))
    expect(server.requests.slice(3)).toEqual([
      ['/api/test/v1/events?cursor=latest&cursors=short', 'Bearer a.b.c'],
      ['/api/test/v1/events?cursor=c1&cursors=short', 'Bearer a.b.c'],
    ])
  })

  it('joins characters that arrive in pieces', async () => {
    const server = await serve()
    const watched = watch({ base: server.base, transport: 'sse' })
    await opened(watched)
    const bytes = Buffer.from(`id: c1\ndata: ${JSON.stringify(anEvent('€𝄞', 'c1'))}\n\n`)
    for (const byte of bytes) {
      server.streams[0]?.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    await vi.waitFor(() => expect(watched.received).toEqual(['€𝄞']))
  })

  it('closes for real', async () => {
    const server = await serve()
    const sockets = watch({ base: server.base })
    const stream = watch({ base: server.base, transport: 'sse' })
    await opened(sockets)
    await opened(stream)
    const ended = Promise.all([
      new Promise((resolve) => server.sockets[0]?.once('close', resolve)),
      new Promise((resolve) => server.streams[0]?.once('close', () => resolve(0))),
    ])
    sockets.connection.close()
    stream.connection.close()
    expect(await ended).toEqual([1005, 0])
  })
})
