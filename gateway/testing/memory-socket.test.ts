import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { sseFraming } from '../adapters/http/sse-socket.ts'
import { websocketFraming } from '../adapters/ws/frame.ts'
import { wrapJson } from '../replay/frames.ts'
import type { Framing } from '../replay/framing.ts'
import type { SocketHandlers } from '../session/socket.ts'
import { createMemorySocket } from './memory-socket.ts'
import type { MemorySocket } from './memory-socket.ts'
import { parseStreamMessages } from '../../testing/sse.ts'
import { parseTextFrames } from '../../testing/ws-frames.ts'

const framings: readonly Framing[] = [websocketFraming, sseFraming]
const frame = (member: unknown, framing: Framing, cursor: string | null = null): Buffer =>
  wrapJson(Buffer.from(JSON.stringify({ member }).slice(0, -1)), cursor, framing)

function attached(memory: MemorySocket): { readonly [Name in keyof SocketHandlers]: ReturnType<typeof vi.fn> } {
  const handlers = { drained: vi.fn(), alive: vi.fn(), received: vi.fn(), closed: vi.fn() }
  memory.socket.attach(handlers)
  return handlers
}

describe.each(framings)('events written as $kind', (framing) => {
  it('are read back, however many a write joins', () => {
    const events = fc.array(fc.record({ member: fc.jsonValue(), cursor: fc.option(fc.stringMatching(/^[\w-]{1,20}$/)) }), { maxLength: 12 })
    fc.assert(
      fc.property(events, fc.integer({ min: 1, max: 5 }), (given, perWrite) => {
        const memory = createMemorySocket({ framing: framing.kind })
        for (let at = 0; at < given.length; at += perWrite) {
          memory.socket.write(Buffer.concat(given.slice(at, at + perWrite).map(({ member, cursor }) => frame(member, framing, cursor))))
        }
        // Through JSON, which has no -0.
        const expected = given.map(({ member, cursor }) => ({ cursor, member: JSON.parse(JSON.stringify(member)) as unknown }))
        expect(memory.events().map(({ cursor, event }) => ({ cursor, member: event['member'] }))).toEqual(expected)
        expect(memory.writes).toHaveLength(Math.ceil(given.length / perWrite))
      }),
    )
  })

  it.each([0, 1, 100, 111, 112, 65_500, 65_521, 65_522, 200_000])('are read back at any length: %i', (length) => {
    const memory = createMemorySocket({ framing: framing.kind })
    memory.socket.write(Buffer.concat([frame('ü'.repeat(length), framing), frame('next', framing)]))
    expect(memory.events().map(({ event }) => event['member'])).toEqual(['ü'.repeat(length), 'next'])
  })
})

describe('reading frames', () => {
  it.each<[string, readonly number[], RegExp]>([
    ['masked', [0x81, 0x80, 0, 0, 0, 0], /masked/],
    ['binary', [0x82, 0], /begins with 130/],
    ['fragments', [0x01, 0], /begins with 1;/],
    ['compressed', [0xc1, 0], /begins with 193/],
    ['cut in the payload', [0x81, 5, 1], /says 5 bytes, but 1 follow/],
    ['cut in the length', [0x81, 126, 0], /breaks off in its length/],
    ['without a length', [0x81], /has no length/],
    ['longer than needed in two bytes', [0x81, 126, 0, 1, 65], /shortest form/],
    ['longer than needed in eight bytes', [0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, 65], /shortest form/],
    ['not UTF-8', [0x81, 1, 0xff], /not valid/],
  ])('refuses frames that are %s', (_what, bytes, message) => {
    expect(() => parseTextFrames(Buffer.from(bytes))).toThrow(message)
  })

  it('reads the fields of an event stream as the standard has them', () => {
    const stream = ': comment\n\nid: 1\nevent: close\ndata: {"a":1}\n\nretry: 5\n\ndata:x\ndata: y\nid\n\n'
    expect(parseStreamMessages(Buffer.from(stream))).toEqual([
      { id: '1', event: 'close', data: '{"a":1}' },
      { id: '', event: 'message', data: 'x\ny' },
    ])
    expect(() => parseStreamMessages(Buffer.from('data: x\n'))).toThrow('breaks off')
  })

  it('refuses an event stream in which the id and the cursor differ', () => {
    const memory = createMemorySocket({ framing: 'sse' })
    memory.socket.write(Buffer.from('id: a\ndata: {"cursor":"b"}\n\n'))
    expect(() => memory.events()).toThrow('the message has the id a, its event the cursor b')
  })
})

