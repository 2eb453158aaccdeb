import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connect } from './index.ts'
import { createFetchDouble } from './testing/fetch-double.ts'
import { anEvent, control, createWebSocketDoubles, type SocketDouble } from './testing/web-socket-double.ts'

afterEach(() => {
  vi.useRealTimers()
})

/** Steps, in any order. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('emit' as const), times: fc.integer({ min: 1, max: 5 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      code: fc.constantFrom(1000, 1001, 1006, 1012, 4100, 4103, 4106, 4200, 4201, 4204),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), back: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('garbage' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('renew' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reconnect' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 8000 }) }) },
)

/** A gateway in thirty lines: a replay log, and sockets that are served from their cursor, or from some events before it now and then. */
class GatewayDouble {
  readonly log: string[] = []
  readonly #live = new Set<SocketDouble>()
  readonly #slack: () => number
  readonly doubles = createWebSocketDoubles((socket) => setTimeout(() => this.#admit(socket), 5))

  /**
   *
   * @param slack number of events before the cursor that are sent again
   */
  constructor(slack: () => number) {
    this.#slack = slack
  }

  #admit(socket: SocketDouble): void {
    if (socket.isClosed) return
    socket.open()
    const from = socket.cursor === 'latest' ? this.log.length : Number(socket.cursor)
    const start = Math.max(0, from - this.#slack())
    for (let at = start; at < this.log.length; at += 1) this.#send(socket, at)
    socket.say(control('resumed', { replayed: this.log.length - start }, String(this.log.length)))
    this.#live.add(socket)
  }

  #send(socket: SocketDouble, at: number): void {
    if (!socket.isClosed) socket.say(anEvent(this.log[at] ?? '', String(at + 1)))
  }

  emit(): void {
    this.log.push(`e${this.log.length}`)
    for (const socket of this.#live) this.#send(socket, this.log.length - 1)
  }

  /** A duplicate of the producer: the same event once more, later. */
  repeat(back: number): void {
    const id = this.log.at(-back)
    if (id !== undefined) for (const socket of this.#live) if (!socket.isClosed) socket.say(anEvent(id, String(this.log.length)))
  }

  say(message: object | string): void {
    for (const socket of this.#live) if (!socket.isClosed) socket.say(message)
  }

  cut(code: number): void {
    for (const socket of this.#live) if (!socket.isClosed) socket.end(code)
    this.#live.clear()
  }
}

describe('the client, under random schedules', () => {
  it('delivers exactly what was emitted, in order, once', async () => {
    vi.useFakeTimers()
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat(4)), async (steps, slacks) => {
        const gateway = new GatewayDouble(() => slacks.next().value ?? 0)
        const received: string[] = []
        const gaps: unknown[] = []
        const connection = connect({
          url: 'ws://gateway.test/wss/test/v1/ws',
          cursor: '0',
          WebSocket: gateway.doubles.WebSocket,
          fetch: createFetchDouble().fetch,
          token: () => 'token',
          onEvent: (event) => received.push(event.id),
          onGap: (gap) => gaps.push(gap),
          onError: () => {},
        })
        for (const action of steps) {
          if (action.kind === 'emit') for (let n = 0; n < action.times; n += 1) gateway.emit()
          else if (action.kind === 'cut') gateway.cut(action.code)
          else if (action.kind === 'repeat') gateway.repeat(action.back)
          else if (action.kind === 'garbage') gateway.say('{"type":')
          else if (action.kind === 'renew') gateway.say(control('token-expiring', { expiresInMs: 30_000 }))
          else if (action.kind === 'reconnect') connection.reconnect()
          else await vi.advanceTimersByTimeAsync(action.ms)
        }
        await vi.advanceTimersByTimeAsync(120_000)
        expect(received).toEqual(gateway.log)
        expect(gaps).toEqual([])
        expect(connection.state.kind).toBe('open')
        connection.close()
        expect(vi.getTimerCount()).toBe(0)
        expect(gateway.doubles.sockets.every(({ isClosed }) => isClosed)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
