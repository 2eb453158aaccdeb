import type { CloudEvent, DataOf, EventOf, EventType, Fetch, WebSocketConstructor } from './types.ts'

/**
 * `@carillon/client/testing`: a gateway in memory, for tests of pages and services that receive events. It serves the client's WebSockets,
 * keeps the last 1,000 events, and answers cursors as the real one does. It checks no token and no audience.
 */
export interface MemoryGateway<Events extends object = object> {
  /** Options for `connect()`, to spread over those of the application. */
  readonly options: { readonly base: string; readonly WebSocket: WebSocketConstructor; readonly fetch: Fetch }
  /** Open connections, oldest first. */
  readonly connections: readonly MemoryConnection[]
  /** Delivers an event to every open connection before it returns, and keeps it for those that resume. */
  emit<Type extends EventType<Events>>(type: Type, data: DataOf<Events, Type>, attributes?: EventAttributes): EventOf<Events, Type>
  /** Sends a gap to every open connection. @param reason as in docs/protocol.md @default 'too-slow' */
  gap(reason?: string): void
  /** Ends every open connection. @param code 1006, like a network that is gone, or a close code of docs/protocol.md @default 1006 */
  close(code?: number, reason?: string): void
  /** Closes each new connection with a code, as the real gateway refuses a token with 4001, until `accept()`. */
  refuse(code: number, reason?: string): void
  /** Accepts new connections again, after `refuse()`. */
  accept(): void
}

/** Connection of a client to a gateway in memory. */
export interface MemoryConnection {
  /** URL that the client opened, with its query. */
  readonly url: string
  /** Token that the client sent; null when it sent none. */
  readonly token: string | null
}

/** Attributes that a test may set; those that it leaves out have a value of their own. */
export interface EventAttributes {
  /** Unique among the events of its source. @default `event-1`, `event-2` and so on */
  readonly id?: string
  /** URI reference of the service that emits. @default 'urn:carillon:memory' */
  readonly source?: string
  /** Thing that the event is about. */
  readonly subject?: string
  /** Time of RFC 3339. */
  readonly time?: string
  readonly [extension: string]: unknown
}

const maxEvents = 1_000
const base = 'http://carillon.test'
const cursorOf = (count: number): string => `memory-${count}`

/** Creates a gateway in memory, without events. */
export function createMemoryGateway<Events extends object = object>(): MemoryGateway<Events> {
  const sockets = new Set<MemorySocket>()
  let events: readonly CloudEvent[] = []
  /** Number of all events until now; the newest cursor has it. */
  let count = 0
  let refusal: Refusal | null = null

  /** Open sockets at this moment: handlers may open and close others. */
  const open = (): readonly MemorySocket[] => [...sockets]

  const control = (type: string, data: object): CloudEvent => ({
    specversion: '1.0',
    id: `${type}-${count}`,
    source: 'urn:carillon:channel:memory',
    type: `dev.carillon.${type}`,
    data,
    cursor: cursorOf(count),
  })

  /** Answers the cursor of a new connection, as docs/protocol.md says. */
  const resume = (socket: MemorySocket): void => {
    const cursor = new URL(socket.url).searchParams.get('cursor') ?? 'latest'
    const seen = cursor === 'latest' ? count : cursor === 'earliest' ? count - events.length : Number(/^memory-(\d+)$/.exec(cursor)?.[1])
    if (!(seen <= count)) return socket.end(4005, 'The cursor is not of this channel.')
    const missed = count - seen
    const replayed = missed > events.length ? [] : events.slice(events.length - missed)
    for (const event of replayed) socket.say(event)
    if (replayed.length < missed) socket.say(control('gap', { reason: 'too-old' }))
    else socket.say(control('resumed', { replayed: missed }))
  }

  const admit = (socket: MemorySocket): void => {
    socket.open()
    if (refusal !== null) return socket.end(refusal.code, refusal.reason)
    sockets.add(socket)
    resume(socket)
  }

  class OpeningSocket extends MemorySocket {
    constructor(url: string, protocols: readonly string[]) {
      super(url, protocols, () => sockets.delete(this))
      // Not before the client has its handlers.
      queueMicrotask(() => this.isClosed || admit(this))
    }
  }

  return {
    options: {
      base,
      // True for the client's use: the constructor, close() and the four events.
      WebSocket: OpeningSocket as unknown as WebSocketConstructor,
      fetch: () => Promise.reject(new TypeError('The memory gateway has no SSE: leave out the option `transport`.')),
    },
    get connections() {
      return open().map(({ url, token }) => ({ url, token }))
    },
    emit: (type, data, attributes = {}) => {
      count += 1
      const event = {
        specversion: '1.0',
        id: `event-${count}`,
        source: 'urn:carillon:memory',
        ...attributes,
        type,
        data,
        cursor: cursorOf(count),
      }
      events = [...events, event].slice(-maxEvents)
      for (const socket of open()) socket.say(event)
      // Of this shape by the parameters.
      return event as EventOf<Events, typeof type>
    },
    gap: (reason = 'too-slow') => {
      for (const socket of open()) socket.say(control('gap', { reason }))
    },
    close: (code = 1006, reason = '') => {
      for (const socket of open()) socket.end(code, reason)
    },
    refuse: (code, reason = '') => {
      refusal = { code, reason }
    },
    accept: () => {
      refusal = null
    },
  }
}

interface Refusal {
  readonly code: number
  readonly reason: string
}

/** The client's side of a socket, with the gateway's actions beside it. */
class MemorySocket extends EventTarget {
  readonly url: string
  readonly token: string | null
  isClosed = false
  readonly #left: () => void

  /** @param left called once, when either side has closed it */
  constructor(url: string, protocols: readonly string[], left: () => void) {
    super()
    this.url = String(url)
    this.token = protocols.find((each) => each.startsWith('bearer.'))?.slice('bearer.'.length) ?? null
    this.#left = left
  }

  close(): void {
    this.isClosed = true
    this.#left()
  }

  open(): void {
    this.dispatchEvent(new Event('open'))
  }

  say(event: CloudEvent): void {
    if (!this.isClosed) this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(event) }))
  }

  end(code: number, reason: string): void {
    this.close()
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }
}