describe('a socket in memory', () => {
  it('accepts all writes while the peer reads', () => {
    const memory = createMemorySocket()
    expect([1, 2, 3].map((number) => memory.socket.write(frame(number, websocketFraming)))).toEqual([true, true, true])
    expect(memory.waitingBytes).toBe(0)
  })

  it('returns false once more than its buffer waits, and reports drained, once', () => {
    const memory = createMemorySocket({ bufferBytes: 10 })
    const { drained } = attached(memory)
    memory.congest()
    expect(memory.socket.write(Buffer.alloc(10))).toBe(true)
    expect(memory.socket.write(Buffer.alloc(1))).toBe(false)
    expect(memory.waitingBytes).toBe(11)
    memory.drain()
    memory.drain()
    expect(drained).toHaveBeenCalledTimes(1)
    expect(memory.socket.write(Buffer.alloc(100))).toBe(true)
  })

  it('reports no drain when no write was refused', () => {
    const memory = createMemorySocket({ bufferBytes: 10 })
    const { drained } = attached(memory)
    memory.congest()
    memory.socket.write(Buffer.alloc(10))
    memory.drain()
    expect(drained).not.toHaveBeenCalled()
  })

  it('lets drained write at once, and be congested again', () => {
    const memory = createMemorySocket()
    const answers: boolean[] = []
    memory.socket.attach({
      drained: () => {
        memory.congest()
        answers.push(memory.socket.write(Buffer.alloc(1)))
      },
      received: () => {},
      alive: () => {},
      closed: () => {},
    })
    memory.congest()
    memory.socket.write(Buffer.alloc(1))
    memory.drain()
    memory.drain()
    expect(answers).toEqual([false, false])
  })

  it('records the first close with its hint, calls closed once, and then no other handler', () => {
    const memory = createMemorySocket()
    const { closed, drained, alive } = attached(memory)
    memory.congest()
    memory.socket.write(Buffer.alloc(1))
    memory.socket.close('draining', { reconnectAfterMs: 50 })
    memory.socket.close('internal')
    memory.socket.terminate()
    memory.hangUp()
    memory.drain()
    memory.answerPing()
    memory.socket.ping()
    expect(memory.socket.write(Buffer.from('late'))).toBe(true)
    expect(memory.close).toEqual({ code: 'draining', hint: { reconnectAfterMs: 50 } })
    expect([closed, drained, alive].map((handler) => handler.mock.calls.length)).toEqual([1, 0, 0])
    expect([memory.writes.length, memory.pings, memory.isTerminated]).toEqual([1, 0, false])
  })

  it('is cut by terminate, and left by the peer', () => {
    const [cut, left] = [createMemorySocket(), createMemorySocket()]
    const handlers = [attached(cut), attached(left)]
    cut.socket.terminate()
    left.hangUp()
    expect(handlers.map(({ closed }) => closed.mock.calls.length)).toEqual([1, 1])
    expect([cut, left].map(({ close, isTerminated, isClosed }) => ({ close, isTerminated, isClosed }))).toEqual([
      { close: null, isTerminated: true, isClosed: true },
      { close: null, isTerminated: false, isClosed: true },
    ])
  })

  it('counts pings, and is alive when the peer answers', () => {
    const memory = createMemorySocket()
    const { alive } = attached(memory)
    memory.socket.ping()
    expect([memory.pings, alive.mock.calls.length]).toEqual([1, 0])
    memory.answerPing()
    expect(alive).toHaveBeenCalledTimes(1)
  })

  it('reports to late handlers that it has been closed', async () => {
    const memory = createMemorySocket()
    memory.hangUp()
    const { closed } = attached(memory)
    expect(closed).not.toHaveBeenCalled()
    await vi.waitFor(() => expect(closed).toHaveBeenCalledTimes(1))
  })

  it('may be attached only once', () => {
    const memory = createMemorySocket()
    attached(memory)
    expect(() => attached(memory)).toThrow('attach is called once')
  })
})
