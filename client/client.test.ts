import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connect } from './index.ts'
import { createHarness, gatewayUrl, type Harness, pass } from './testing/harness.ts'
import { anEvent, control, createWebSocketDoubles } from './testing/web-socket-double.ts'

let harness: Harness

beforeEach(() => {
  harness = createHarness()
})

afterEach(() => {
  harness.stop()
})

describe('connecting', () => {
  it('asks for the latest, offers the subprotocol, and is open at the first message of the gateway', async () => {
    const connection = await harness.start()
    expect(harness.doubles.last().url.href).toBe('ws://gateway.test/wss/test/v1/ws?cursor=latest&cursors=short')
    expect(harness.doubles.last().protocols).toEqual(['cloudevents.json'])
    harness.doubles.last().open()
    expect(connection.state).toEqual({ kind: 'connecting', transport: 'websocket' })
    harness.doubles.last().say(control('resumed', { replayed: 0 }, 'c0'))
    expect(connection.state).toEqual({ kind: 'open', transport: 'websocket' })
    expect(connection.cursor).toBe('c0')
    connection.close()
  })

  it('resumes from a stored cursor', async () => {
    const connection = await harness.start({ cursor: 'stored/+=' })
    expect(harness.doubles.last().cursor).toBe('stored/+=')
    connection.close()
  })

  it('sends a fresh token with each connection, as a subprotocol', async () => {
    let count = 0
    const connection = await harness.start({ token: async () => `t${(count += 1)}` })
    expect(harness.doubles.last().protocols).toEqual(['cloudevents.json', 'bearer.t1'])
    harness.doubles.last().admit()
    harness.doubles.last().end(1006)
    await pass(500)
    expect(harness.doubles.last().protocols).toEqual(['cloudevents.json', 'bearer.t2'])
    connection.close()
  })

  it('shows the last ticket that the gateway gave it with each later connection, and none before', async () => {
    const connection = await harness.start({ token: () => 't' })
    const shown: (string | null)[] = []
    const reconnect = async (): Promise<void> => {
      shown.push(harness.doubles.last().url.searchParams.get('ticket'))
      harness.doubles.last().end(4200)
      // Longer than the back-off, and shorter than a connection may take to open.
      await pass(9_000)
    }
    harness.doubles.last().admit()
    await reconnect()
    harness.doubles.last().open()
    harness.doubles.last().say(control('resumed', { replayed: 0, ticket: 'first' }, 'c0'))
    harness.doubles.last().say(control('bookmark', {}, 'c1'))
    await reconnect()
    harness.doubles.last().open()
    harness.doubles.last().say(control('gap', { reason: 'epoch', ticket: 'a/b' }, 'c2'))
    await reconnect()
    harness.doubles.last().open()
    harness.doubles.last().say(control('token-accepted', { id: '1', ticket: 'second' }, 'c3'))
    await reconnect()
    await reconnect()
    expect(shown).toEqual([null, null, 'first', 'a/b', 'second'])
    connection.close()
  })

  it('uses the cookie alone when the token callback has none', async () => {
    const connection = await harness.start({ token: () => null })
    expect(harness.doubles.last().protocols).toEqual(['cloudevents.json'])
    connection.close()
  })

  it('retries later when the token callback fails', async () => {
    let count = 0
    const connection = await harness.start({
      token: () => {
        count += 1
        if (count === 1) throw new Error('the session service is away')
        return 'good'
      },
    })
    expect(harness.states.at(-1)).toEqual({ kind: 'waiting', code: 1006, reason: 'Error: the session service is away', retryInMs: 500 })
    await pass(500)
    expect(harness.doubles.last().protocols).toEqual(['cloudevents.json', 'bearer.good'])
    connection.close()
  })

  it('does not connect with a token that arrives after close()', async () => {
    const given = Promise.withResolvers<string>()
    const connection = await harness.start({ token: () => given.promise })
    connection.close()
    given.resolve('late')
    await pass(0)
    expect(harness.doubles.sockets).toEqual([])
  })

  it('gives up a connection that does not open in time, and closes it', async () => {
    const connection = await harness.start({ openTimeoutMs: 3000 })
    await pass(3000)
    expect(harness.doubles.last().isClosed).toBe(true)
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', code: 1006, reason: 'The connection took too long to open.' })
    connection.close()
  })

  it('reconnects when the WebSocket constructor throws', async () => {
    const refusing = createWebSocketDoubles(() => {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    })
    const connection = await harness.start({ WebSocket: refusing.WebSocket })
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', code: 1006, reason: 'SecurityError: The operation is insecure.' })
    connection.close()
  })

  it('allows callbacks to use what connect() returned', async () => {
    const seen: unknown[] = []
    const connection = connect({
      url: gatewayUrl,
      WebSocket: harness.doubles.WebSocket,
      onEvent: () => {},
      onStateChange: () => seen.push(connection.state.kind),
    })
    await pass(0)
    connection.close()
    expect(seen).toEqual(['connecting', 'closed'])
  })
})

