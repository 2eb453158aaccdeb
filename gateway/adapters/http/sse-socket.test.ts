import { createServer, type Server, type ServerResponse } from 'node:http'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { wrapJson } from '../../replay/frames.ts'
import { closeCodes } from '../../session/close-codes.ts'
import type { Socket, SocketHandlers } from '../../session/socket.ts'
import { listeningServer } from '../../../program/listening-server.ts'
import { createSseSocket, sseFraming } from './sse-socket.ts'
import { parseEventStream } from './testing/parse-event-stream.ts'
import { connectRaw, type RawClient } from './testing/raw-client.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const settings = { socketBufferBytes: 1000, closeTimeoutMs: 200, retryMs: 1234, headers: { 'x-more': 'yes' } }
const frameOf = (json: string, cursor: string | null = null): Buffer => wrapJson(Buffer.from(json.slice(0, -1)), cursor, sseFraming)
const calls = (): { [Name in keyof SocketHandlers]: ReturnType<typeof vi.fn<() => void>> } => ({
  drained: vi.fn<() => void>(),
  alive: vi.fn<() => void>(),
  received: vi.fn<() => void>(),
  closed: vi.fn<() => void>(),
})

interface Opened {
  readonly socket: Socket
  readonly client: RawClient
  readonly handlers: ReturnType<typeof calls>
  readonly response: ServerResponse
}

/** Opens a session on a real connection. */
async function open({ paused = false, version = '1.1' } = {}): Promise<Opened> {
  const { promise, resolve } = Promise.withResolvers<ServerResponse>()
  const server = createServer((_request, response) => resolve(response))
  servers.push(server)
  const { port } = await listeningServer(server, { host: 'HOST', port: 'PORT' }).listen({ host: '127.0.0.1', port: 0 })
  const client = await connectRaw(port, { paused })
  client.send(`GET / HTTP/${version}\r\nHost: localhost\r\n\r\n`)
  const response = await promise
  const socket = createSseSocket(response, settings)
  const handlers = calls()
  socket.attach(handlers)
  return { socket, client, handlers, response }
}

/** Returns the body of a chunked answer. */
function dechunk(answer: string): string {
  let rest = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  let body = ''
  for (;;) {
    const [line = ''] = rest.split('\r\n', 1)
    const size = Number.parseInt(line, 16)
    if (!(size > 0)) return Buffer.from(body, 'latin1').toString('utf8')
    body += rest.slice(line.length + 2, line.length + 2 + size)
    rest = rest.slice(line.length + 2 + size + 2)
  }
}

const large = frameOf(JSON.stringify({ filler: 'x'.repeat(100_000) }))

/**
 * Writes until the kernel takes no more.
 * @returns the number of frames written
 */
async function congest(socket: Socket, response: ServerResponse): Promise<number> {
  let frames = 0
  do {
    for (let burst = 0; burst < 20; burst += 1) {
      socket.write(large)
      frames += 1
    }
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  } while (response.writableLength < large.length && frames < 1000)
  return frames
}

describe('the framing of the event stream', () => {
  test('carries the cursor as id and the JSON as one data line', () => {
    expect(frameOf('{"id":"1"}', 'abc_-1').toString()).toBe('id: abc_-1\ndata: {"id":"1","cursor":"abc_-1"}\n\n')
  })

  test('leaves the id out when the event has no cursor', () => {
    expect(frameOf('{"id":"1"}').toString()).toBe('data: {"id":"1"}\n\n')
  })

  test('preserves any JSON in one message, also with line breaks of every kind in its texts', () => {
    const events = fc.record({ first: fc.string({ unit: 'binary' }), data: fc.jsonValue() })
    fc.assert(
      fc.property(events, fc.constantFrom('\n', '\r', '\r\n', '\u2028', '\n\ndata: {}\n\n', 'é'), (event, text) => {
        const json = JSON.stringify({ ...event, text })
        const { messages } = parseEventStream(frameOf(json, 'cursor-1').toString())
        expect(messages).toHaveLength(1)
        expect(messages[0]?.lastEventId).toBe('cursor-1')
        expect(JSON.parse(messages[0]?.data ?? '')).toEqual({ ...JSON.parse(json), cursor: 'cursor-1' })
      }),
    )
  })
})

