import { isNarrowable, passes } from './match-filters.ts'
import type { Filter } from './filters.ts'
import type { CloudEvent, DataOf, EventOf, EventType, Fetch, WebSocketConstructor } from './types.ts'

/**
 * `@carillon/client/testing`: a gateway in memory, for tests of pages and services that receive events. It serves the client's WebSockets,
 * keeps the last 1,000 events, and answers cursors as the real one does. It takes events, tokens and filters of clients (docs/protocol.md, section 5.1). It
 * checks no token and no audience, and knows no CloudEvents SQL.
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
  /** Events that clients have sent and that were acknowledged, oldest first, each id once. */
  readonly sends: readonly CloudEvent[]
  /** Refuses events of clients: for now with `retryAfterMs`, finally without, until `acceptSends()`. */
  refuseSends(refusal: SendRefusal): void
  /** Takes events and does not acknowledge them, as if the network had lost the answers, until `acceptSends()`. */
  loseAnswers(): void
  /** Acknowledges events again. */
  acceptSends(): void
}

/** Options of `createMemoryGateway()`. */
export interface MemoryGatewayOptions {
  /** What the gateway names in `dev.carillon.resumed`. @default all: filters, token, subscribe and send */
  readonly features?: readonly string[]
  /** Most events that are kept for clients that resume. @default 1000 */
  readonly maxEvents?: number
}

/** Data of `dev.carillon.nack`. */
export interface SendRefusal {
  /** A problem of docs/reference/problems.md. @default 'urn:carillon:problem:forbidden' */
  readonly type?: string
  /** @default 'The test refuses it.' */
  readonly detail?: string
  /** Time after which the event may be sent again, in milliseconds; without it, the refusal is final. */
  readonly retryAfterMs?: number
}

/** Connection of a client to a gateway in memory. */
export interface MemoryConnection {
  /** URL that the client opened, with its query. */
  readonly url: string
  /** Token that the client sent last; null when it sent none. */
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

const base = 'http://carillon.test'
const cursorOf = (count: number): string => `memory-${count}`

/** Creates a gateway in memory, without events. */
export function createMemoryGateway<Events extends object = object>({
  features = ['filters', 'token', 'subscribe', 'send'],
  maxEvents = 1_000,
}: MemoryGatewayOptions = {}): MemoryGateway<Events> {
  const sockets = new Set<MemorySocket>()
  const sent = new Map<string, CloudEvent>()
  let answerSend: SendRefusal | 'ack' | 'nothing' = 'ack'
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
    for (const event of replayed) socket.deliver(event)
    if (replayed.length < missed) socket.say(control('gap', { reason: 'too-old', features }))
    else socket.say(control('resumed', { replayed: missed, features }))
  }

  const takeSend = (event: CloudEvent): CloudEvent | null => {
    if (answerSend !== 'ack' && answerSend !== 'nothing')
      return withoutCursor(
        control('nack', { id: event.id, type: 'urn:carillon:problem:forbidden', detail: 'The test refuses it.', ...answerSend }),
      )
    // As the real one writes an id of a user once.
    if (!sent.has(event.id)) sent.set(event.id, event)
    return answerSend === 'nothing' ? null : withoutCursor(control('ack', { id: event.id }))
  }

  /** Answers a frame of a client. @returns null: no answer comes */
  const answer = (socket: MemorySocket, event: CloudEvent): CloudEvent | null => {
    const { id, type, data } = event
    const refuse = (problem: string, detail: string): CloudEvent => control('nack', { id, type: `urn:carillon:problem:${problem}`, detail })
    // What the client sends is of this shape; what it sends by mistake is refused by the real gateway.
    const { token = null, filters = [] } = Object(data) as { readonly token?: string; readonly filters?: readonly Filter[] }
    if (type === 'dev.carillon.token') {
      if (refusal !== null) return refuse('unauthenticated', refusal.reason)
      socket.token = token
      return control('token-accepted', { id, expiresInMs: null })
    }
    if (type === 'dev.carillon.subscribe') {
      if (!isNarrowable(filters))
        return refuse('bad-filters', 'The memory gateway knows the dialects exact, prefix, suffix, all, any and not.')
      socket.filters = filters
      return control('subscribed', { id })
    }
    return type.startsWith('dev.carillon.') ? refuse('unknown-command', 'There is no such command.') : takeSend(event)
  }

  const hear = (socket: MemorySocket, text: string): void =>
    // The real one answers later.
    queueMicrotask(() => {
      const given = socket.isClosed ? null : answer(socket, JSON.parse(text) as CloudEvent) // a test's own client
      if (given !== null) socket.say({ ...given, id: `${given.type}-${(answers += 1)}` })
    })
  let answers = 0

  const admit = (socket: MemorySocket): void => {
    socket.open()
    if (refusal !== null) return socket.end(refusal.code, refusal.reason)
    sockets.add(socket)
    resume(socket)
  }

  class OpeningSocket extends MemorySocket {
    constructor(url: string, protocols: readonly string[]) {
      super(url, protocols, { left: () => sockets.delete(this), heard: (text) => hear(this, text) })
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
      for (const socket of open()) socket.deliver(event)
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
    get sends() {
      return [...sent.values()]
    },
    refuseSends: (given) => {
      answerSend = given
    },
    loseAnswers: () => {
      answerSend = 'nothing'
    },
    acceptSends: () => {
      answerSend = 'ack'
    },
  }
}

interface Refusal {
  readonly code: number
  readonly reason: string
}

interface SocketHandlers {
  readonly left: () => void
  readonly heard: (text: string) => void
}

const withoutCursor = (event: CloudEvent): CloudEvent => {
  const { cursor, ...others } = event
  return cursor === undefined ? event : others
}

/** The client's side of a socket, with the gateway's actions beside it. */
class MemorySocket extends EventTarget {
  readonly url: string
  token: string | null
  filters: readonly Filter[]
  isClosed = false
  readonly #heard: (text: string) => void
  readonly #left: () => void

  /** @param handlers `left` is called when either side has closed it, `heard` with each message of the client */
  constructor(url: string, protocols: readonly string[], { left, heard }: SocketHandlers) {
    super()
    this.url = String(url)
    this.token = protocols.find((each) => each.startsWith('bearer.'))?.slice('bearer.'.length) ?? null
    // The parameter is written by the client's own code.
    this.filters = JSON.parse(new URL(this.url).searchParams.get('filters') ?? '[]') as readonly Filter[]
    this.#left = left
    this.#heard = heard
  }

  send(text: string): void {
    if (!this.isClosed) this.#heard(text)
  }

  close(): void {
    this.isClosed = true
    this.#left()
  }

  open(): void {
    this.dispatchEvent(new Event('open'))
  }

  /** Delivers an event, if the filters hold. */
  deliver(event: CloudEvent): void {
    if (passes(this.filters, event)) this.say(event)
  }

  say(event: CloudEvent): void {
    if (!this.isClosed) this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(event) }))
  }

  end(code: number, reason: string): void {
    this.close()
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }
}