describe('receiving', () => {
  it('delivers events once, keeps the cursor, and hides control events', async () => {
    const connection = await harness.start()
    harness.doubles.last().admit('c0')
    harness.doubles.last().say(anEvent('1'))
    harness.doubles.last().say(anEvent('1'))
    harness.doubles.last().say(anEvent('2'))
    harness.doubles.last().say(control('bookmark', {}, 'c9'))
    expect(harness.received).toEqual(['1', '2'])
    expect(connection.cursor).toBe('c9')
    connection.close()
  })

  it('separates events of different sources', async () => {
    const connection = await harness.start()
    harness.doubles.last().say({ ...anEvent('1'), source: 'urn:a' })
    harness.doubles.last().say({ ...anEvent('1'), source: 'urn:b' })
    expect(harness.received).toEqual(['1', '1'])
    connection.close()
  })

  it('has moved the cursor when it calls back', async () => {
    const cursors: unknown[] = []
    const connection = await harness.start({ onEvent: () => cursors.push(connection.cursor) })
    harness.doubles.last().say(anEvent('1', 'after-1'))
    expect(cursors).toEqual(['after-1'])
    connection.close()
  })

  it('survives messages that are not events', async () => {
    const connection = await harness.start()
    for (const text of ['', '{', 'null', '1', '"x"', '[]', '{}', '{"type":5}', '{"type":"t","cursor":{}}']) harness.doubles.last().say(text)
    harness.doubles.last().say(anEvent('1', 'c1'))
    expect(harness.received).toEqual([undefined, '1'])
    expect(harness.errors).toHaveLength(8)
    expect(connection.cursor).toBe('c1')
    connection.close()
  })

  it('continues after callbacks that throw or reject, and reports them', async () => {
    const connection = await harness.start({
      onEvent: () => {
        throw new Error('event')
      },
      onGap: () => Promise.reject(new Error('gap')),
      onStateChange: () => {
        throw new Error('state')
      },
    })
    harness.doubles.last().admit()
    harness.doubles.last().say(anEvent('1'))
    harness.doubles.last().say(control('gap', { reason: 'too-old' }, 'c5'))
    await pass(0)
    expect(harness.errors.map(String)).toEqual(['Error: state', 'Error: state', 'Error: event', 'Error: gap'])
    expect(connection.cursor).toBe('c5')
    connection.close()
  })

  it('survives an onError that throws', async () => {
    const connection = await harness.start({
      onError: () => {
        throw new Error('again')
      },
    })
    harness.doubles.last().say('{')
    harness.doubles.last().say(anEvent('1'))
    expect(harness.received).toEqual(['1'])
    connection.close()
  })

  it('reports to the console without onError', async () => {
    const reported = vi.spyOn(console, 'error').mockReturnValue()
    const connection = connect({ url: gatewayUrl, WebSocket: harness.doubles.WebSocket, onEvent: () => {} })
    await pass(0)
    harness.doubles.last().say('{')
    expect(reported).toHaveBeenCalledOnce()
    connection.close()
  })

  it('reports a gap after the cursor has moved behind it', async () => {
    const seen: unknown[] = []
    const connection = await harness.start({ cursor: 'old', onGap: ({ reason }) => seen.push([reason, connection.cursor]) })
    harness.doubles.last().open()
    harness.doubles.last().say(control('gap', { reason: 'too-old' }, 'c7'))
    expect(seen).toEqual([['too-old', 'c7']])
    connection.close()
  })

  it('passes control events to onControl', async () => {
    const seen: unknown[] = []
    const connection = await harness.start({ onControl: (event) => seen.push([event.type, event.data]) })
    harness.doubles.last().admit()
    harness.doubles.last().say(control('draining', { reconnectAfterMs: 40 }))
    expect(seen).toEqual([
      ['dev.carillon.resumed', { replayed: 0 }],
      ['dev.carillon.draining', { reconnectAfterMs: 40 }],
    ])
    connection.close()
  })
})

