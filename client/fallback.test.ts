import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHarness, type Harness, pass } from './testing/harness.ts'
import { anEvent } from './testing/web-socket-double.ts'

let harness: Harness

beforeEach(() => {
  harness = createHarness()
})

afterEach(() => {
  harness.stop()
})

describe('with blocked WebSockets', () => {
  it('falls back to SSE, with the token in a header and the cookie', async () => {
    const connection = await harness.startBlocked({ token: () => 't', cursor: 'c1' })
    expect(harness.doubles.sockets).toHaveLength(3)
    const stream = harness.streams.last()
    expect(stream.url.href).toBe('http://gateway.test/api/test/v1/events?cursor=c1&cursors=short')
    expect(stream.headers.get('authorization')).toBe('Bearer t')
    expect(stream.init.credentials).toBe('include')
    stream.open()
    await pass(0)
    expect(connection.state.kind).toBe('connecting')
    stream.say(anEvent('1', 'c2'))
    await pass(0)
    expect(connection.state).toEqual({ kind: 'open', transport: 'sse' })
    expect(harness.received).toEqual(['1'])
    expect(connection.cursor).toBe('c2')
    connection.close()
    expect(stream.isAborted).toBe(true)
  })

  it('shows the ticket of an earlier connection over SSE as well', async () => {
    const connection = await harness.startBlocked({ cursor: 'c1' })
    harness.streams.last().open()
    harness.streams.last().say({ ...anEvent('1', 'c2'), type: 'dev.carillon.resumed', data: { replayed: 0, ticket: 't' } })
    await pass(0)
    harness.streams.last().end()
    await pass(30_000)
    expect(harness.streams.last().url.href).toBe('http://gateway.test/api/test/v1/events?cursor=c2&cursors=short&ticket=t')
    connection.close()
  })

  it('does not fall back once a WebSocket has got through', async () => {
    const connection = await harness.start()
    harness.doubles.last().open()
    harness.doubles.last().end(4106)
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await pass(30_000)
      harness.doubles.last().fail()
    }
    expect(harness.streams.streams).toEqual([])
    connection.close()
  })

  it('goes back to WebSockets when SSE does not get through either', async () => {
    const connection = await harness.startBlocked()
    harness.streams.last().fail()
    await pass(4000)
    expect(harness.doubles.sockets).toHaveLength(4)
    connection.close()
  })

  it('stays on SSE when the stream ends, and resumes', async () => {
    const connection = await harness.startBlocked()
    harness.streams.last().open()
    await pass(0)
    harness.streams.last().say(anEvent('1', 'c1'))
    await pass(0)
    harness.streams.last().end()
    await pass(0)
    expect(connection.state).toMatchObject({ kind: 'waiting', code: 1006, reason: 'The stream ended.' })
    await pass(4000)
    expect(harness.streams.streams).toHaveLength(2)
    expect(harness.streams.last().url.searchParams.get('cursor')).toBe('c1')
    connection.close()
  })

  it('obeys the close event of a stream', async () => {
    const connection = await harness.startBlocked()
    harness.streams.last().open()
    await pass(0)
    harness.streams.last().write('event: close\ndata: {"code":4001,"text":"No.","reconnectAfterMs":null}\n\n')
    await pass(0)
    expect(connection.state).toEqual({ kind: 'closed', code: 4001, reason: 'No.' })
  })

  it('waits as long as the close event of a stream asks', async () => {
    const connection = await harness.start({ transport: 'sse' })
    harness.streams.last().open()
    await pass(0)
    harness.streams.last().write('event: close\ndata: {"code":4200,"text":"Bye.","reconnectAfterMs":77}\n\n')
    await pass(0)
    expect(connection.state).toEqual({ kind: 'waiting', code: 4200, reason: 'Bye.', retryInMs: 77 })
    connection.close()
  })

  it('tries a WebSocket now and then, and moves over without losing or repeating an event', async () => {
    const connection = await harness.startBlocked({ probeIntervalMs: 60_000 })
    const stream = harness.streams.last()
    stream.open()
    await pass(0)
    stream.say(anEvent('1', 'c1'))
    await pass(60_000)
    expect(harness.doubles.sockets).toHaveLength(4)
    harness.doubles.last().fail()
    stream.say(anEvent('2', 'c2'))
    await pass(60_000)
    expect(harness.doubles.sockets).toHaveLength(5)
    stream.say(anEvent('3', 'c3'))
    await pass(0)
    harness.doubles.last().open()
    harness.doubles.last().say(anEvent('3', 'c3'))
    harness.doubles.last().say(anEvent('4', 'c4'))
    expect(stream.isAborted).toBe(true)
    expect(harness.received).toEqual(['1', '2', '3', '4'])
    expect(connection.state).toEqual({ kind: 'open', transport: 'websocket' })
    connection.close()
  })
})

describe('SSE refusals', () => {
  const problem = (type: string): object => ({ type: `urn:carillon:problem:${type}`, title: 'x', detail: `because ${type}` })

  it('does not reconnect after a permanent refusal of the gateway', async () => {
    const connection = await harness.start({ transport: 'sse' })
    harness.streams.last().refuse(401, problem('unauthenticated'))
    await pass(0)
    expect(connection.state).toEqual({ kind: 'closed', code: 401, reason: 'because unauthenticated' })
  })

  it('reconnects after a temporary refusal, after the pause of the gateway', async () => {
    const connection = await harness.start({ transport: 'sse' })
    harness.streams.last().refuse(503, problem('overloaded'), { 'retry-after': '5' })
    await pass(0)
    expect(connection.state).toEqual({ kind: 'waiting', code: 503, reason: 'because overloaded', retryInMs: 5500 })
    connection.close()
  })

  it('drops a refused cursor', async () => {
    const connection = await harness.start({ transport: 'sse', cursor: 'garbage' })
    harness.streams.last().refuse(400, problem('bad-cursor'))
    await pass(1)
    expect(harness.streams.last().url.searchParams.get('cursor')).toBe('latest')
    connection.close()
  })

  it('reconnects after an answer of another server', async () => {
    const connection = await harness.start({ transport: 'sse' })
    harness.streams.last().refuse(404, null)
    await pass(0)
    expect(connection.state).toMatchObject({ kind: 'waiting', code: 1006, reason: 'HTTP 404' })
    await pass(500)
    harness.streams.last().open('text/html')
    await pass(0)
    expect(connection.state).toMatchObject({ kind: 'waiting', code: 1006, reason: 'HTTP 200' })
    connection.close()
  })
})
