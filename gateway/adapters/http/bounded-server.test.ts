import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createRecordingLogger } from '../../testing/recording-logger.ts'
import { createRecordingMetrics } from '../../testing/recording-metrics.ts'
import { createBoundedServer, maxHeadBytes, type BoundedServerSettings } from './bounded-server.ts'
import { maxHeldHeadBytes, maxPipelinedBytes, maxPipelinedRequests, maxUnansweredRequests } from './connection-guard.ts'
import { bodyOf, connectRaw, type RawClient, statusOf } from './testing/raw-client.ts'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  vi.useRealTimers()
  await Promise.all(ends.splice(0).map((end) => end()))
})

/** More bytes than the kernel takes for a client that does not read. */
const large = Buffer.alloc(32 * 1024 * 1024, 'x')

/**
 * Starts a server that answers `/` with a text and `/large` with more than a kernel holds. It answers `/held` when the test allows it, and
 * `/given-up` never.
 */
async function start(settings: Partial<BoundedServerSettings> = {}) {
  const { metrics, value } = createRecordingMetrics()
  const { logger, lines } = createRecordingLogger()
  const world = { nowMs: 0, asked: 0, answerHeld: [] as (() => void)[], refused: [] as number[] }
  const { server, guard, serve } = createBoundedServer(
    { port: 'public', maxConnections: 100, headroom: 40, headTimeoutMs: 10_000, ...settings },
    { metrics, logger, clock: () => world.nowMs },
  )
  serve(
    (request, response) => {
      world.asked += 1
      const answer = (): void => void response.end(request.url === '/large' ? large : `${request.headers.host} ${request.url}`)
      if (request.url === '/held') world.answerHeld.push(answer)
      else if (request.url === '/given-up') response.destroy()
      else answer()
    },
    (status) => void world.refused.push(status),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a server that listens on TCP has one
  ends.push(async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  const cut = (reason: Parameters<typeof metrics.connectionsCut.add>[1]['reason']): number => value('connectionsCut', { reason })
  return { guard, world, port, cut, value, lines, server, connect: (options = {}) => connectRaw(port, options) }
}

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
const isOpen = ({ socket }: RawClient): boolean => !socket.destroyed
const countOf = (text: string, part: string): number => text.split(part).length - 1

describe('pipelined requests', () => {
  test('cut their connection when one more waits than may wait', async () => {
    const { connect, world, cut, value } = await start()
    const [within, beyond] = [await connect(), await connect()]
    within.send(get('/held').repeat(maxUnansweredRequests))
    await vi.waitFor(() => expect(world.asked).toBe(maxUnansweredRequests))
    beyond.send(get('/held').repeat(maxUnansweredRequests + 1))
    await beyond.ended()
    expect([isOpen(within), cut('pipelining')]).toEqual([true, 1])
    for (const answer of world.answerHeld) answer()
    await vi.waitFor(() => expect(countOf(within.received(), 'HTTP/1.1 200')).toBe(maxUnansweredRequests))
    expect(value('connections', { port: 'public' })).toBe(1)
  })

  test('do not reach the handler after the one that cut the connection', async () => {
    const { connect, world } = await start()
    const client = await connect()
    client.send(get('/held').repeat(1_000))
    await client.ended()
    expect(world.asked).toBe(maxUnansweredRequests)
  })

  test('count from zero when the first have been answered', async () => {
    const { connect } = await start()
    const client = await connect()
    for (let round = 1; round <= 3; round += 1) {
      client.send(get('/').repeat(maxUnansweredRequests))
      await vi.waitFor(() => expect(countOf(client.received(), 'HTTP/1.1 200')).toBe(round * maxUnansweredRequests))
    }
  })

  test('given up behind another request count until their connection ends', async () => {
    const { connect, world, cut } = await start()
    const client = await connect()
    client.send(get('/held'))
    for (let asked = 2; asked <= maxUnansweredRequests; asked += 1) {
      client.send(get('/given-up'))
      await vi.waitFor(() => expect(world.asked).toBe(asked))
    }
    expect([isOpen(client), cut('pipelining')]).toEqual([true, 0])
    client.send(get('/given-up'))
    await client.ended()
    expect(cut('pipelining')).toBe(1)
  })

  test('behind another request are bounded over all connections, too', async () => {
    const { connect, world, cut } = await start({ maxConnections: 1_000 })
    const perConnection = maxUnansweredRequests - 1
    const full = Math.floor(maxPipelinedRequests / perConnection)
    const clients = await Promise.all(Array.from({ length: full }, () => connect()))
    for (const client of clients) client.send(get('/held').repeat(maxUnansweredRequests))
    await vi.waitFor(() => expect(world.asked).toBe(full * maxUnansweredRequests), { timeout: 10_000 })
    const last = await connect()
    const single = await connect()
    last.send(get('/held').repeat(maxPipelinedRequests - full * perConnection + 2))
    single.send(get('/held'))
    await last.ended()
    await vi.waitFor(() => expect(world.answerHeld.length).toBe(world.asked))
    expect([cut('pipelining'), isOpen(single), clients.every(isOpen)]).toEqual([1, true, true])
    clients[0]?.socket.destroy()
    await clients[0]?.ended()
    const next = await connect()
    next.send(get('/').repeat(3))
    await next.until('200')
  })

  test('are bounded by the bytes of their heads over all connections', async () => {
    const { connect, world, cut } = await start({ maxConnections: 1_000 })
    const filler = `x-filler: ${'y'.repeat(30_000)}\r\n`
    const headBytes = get('/held', filler).length
    const perConnection = maxUnansweredRequests - 1
    const full = Math.floor(maxPipelinedBytes / (perConnection * headBytes))
    const clients = await Promise.all(Array.from({ length: full }, () => connect()))
    for (const client of clients) client.send(get('/held', filler).repeat(maxUnansweredRequests))
    await vi.waitFor(() => expect(world.asked).toBe(full * maxUnansweredRequests), { timeout: 10_000 })
    expect(cut('pipelining')).toBe(0)
    const last = await connect()
    last.send(get('/held', filler).repeat(maxUnansweredRequests))
    await last.ended()
    expect([cut('pipelining'), clients.every(isOpen)]).toEqual([1, true])
  })

  test('end their connection when one of them asks for a WebSocket', async () => {
    const { connect, server, cut } = await start()
    Object.assign(server, { shouldUpgradeCallback: () => true }) // a server that serves WebSockets replaces the guard's listener
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    const client = await connect()
    client.send(`${get('/held')}${get('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')}`)
    expect(await client.ended()).not.toContain('101')
    expect(cut('pipelining')).toBe(1)
  })
})

describe('an answer', () => {
  test('that its client does not read ends the connection after its deadline, not before', async () => {
    const { connect, guard, world, cut } = await start()
    const [stalled, reading] = [await connect({ paused: true }), await connect()]
    stalled.send(get('/large'))
    await vi.waitFor(() => expect(world.asked).toBe(1))
    reading.send(get('/large'))
    guard.sweep()
    world.nowMs += 30_000
    guard.sweep()
    expect([cut('unread'), stalled.socket.destroyed]).toEqual([0, false])
    world.nowMs += 1
    guard.sweep()
    expect(cut('unread')).toBe(1)
    stalled.socket.resume()
    await stalled.ended()
    await vi.waitFor(() => expect(reading.received().length).toBeGreaterThan(large.length))
    expect(isOpen(reading)).toBe(true)
  })

  test('that is being made has unlimited time', async () => {
    const { connect, guard, world, cut } = await start()
    const client = await connect()
    client.send(get('/held'))
    await vi.waitFor(() => expect(world.answerHeld).toHaveLength(1))
    for (let time = 0; time < 3; time += 1) {
      guard.sweep()
      world.nowMs += 100_000
    }
    world.answerHeld[0]?.()
    await client.until('200')
    expect(cut('unread')).toBe(0)
  })
})

describe('a server whose places run out', () => {
  test('cuts the connections that were idle for longest, and none that waits for an answer', async () => {
    const { connect, world, cut, value, guard, lines } = await start({ maxConnections: 16, headroom: 8 })
    const busy = await connect()
    busy.send(get('/held'))
    const early = await Promise.all(Array.from({ length: 5 }, () => connect()))
    await vi.waitFor(() => expect([world.asked, value('connections', { port: 'public' })]).toEqual([1, 6]))
    world.nowMs += 5_000
    const late = await Promise.all(Array.from({ length: 10 }, () => connect()))
    await vi.waitFor(() => expect([value('connections', { port: 'public' }), cut('idle')]).toEqual([15, 1]))
    expect([early.filter(isOpen).length <= 5, guard.shortage()]).toEqual([
      true,
      expect.stringMatching(/15 of 16 connections.*MAX_CONNECTIONS/),
    ])
    expect(lines).toMatchObject([{ level: 'warn', message: 'connections cut', fields: { reason: 'idle', port: 'public' } }])
    for (const client of late) client.send(get('/'))
    await Promise.all(late.map((client) => client.until('200')))
    busy.send('')
    world.answerHeld[0]?.()
    await busy.until('200')
    world.nowMs += 60_001
    expect(guard.shortage()).toBeNull()
  })

  test('accepts one connection beyond the last place while an idle one can give way, however short it was idle', async () => {
    const { connect, cut } = await start({ maxConnections: 4, headroom: 4 })
    for (let count = 0; count < 20; count += 1) {
      const client = await connect()
      client.send(get('/'))
      await client.until('200')
    }
    expect([cut('not-taken'), cut('idle')]).toEqual([0, 17])
  })

  test('refuses one connection beyond the last place when every other is in use, and counts it', async () => {
    const { connect, world, cut, guard } = await start({ maxConnections: 3, headroom: 2 })
    for (let count = 1; count <= 3; count += 1) {
      ;(await connect()).send(get('/held'))
      await vi.waitFor(() => expect(world.asked).toBe(count))
    }
    await (await connect()).ended()
    await vi.waitFor(() => expect(cut('not-taken')).toBe(1))
    expect(guard.shortage()).toContain('3 of 3')
  })

  test('keeps idle connections for 5 seconds, and for 95 while it has places', async () => {
    const { connect, guard, value } = await start({ maxConnections: 10, headroom: 8 })
    const keptFor = async (): Promise<string | undefined> => {
      const client = await connect()
      client.send(get('/'))
      return /timeout=(\d+)/.exec(await client.until('200'))?.[1]
    }
    const few = await keptFor()
    await Promise.all(Array.from({ length: 6 }, () => connect()))
    await vi.waitFor(() => expect(value('connections', { port: 'public' })).toBe(7))
    guard.sweep()
    expect([few, await keptFor()]).toEqual(['95', '5'])
  })
})

describe('heads of unfinished requests', () => {
  test('are bounded over all connections, and the largest are cut', async () => {
    const { connect, guard, server, cut } = await start({ maxConnections: 2_000 })
    const size = maxHeadBytes - 1_024
    const within = Math.floor(maxHeldHeadBytes / size)
    const head = `GET / HTTP/1.1\r\nHost: x\r\nx-filler: ${'y'.repeat(size)}`.slice(0, size)
    const clients = await Promise.all(Array.from({ length: within }, () => connect()))
    for (const client of clients) client.send(head)
    await vi.waitFor(() => expect(guard.heldHeadBytes).toBe(within * size), { timeout: 10_000 })
    guard.sweep()
    expect(cut('heads')).toBe(0)
    // Behind a whole request, in the same chunk: the rest counts as well.
    const last = await connect()
    last.send(`${get('/')}${head}`)
    await last.until('200')
    await vi.waitFor(() => {
      guard.sweep()
      expect(cut('heads')).toBeGreaterThan(0)
    })
    expect(cut('heads')).toBe(1)
    server.closeAllConnections()
  }, 20_000)

  test('count while the answers are not read, with all requests that wait for them', async () => {
    const { connect, guard, world } = await start()
    const client = await connect({ paused: true })
    const filler = `x-filler: ${'y'.repeat(20_000)}\r\n`
    client.send(get('/large', filler) + get('/', filler) + get('/', filler))
    await vi.waitFor(() => expect(world.asked).toBe(3))
    guard.sweep()
    expect(guard.heldHeadBytes).toBeGreaterThan(60_000)
    client.socket.resume()
    await vi.waitFor(
      () => {
        guard.sweep()
        expect(guard.heldHeadBytes).toBe(0)
      },
      { timeout: 10_000 },
    )
  })

  test('of idle connections count as zero bytes, after any earlier request', async () => {
    const { connect, guard } = await start()
    const client = await connect()
    const body = 'z'.repeat(5_000)
    client.send(
      `${get('/', 'x-filler:   some blanks \r\n')}POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    )
    await vi.waitFor(() => expect(countOf(client.received(), '200 OK')).toBe(2))
    client.send(body.slice(10))
    client.send(get('/'))
    await vi.waitFor(() => expect(countOf(client.received(), '200 OK')).toBe(3))
    expect(guard.heldHeadBytes).toBeLessThan(32)
  })
})

describe('a request to switch to another protocol than WebSocket', () => {
  const upgrade = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'

  test('is answered as any other request, and its connection stays open', async () => {
    const { connect } = await start()
    const client = await connect()
    client.send(get('/first', upgrade))
    await client.until('x /first')
    client.send(get('/second'))
    await client.until('x /second')
    expect(isOpen(client)).toBe(true)
  })

  test('frees its place when its client hangs up or resets the connection', async () => {
    const { connect, value } = await start()
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const client = await connect()
      client.send(get('/', upgrade))
      await client.until('x /')
      client.socket[end]()
    }
    await vi.waitFor(() => expect(value('connections', { port: 'public' })).toBe(0))
  })
})

describe('a connection whose last body came in chunks', () => {
  test('holds no bytes of heads after its answer', async () => {
    const { connect, guard } = await start()
    const client = await connect()
    const chunked = `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n${'x'.repeat(8_192)}\r\n0\r\n\r\n`
    for (let answers = 1; answers <= 3; answers += 1) {
      client.send(chunked)
      await vi.waitFor(() => expect(countOf(client.received(), '200 OK')).toBe(answers))
    }
    await vi.waitFor(() => expect(guard.heldHeadBytes).toBe(0))
  })
})

describe('the head of a request', () => {
  test.each([
    ['two Host headers', 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n', 400, 'more than one Host'],
    ['no Host header', 'GET / HTTP/1.1\r\n\r\n', 400, 'Host header is missing'],
    ['a Host header that is not a host', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, 'not a host name'],
    ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: something\r\n\r\n', 417, 'Expect header'],
    ['a lone percent sign in the path', 'GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'percent sign'],
  ])('with %s is answered with a problem, and the connection stays open', async (_what, head, status, detail) => {
    const { connect, world } = await start()
    const client = await connect()
    client.send(head)
    const answer = await client.until('"detail"')
    expect([statusOf(answer), JSON.parse(bodyOf(answer))]).toEqual([
      status,
      expect.objectContaining({ status, detail: expect.stringContaining(detail) }),
    ])
    expect(answer).toContain('content-type: application/problem+json')
    client.send(get('/after'))
    await client.until('x /after')
    expect([world.asked, world.refused]).toEqual([1, [status]])
  })

  test.each([
    ['GET /a%2Db%2fc?d=%2D#e HTTP/1.1\r\nHost: x', 'x /a-b%2fc?d=%2D'],
    ['GET http://y:1/a?b HTTP/1.1\r\nHost: x', 'y:1 /a?b'],
    ['GET http://y?b HTTP/1.1\r\nHost: x', 'y /?b'],
    ['GET / HTTP/1.0', 'undefined /'],
    ['GET / HTTP/1.1\r\nHost:', ' /'],
  ])('a request target %j is read in the origin form', async (head, expected) => {
    const { connect } = await start()
    const client = await connect()
    client.send(`${head}\r\nConnection: close\r\n\r\n`)
    expect(bodyOf(await client.ended())).toBe(expected)
  })
})