describe('silence', () => {
  const heard = (type: string, cursor: string): object => ({ ...control(type, {}, cursor), heartbeatms: 20_000 })

  it('for two and a half heartbeats counts as a cut: a network that is gone without a goodbye is noticed', async () => {
    const connection = await harness.start()
    const first = harness.doubles.last()
    first.open()
    first.say(heard('resumed', 'c0'))
    await pass(45_000)
    first.say(heard('bookmark', 'c1'))
    await pass(49_999)
    expect(connection.state.kind).toBe('open')
    await pass(1)
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', code: 1006, reason: 'The gateway said nothing.' })
    expect(first.isClosed).toBe(true)
    await pass(500)
    expect([harness.doubles.sockets.length, harness.doubles.last().cursor]).toEqual([2, 'c1'])
    connection.close()
  })

  it('is measured from each event, not from bookmarks alone', async () => {
    const connection = await harness.start()
    harness.doubles.last().open()
    harness.doubles.last().say(heard('gap', 'c0'))
    for (const id of ['1', '2', '3']) {
      await pass(40_000)
      harness.doubles.last().say(anEvent(id))
    }
    expect([harness.received, connection.state.kind, harness.doubles.sockets.length]).toEqual([['1', '2', '3'], 'open', 1])
    connection.close()
  })

  it('means nothing with a gateway that promises no heartbeats, for any content of events', async () => {
    const connection = await harness.start()
    harness.doubles.last().admit()
    harness.doubles.last().say({ ...anEvent('1'), heartbeatms: 10 })
    await pass(3_600_000)
    expect([connection.state.kind, harness.doubles.sockets.length]).toEqual(['open', 1])
    connection.close()
  })

  it('of a connection that opens without a message ends it as well', async () => {
    const connection = await harness.start({ openTimeoutMs: 3000 })
    harness.doubles.last().open()
    await pass(3000)
    expect(harness.states.at(-1)).toMatchObject({ kind: 'waiting', code: 1006, reason: 'The gateway said nothing.' })
    connection.close()
  })
})

describe('closing', () => {
  it('closes the socket, reports it once, and calls nothing afterwards', async () => {
    const connection = await harness.start()
    harness.doubles.last().admit()
    connection.close()
    connection.close()
    harness.doubles.last().say(anEvent('1'))
    harness.doubles.last().end(1006)
    await pass(100_000)
    expect(harness.doubles.last().isClosed).toBe(true)
    expect(harness.received).toEqual([])
    expect(harness.states.map(({ kind }) => kind)).toEqual(['connecting', 'open', 'closed'])
    expect(connection.state).toEqual({ kind: 'closed', code: 1000, reason: 'close() was called.' })
  })

  it('is possible within callbacks', async () => {
    const connection = await harness.start({
      onStateChange: (state) => {
        if (state.kind === 'open') connection.close()
      },
    })
    harness.doubles.last().open()
    harness.doubles.last().say(anEvent('1'))
    expect(harness.received).toEqual([])
    expect(harness.doubles.last().isClosed).toBe(true)
  })

  it('leaves no connection behind when the token callback closes', async () => {
    let calls = 0
    const connection = await harness.start({
      token: () => {
        calls += 1
        if (calls === 2) connection.close()
        return 't'
      },
    })
    harness.doubles.last().admit()
    harness.doubles.last().end(1006)
    await pass(500)
    expect(harness.doubles.sockets).toHaveLength(1)
    expect(calls).toBe(2)
  })

  it('ends a pause', async () => {
    const connection = await harness.start()
    harness.doubles.last().fail()
    connection.close()
    await pass(100_000)
    expect(harness.doubles.sockets).toHaveLength(1)
  })

  it('can be undone by reconnect(), from the cursor', async () => {
    const connection = await harness.start()
    harness.doubles.last().admit('c4')
    connection.close()
    connection.reconnect()
    await pass(0)
    expect(harness.doubles.last().cursor).toBe('c4')
    connection.close()
  })

  it('connects once when reconnect() is called twice, or before the first attempt', async () => {
    const connection = connect({ url: gatewayUrl, WebSocket: harness.doubles.WebSocket, onEvent: () => {} })
    connection.reconnect()
    connection.reconnect()
    await pass(0)
    expect(harness.doubles.sockets).toHaveLength(1)
    harness.doubles.last().admit()
    connection.reconnect()
    await pass(0)
    expect(harness.doubles.sockets.map(({ isClosed }) => isClosed)).toEqual([true, false])
    connection.close()
  })
})