describe('an event stream on a real connection', () => {
  test('sends its head at once, with the time to wait before a reconnect', async () => {
    const { client } = await open()
    const answer = await client.until('retry: 1234\n')
    expect(answer).toContain('\r\n: connected\nretry: 1234\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer.toLowerCase()).toContain('content-type: text/event-stream\r\n')
    expect(answer.toLowerCase()).toContain('cache-control: no-cache, no-transform\r\n')
    expect(answer.toLowerCase()).toContain('x-accel-buffering: no\r\n')
    expect(answer.toLowerCase()).toContain('x-more: yes\r\n')
  })

  test('delivers whole frames, in order', async () => {
    const { client, socket } = await open()
    expect(socket.write(Buffer.concat([frameOf('{"n":1}', 'c1'), frameOf('{"n":2}', 'c2')]))).toBe(true)
    expect(socket.write(frameOf('{"n":3,"text":"žluťoučký"}', 'c3'))).toBe(true)
    const { messages } = parseEventStream(dechunk(`${await client.until('"cursor":"c3"}\n\n')}\r\n0\r\n\r\n`))
    expect(messages.map(({ data, lastEventId }) => [JSON.parse(data), lastEventId])).toEqual([
      [{ n: 1, cursor: 'c1' }, 'c1'],
      [{ n: 2, cursor: 'c2' }, 'c2'],
      [{ n: 3, text: 'žluťoučký', cursor: 'c3' }, 'c3'],
    ])
  })

  test('serves a client of HTTP/1.0, without chunks', async () => {
    const { client, socket } = await open({ version: '1.0' })
    socket.write(frameOf('{"n":1}'))
    socket.close('internal')
    expect(await client.ended()).toContain('\r\n\r\n: connected\nretry: 1234\ndata: {"n":1}\n\nevent: close\n')
  })

  test('reports congestion beyond the socket buffer, and drained once when the reader goes on', async () => {
    const { client, socket, handlers, response } = await open({ paused: true })
    const frames = await congest(socket, response)
    expect(socket.write(frameOf('{"n":1}'))).toBe(false)
    expect(response.writableLength).toBeGreaterThan(settings.socketBufferBytes)
    const before = handlers.drained.mock.calls.length
    client.socket.resume()
    await vi.waitFor(() => expect(handlers.drained).toHaveBeenCalledTimes(before + 1), { timeout: 10_000 })
    expect(socket.write(frameOf('{"n":2}'))).toBe(true)
    await client.until('{"n":2}')
    expect(handlers.drained).toHaveBeenCalledTimes(before + 1)
    expect(client.received().split('"filler"')).toHaveLength(frames + 1)
  })

  test('counts as alive when a ping has left, and sends it as a comment', async () => {
    const { client, socket, handlers } = await open()
    socket.ping()
    await client.until(': ping\n')
    await vi.waitFor(() => expect(handlers.alive).toHaveBeenCalledTimes(1))
    socket.ping()
    await vi.waitFor(() => expect(handlers.alive).toHaveBeenCalledTimes(2))
  })

  // Clients that rely on the empty lines alone would give their program an event without data, which is not JSON.
  test('has data in every block, for any frames in any order', async () => {
    const { client, socket } = await open()
    for (const n of [1, 2, 3]) {
      socket.ping()
      socket.write(frameOf(`{"n":${n}}`, `c${n}`))
    }
    socket.ping()
    socket.close('draining')
    const blocks = dechunk(await client.ended())
      .split('\n\n')
      .slice(0, -1)
    expect(blocks.filter((block) => !/^data: /m.test(block))).toEqual([])
    expect(blocks).toHaveLength(4)
  })

  test('does not count as alive while the reader stalls, and does not pile up pings', async () => {
    const { socket, handlers, response } = await open({ paused: true })
    await congest(socket, response)
    socket.ping()
    const waiting = response.writableLength
    for (let ping = 0; ping < 1000; ping += 1) socket.ping()
    expect(response.writableLength).toBe(waiting)
    expect(handlers.alive).not.toHaveBeenCalled()
  })

  test.each(Object.keys(closeCodes) as (keyof typeof closeCodes)[])('ends with the code and the sentence of %s', async (code) => {
    const { client, socket, handlers } = await open()
    socket.close(code, { reconnectAfterMs: 7500 })
    const { messages, retryMs } = parseEventStream(dechunk(await client.ended()))
    expect(messages.map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
      ['close', { ...closeCodes[code], reconnectAfterMs: 7500 }],
    ])
    expect(retryMs).toBe(7500)
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledTimes(1))
  })

  test('asks an EventSource for no shorter wait than at the start, whatever the hint for other clients', async () => {
    const { client, socket } = await open()
    socket.close('draining', { reconnectAfterMs: 319 })
    const { messages, retryMs } = parseEventStream(dechunk(await client.ended()))
    expect(JSON.parse(messages[0]?.data ?? '')).toMatchObject({ reconnectAfterMs: 319 })
    expect(retryMs).toBe(1234)
  })

  test('sends no hint that it was not given', async () => {
    const { client, socket } = await open()
    socket.close('tokenExpired')
    const { messages, retryMs } = parseEventStream(dechunk(await client.ended()))
    expect(JSON.parse(messages[0]?.data ?? '')).toEqual({ ...closeCodes.tokenExpired, reconnectAfterMs: null })
    expect(retryMs).toBe(1234)
  })

  test('writes nothing after its close, and closes once', async () => {
    const { client, socket, handlers } = await open()
    socket.close('draining')
    socket.close('internal')
    expect(socket.write(frameOf('{"late":true}'))).toBe(true)
    socket.ping()
    const answer = await client.ended()
    expect(answer).not.toContain('late')
    expect(answer).not.toContain(': ping')
    expect(answer.split('event: close')).toHaveLength(2)
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledTimes(1))
    socket.terminate()
    expect(handlers.closed).toHaveBeenCalledTimes(1)
    expect(handlers.alive).not.toHaveBeenCalled()
  })

  test('cuts a reader who does not take the last message in time', async () => {
    const { socket, handlers, response } = await open({ paused: true })
    await congest(socket, response)
    socket.close('tooSlow')
    expect(handlers.closed).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledTimes(1), { timeout: 5000 })
    expect(response.destroyed).toBe(true)
  })

  test('is closed when the client goes, and swallows later writes', async () => {
    const { client, socket, handlers } = await open()
    await client.until('retry')
    client.socket.destroy()
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledTimes(1))
    expect(socket.write(frameOf('{"n":1}'))).toBe(true)
    socket.ping()
    socket.close('draining')
    socket.terminate()
    await new Promise((resolve) => setImmediate(resolve))
    expect(handlers).toMatchObject({
      alive: expect.toSatisfy((alive) => alive.mock.calls.length === 0),
      drained: expect.toSatisfy((drained) => drained.mock.calls.length === 0),
    })
    expect(handlers.closed).toHaveBeenCalledTimes(1)
  })

  test('is closed once when the client resets the connection in the middle of writes', async () => {
    const { client, socket, handlers, response } = await open({ paused: true })
    await congest(socket, response)
    socket.ping()
    const drainedBefore = handlers.drained.mock.calls.length
    client.socket.resetAndDestroy()
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledTimes(1))
    socket.write(large)
    await new Promise((resolve) => setImmediate(resolve))
    expect(handlers.alive).not.toHaveBeenCalled()
    expect(handlers.drained).toHaveBeenCalledTimes(drainedBefore)
    expect(handlers.closed).toHaveBeenCalledTimes(1)
  })

  test('terminate cuts at once', async () => {
    const { client, socket, handlers } = await open()
    await client.until('retry')
    socket.terminate()
    expect(await client.ended()).not.toContain('event: close')
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledTimes(1))
  })

  test('reports to a session that begins after the client has gone that it is closed', async () => {
    const { client, response, handlers: first } = await open()
    client.socket.destroy()
    await vi.waitFor(() => expect(first.closed).toHaveBeenCalledTimes(1))
    const handlers = calls()
    const late = createSseSocket(response, settings)
    late.attach(handlers)
    expect(late.write(frameOf('{"n":1}'))).toBe(true)
    expect(handlers.closed).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(handlers.closed).toHaveBeenCalledTimes(1))
  })
})
