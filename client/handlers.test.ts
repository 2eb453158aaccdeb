import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { type CloudEvent, connect, type Connection, type TypedConnection } from './index.ts'
import { createHarness, gatewayUrl, type Harness, pass } from './testing/harness.ts'
import { anEvent, control } from './testing/web-socket-double.ts'

let harness: Harness

beforeEach(() => {
  harness = createHarness()
})

afterEach(() => {
  harness.stop()
})

const ofType = (type: string, id: string): object => ({ ...anEvent(id), type })

describe('on()', () => {
  it('calls a handler with each event of its type, in order, after onEvent', async () => {
    const calls: string[] = []
    const connection = await harness.start({ onEvent: ({ id }) => calls.push(`onEvent ${id}`) })
    connection.on('order.shipped', ({ id }) => calls.push(`shipped ${id}`))
    connection.on('order.lost', ({ id }) => calls.push(`lost ${id}`))
    harness.doubles.last().say(ofType('order.shipped', '1'))
    harness.doubles.last().say(ofType('order.shipped.twice', '2'))
    harness.doubles.last().say(ofType('order.lost', '3'))
    expect(calls).toEqual(['onEvent 1', 'shipped 1', 'onEvent 2', 'onEvent 3', 'lost 3'])
    connection.close()
  })

  it('needs no onEvent', async () => {
    const seen: string[] = []
    const connection = await harness.start({ onEvent: undefined })
    connection.on('order.shipped', ({ id }) => seen.push(id))
    harness.doubles.last().say(ofType('order.shipped', '1'))
    expect([seen, harness.errors]).toEqual([['1'], []])
    connection.close()
  })

  it('calls a handler that is added twice twice, and removes one of them at a time', async () => {
    const handler = vi.fn<(event: CloudEvent) => void>()
    const connection = await harness.start()
    const remove = connection.on('order.shipped', handler)
    connection.on('order.shipped', handler)
    harness.doubles.last().say(ofType('order.shipped', '1'))
    expect(handler).toHaveBeenCalledTimes(2)
    remove()
    remove()
    harness.doubles.last().say(ofType('order.shipped', '2'))
    expect(handler).toHaveBeenCalledTimes(3)
    connection.close()
  })

  it('begins with the next event for a handler that a handler adds, also one that adds itself', async () => {
    const seen: string[] = []
    const connection = await harness.start()
    const handler = ({ id }: CloudEvent): void => {
      seen.push(id)
      connection.on('order.shipped', handler)
    }
    connection.on('order.shipped', handler)
    harness.doubles.last().say(ofType('order.shipped', '1'))
    harness.doubles.last().say(ofType('order.shipped', '2'))
    expect(seen).toEqual(['1', '2', '2'])
    connection.close()
  })

  it('calls no handler that an earlier handler of the same event has removed, and none after close()', async () => {
    const calls: string[] = []
    const connection = await harness.start()
    connection.on('order.shipped', () => remove())
    const remove = connection.on('order.shipped', () => calls.push('removed'))
    connection.on('order.shipped', () => connection.close())
    connection.on('order.shipped', () => calls.push('closed'))
    harness.doubles.last().say(ofType('order.shipped', '1'))
    expect(calls).toEqual([])
  })

  it('continues after a handler that throws or rejects, and reports it', async () => {
    const seen: string[] = []
    const connection = await harness.start()
    connection.on('order.shipped', () => {
      throw new Error('first')
    })
    connection.on('order.shipped', () => Promise.reject(new Error('second')))
    connection.on('order.shipped', ({ id }) => seen.push(id))
    harness.doubles.last().say(ofType('order.shipped', '1'))
    await pass(0)
    expect([seen, harness.errors.map(String)]).toEqual([['1'], ['Error: first', 'Error: second']])
    connection.close()
  })

  it('keeps handlers over reconnects, and hides control events', async () => {
    const seen: string[] = []
    const connection = await harness.start()
    connection.on('test.happened', ({ id }) => seen.push(id))
    connection.on('dev.carillon.resumed', ({ id }) => seen.push(id))
    harness.doubles.last().admit()
    harness.doubles.last().end(1006)
    await pass(500)
    harness.doubles.last().admit()
    harness.doubles.last().say(anEvent('1'))
    expect(seen).toEqual(['1'])
    connection.close()
  })
})

describe('the map of events', () => {
  interface Events {
    readonly 'order.shipped': { readonly order: number }
    readonly 'note.added': string
  }

  it('gives the data of each type, and refuses other types', async () => {
    const connection = connect<Events>({
      url: gatewayUrl,
      WebSocket: harness.doubles.WebSocket,
      onEvent: (event) => {
        if (event.type === 'order.shipped') expectTypeOf(event.data).toEqualTypeOf<{ readonly order: number }>()
        else expectTypeOf(event.data).toEqualTypeOf<string>()
      },
    })
    connection.on('note.added', (event) => expectTypeOf(event.data).toEqualTypeOf<string>())
    // @ts-expect-error -- no such type of events
    connection.on('note.add', () => {})
    expectTypeOf(connection).toEqualTypeOf<TypedConnection<Events>>()
    const anyConnection: Connection = connection
    await pass(0)
    anyConnection.close()
  })

  it('may be left out: then any type has data that the handler checks', async () => {
    const connection = connect({ url: gatewayUrl, WebSocket: harness.doubles.WebSocket, onEvent: (event) => void event.subject })
    expectTypeOf(connection).toEqualTypeOf<TypedConnection<object>>()
    connection.on('any.type', (event) => expectTypeOf(event.data).toEqualTypeOf<unknown>())
    await pass(0)
    connection.close()
  })
})

