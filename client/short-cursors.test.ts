import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../gateway/testing/test-gateway.ts'
import { connect } from './index.ts'
import { createWire } from './send/wire.ts'
import { createHarness, pass } from './testing/harness.ts'
import { anEvent, control, createWebSocketDoubles } from './testing/web-socket-double.ts'

describe('short cursors', () => {
  it('are put behind the whole one, each in the place of an earlier one of its partition, wherever the page sees a cursor', async () => {
    const harness = createHarness()
    const seen: unknown[] = []
    const stored: string[] = []
    const connection = await harness.start({
      onEvent: (event) => seen.push(event.cursor),
      storage: { getItem: () => null, setItem: (_key, value) => stored.push(value) },
    })
    const socket = harness.doubles.last()
    socket.open()
    socket.say(control('resumed', { replayed: 0 }, 'A-1-whole'))
    for (const [index, cursor] of ['.1-aaa', '.11-bbb', '.0-ccc', '.1-ddd'].entries()) socket.say(anEvent(`e${index}`, cursor))
    const texts = ['A-1-whole.1-aaa', 'A-1-whole.1-aaa.11-bbb', 'A-1-whole.1-aaa.11-bbb.0-ccc', 'A-1-whole.11-bbb.0-ccc.1-ddd']
    expect([seen, stored, connection.cursor]).toEqual([texts, ['A-1-whole', ...texts], texts[3]])
    socket.end(1006)
    await pass(500)
    // So a gateway of an earlier release, which does not know the second parameter, resumes at the whole cursor.
    const { searchParams } = harness.doubles.last().url
    expect([searchParams.get('cursor'), searchParams.get('cursors')]).toEqual(['A-1-whole', 'short.11-bbb.0-ccc.1-ddd'])
    connection.close()
    harness.stop()
  })

  it('are dropped with the next whole one', async () => {
    const harness = createHarness()
    const connection = await harness.start()
    const socket = harness.doubles.last()
    socket.open()
    socket.say(control('resumed', { replayed: 0 }, 'first'))
    socket.say(anEvent('one', '.0-aaa'))
    socket.say(control('bookmark', {}, 'second'))
    expect(connection.cursor).toBe('second')
    socket.say(anEvent('two', '.1-bbb'))
    expect(connection.cursor).toBe('second.1-bbb')
    connection.close()
    harness.stop()
  })
})

describe('a connection of several tabs', () => {
  it.each([
    [true, 'cursors=short', '?cursor=c&filters=%5B%5D'],
    [true, 'cursors=short.0-aaa', '?cursor=c.0-aaa&filters=%5B%5D'],
    [false, 'cursors=short.0-aaa', '?cursor=c&cursors=short.0-aaa&filters=%5B%5D'],
  ])('asks for whole cursors, because tabs compare them: %s, %s', (isShared, cursors, search) => {
    const doubles = createWebSocketDoubles()
    const wire = createWire({ WebSocket: doubles.WebSocket }, isShared)
    wire.filters = []
    const opened = new (wire.options.WebSocket ?? doubles.WebSocket)(`ws://gateway.test/?cursor=c&${cursors}`, [])
    expect([opened === undefined, doubles.last().url.search]).toEqual([false, search])
  })
})

describe.each(['websocket', 'sse'] as const)('short cursors of a real gateway, over %s', (transport) => {
  let gateway: TestGateway
  beforeAll(async () => {
    gateway = await startTestGateway()
  })
  afterAll(() => gateway.stop())

  it('lead a client that comes back to exactly what it has not had', async () => {
    const open = async (cursor: string | null) => {
      const seen: string[] = []
      const gaps: unknown[] = []
      const connection = connect({
        channel: 'chrome-service',
        base: gateway.url,
        transport,
        cursor,
        token: () => gateway.token({ user_id: 'u1', username: 'ada', org_id: 'o1' }),
        onEvent: ({ type }) => seen.push(type),
        onGap: (gap) => gaps.push(gap),
      })
      await connection.opened
      return { connection, seen, gaps }
    }
    const emit = (type: string): Promise<unknown> => gateway.emit({ type, users: ['u1'], payload: 1 })
    const first = await open(null)
    await emit('zero')
    await emit('one')
    await expect.poll(() => first.seen).toEqual(['zero', 'one'])
    const { cursor } = first.connection
    first.connection.close()
    await emit('two')
    const second = await open(cursor)
    await expect.poll(() => second.seen).toEqual(['two'])
    expect([cursor, second.gaps]).toEqual([expect.stringMatching(/^[\w-]+\.\w+-\w+$/), []])
    second.connection.close()
  })
})
