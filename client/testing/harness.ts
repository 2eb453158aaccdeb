import { vi } from 'vitest'
import { connect, type CloudEvent, type Connection, type ConnectionState, type ConnectOptions } from '../index.ts'
import { createFetchDouble, type FetchDouble } from './fetch-double.ts'
import { createWebSocketDoubles, type WebSocketDoubles } from './web-socket-double.ts'

/**
 * The client with test doubles at its other end, fake time, a random source that always gives the middle, and a record of its callbacks.
 */
export interface Harness {
  readonly doubles: WebSocketDoubles
  readonly streams: FetchDouble
  readonly received: string[]
  readonly states: ConnectionState[]
  readonly errors: unknown[]
  readonly gaps: string[]
  /** Connects, and lets the first attempt begin. */
  start(options?: Overrides): Promise<Connection>
  /** Three WebSockets fail, and SSE follows. */
  startBlocked(options?: Overrides): Promise<Connection>
  /** Restores real time. @throws when the client left a timer behind */
  stop(): void
}

/** Options that replace the harness's own; undefined removes one. */
export type Overrides = { readonly [Name in keyof ConnectOptions]?: ConnectOptions[Name] | undefined }

export const gatewayUrl = 'ws://gateway.test/wss/test/v1/ws'

export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

export function createHarness(): Harness {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
  const record = { received: [] as string[], states: [] as ConnectionState[], errors: [] as unknown[], gaps: [] as string[] }
  const doubles = createWebSocketDoubles()
  const streams = createFetchDouble()
  const start = async (options: Overrides = {}): Promise<Connection> => {
    const all: Overrides = {
      url: gatewayUrl,
      WebSocket: doubles.WebSocket,
      fetch: streams.fetch,
      onEvent: (event: CloudEvent) => record.received.push(event.id),
      onGap: (gap) => record.gaps.push(gap.reason),
      onStateChange: (state) => record.states.push(state),
      onError: (error) => record.errors.push(error),
      ...options,
    }
    // Undefined options are left out, as by a caller who does not give them.
    const connection = connect(
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as ConnectOptions,
    )
    await pass(0)
    return connection
  }
  const startBlocked = async (options: Overrides = {}): Promise<Connection> => {
    const connection = await start(options)
    for (const pause of [500, 1000, 2000]) {
      doubles.last().fail()
      await pass(pause)
    }
    return connection
  }
  return { ...record, doubles, streams, start, startBlocked, stop }
}

function stop(): void {
  const timers = vi.getTimerCount()
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  if (timers > 0) throw new Error(`${timers} timers were left behind.`)
}