describe('opened', () => {
  it('resolves when the gateway has admitted the client, and at once afterwards', async () => {
    const connection = await harness.start()
    const order: string[] = []
    void connection.opened.then(() => order.push('opened'))
    harness.doubles.last().open()
    await pass(0)
    order.push('socket open')
    harness.doubles.last().say(control('resumed', { replayed: 0 }, 'c0'))
    await connection.opened
    expect(order).toEqual(['socket open', 'opened'])
    connection.close()
  })

  it('waits through failed attempts', async () => {
    const connection = await harness.start()
    const { opened } = connection
    harness.doubles.last().fail()
    await pass(500)
    harness.doubles.last().admit()
    await expect(opened).resolves.toBeUndefined()
    connection.close()
  })

  it('rejects with the reason when the gateway refuses the client finally, and after close()', async () => {
    const connection = await harness.start()
    const { opened } = connection
    harness.doubles.last().open()
    harness.doubles.last().end(4001, 'There is no token.')
    await expect(opened).rejects.toThrow('Carillon: closed, will not reconnect (4001). There is no token.')
    await expect(connection.opened).rejects.toThrow('(4001)')
    connection.reconnect()
    const { opened: again } = connection
    connection.close()
    await expect(again).rejects.toThrow('close() was called.')
  })

  it('rejects without an unhandled rejection when the application does not use it', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    await harness.start()
    harness.doubles.last().open()
    harness.doubles.last().end(4001, 'There is no token.')
    // Node.js reports after the microtasks of a turn.
    await new Promise(process.nextTick)
    await pass(1)
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })
})

describe('storage', () => {
  function createStorage(entries: Readonly<Record<string, string>> = {}) {
    const kept = new Map(Object.entries(entries))
    return { kept, getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }
  }

  it('keeps one cursor for an endpoint, after the handlers of its event have returned', async () => {
    const storage = createStorage()
    const during: unknown[] = []
    const connection = await harness.start({ storage, onEvent: () => during.push(storage.kept.get(gatewayUrl)) })
    harness.doubles.last().admit('c0')
    harness.doubles.last().say(anEvent('1', 'c1'))
    harness.doubles.last().say(anEvent('2', 'c2'))
    expect(during).toEqual(['c0', 'c1'])
    harness.doubles.last().say(control('bookmark', {}, 'c9'))
    expect([...storage.kept]).toEqual([[gatewayUrl, 'c9']])
    connection.close()
  })

  it('gives the cursor to the next page, unless that has one', async () => {
    const storage = createStorage({ [gatewayUrl]: 'kept' })
    const first = await harness.start({ storage })
    expect(harness.doubles.last().cursor).toBe('kept')
    first.close()
    const second = await harness.start({ storage, cursor: 'own' })
    expect(harness.doubles.last().cursor).toBe('own')
    second.close()
  })

  it('with a cursor that the gateway refuses begins at the latest event, and keeps its cursor', async () => {
    const storage = createStorage({ [gatewayUrl]: 'of another channel' })
    const connection = await harness.start({ storage })
    harness.doubles.last().open()
    harness.doubles.last().end(4005, 'The cursor is not of this channel.')
    await pass(500)
    expect(harness.doubles.last().cursor).toBe('latest')
    harness.doubles.last().admit('c0')
    expect([harness.gaps, storage.kept.get(gatewayUrl)]).toEqual([['bad-cursor'], 'c0'])
    connection.close()
  })

  it('that throws does not stop delivery, and is reported', async () => {
    const full = () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
    }
    const connection = await harness.start({ storage: { getItem: () => null, setItem: full } })
    harness.doubles.last().say(anEvent('1'))
    harness.doubles.last().say(anEvent('2'))
    expect([harness.received, harness.errors.map(String)]).toEqual([
      ['1', '2'],
      Array.from({ length: 2 }, () => 'QuotaExceededError: The quota has been exceeded.'),
    ])
    connection.close()
  })
})

describe('a runtime without WebSockets, such as Node.js 20', () => {
  it('uses SSE at once, and does not look for WebSockets later', async () => {
    vi.stubGlobal('WebSocket', undefined)
    const token = vi.fn<() => null>(() => null)
    const connection = await harness.start({ WebSocket: undefined, token })
    expect(connection.state).toEqual({ kind: 'connecting', transport: 'sse' })
    harness.streams.last().open()
    await pass(0)
    harness.streams.last().say(control('resumed', { replayed: 0 }, 'c0'))
    await pass(1_000_000)
    expect([connection.state, harness.streams.streams.length]).toEqual([{ kind: 'open', transport: 'sse' }, 1])
    expect(token).toHaveBeenCalledOnce()
    connection.close()
  })
})
