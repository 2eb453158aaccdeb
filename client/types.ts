/** An event as it arrives (CloudEvents 1.0, JSON format). Extension attributes are members, `cursor` and `traceparent` among them. */
export interface CloudEvent<T = unknown, Type extends string = string> {
  /** Version of CloudEvents: `1.0`. */
  readonly specversion: string
  /** Unique among the events of its source. */
  readonly id: string
  /** URI reference of the service that emitted the event. */
  readonly source: string
  /** Kind of the event, such as `order.shipped`. */
  readonly type: Type
  /** Time of RFC 3339. */
  readonly time?: string
  /** Thing that the event is about, within its source. */
  readonly subject?: string
  /** Media type of `data`; JSON without one. */
  readonly datacontenttype?: string
  /** URI of the schema of `data`. */
  readonly dataschema?: string
  /** Content of the event. */
  readonly data?: T
  /** Cursor for resuming after this event: opaque, for `ConnectOptions.cursor`. */
  readonly cursor?: string
  readonly [extension: string]: unknown
}

/** Types of the events of a map: its keys. Any type, when the map is just `object`. */
export type EventType<Events extends object> = [keyof Events] extends [never] ? string : keyof Events & string

/**
 * Event of a map, whose keys are the types of events and whose values are their data. Without `Type`, any of the map's events: `type` tells
 * them apart. The map is the promise of the service that emits; the client does not check it.
 */
export type EventOf<Events extends object, Type extends string = EventType<Events>> = {
  [Name in Type]: CloudEvent<DataOf<Events, Name>, Name> & { readonly data: DataOf<Events, Name> }
}[Type]

/** Data of a type of events; unknown when the map is just `object`. */
export type DataOf<Events extends object, Type extends string> = Type extends keyof Events ? Events[Type] : unknown

/** Way on which events travel. `sse` stands for Server-Sent Events. */
export type Transport = 'websocket' | 'sse'

/** Options of `connect()`. `url` or `channel` is needed, and all others have a default. */
export interface ConnectOptions<Events extends object = object> {
  /** The WebSocket endpoint, as `wss://host/wss/NAME/v1/ws`. http and https work too, and relative URLs in a page. Or give `channel`. */
  readonly url?: string
  /** The channel's name: the endpoints are then `<base>/wss/NAME/v1/ws` and `<base>/api/NAME/v1/events`. */
  readonly channel?: string
  /** URL of the gateway, before the paths of the channel. @default the page's origin */
  readonly base?: string
  /** The SSE endpoint. @default from `url` or `channel`, with `/api/NAME/v1/events` as its path */
  readonly eventsUrl?: string
  /**
   * Returns a fresh token before each connection: the token alone, without `Bearer `. It travels as subprotocol `bearer.<token>` or as
   * `Authorization` header, never in the URL. Without it, or with an empty result, the cookie identifies the user. When it rejects, the
   * client calls it again after a back-off.
   */
  readonly token?: () => string | null | undefined | Promise<string | null | undefined>
  /** Cursor of an earlier page or process to resume from. Without one, delivery begins at the cursor of `storage`, or now. `earliest`: at the oldest event that the gateway holds. */
  readonly cursor?: string | null
  /**
   * Keeps the cursor over a reload, as `sessionStorage` does: one entry for each endpoint, which the next cursor replaces. The client writes
   * after the handlers of an event have returned. `connect()` throws what `getItem` throws; `onError` gets what `setItem` throws.
   */
  readonly storage?: CursorStorage
  /** Called with each event, once and in order, before the handlers of `connection.on`. */
  readonly onEvent?: (event: EventOf<Events>) => void
  /** Called when events are lost: fetch the current state. Delivery continues from `connection.cursor`. */
  readonly onGap?: (gap: Gap) => void
  /** Called with each new state of the connection. Without it, a connection that is closed finally is reported to `onError`. */
  readonly onStateChange?: (state: ConnectionState) => void
  /** Called with control events (`dev.carillon.*`), for display; the client has acted on them already. */
  readonly onControl?: (event: CloudEvent) => void
  /**
   * Called with an error for a message that is not an event, and with errors of callbacks; neither ends the connection. Without
   * `onStateChange` also called once when the connection is closed finally, with the reason. @default console.error
   */
  readonly onError?: (error: unknown) => void
  /** `auto`: WebSocket; SSE where there are none or where they never get through, and back as soon as they do. @default 'auto' */
  readonly transport?: 'auto' | Transport
  /** The longest pause between two attempts, in milliseconds. @default 30000 */
  readonly maxBackoffMs?: number
  /** Time in which a connection must open, in milliseconds. @default 10000 */
  readonly openTimeoutMs?: number
  /** Interval of new WebSocket attempts while on SSE, in milliseconds. @default 300000 */
  readonly probeIntervalMs?: number
  /** WebSocket to connect with. @default the global WebSocket */
  readonly WebSocket?: WebSocketConstructor
  /** `fetch` to read event streams with. @default the global fetch */
  readonly fetch?: Fetch
}

/** What the client uses of a `Storage` of the DOM. */
export interface CursorStorage {
  /** Returns the value of a key, or null. */
  getItem(key: string): string | null
  /** Keeps the value of a key, in place of an earlier one. */
  setItem(key: string, value: string): void
}

/** Type of the global WebSocket; a loose one where neither the DOM's types nor those of Node.js are loaded. */
export type WebSocketConstructor = typeof globalThis extends { WebSocket: infer Global }
  ? Global
  : new (url: string, protocols: string[]) => object
/** Type of the global fetch; a loose one where neither the DOM's types nor those of Node.js are loaded. */
export type Fetch = typeof globalThis extends { fetch: infer Global } ? Global : (url: string, init: object) => Promise<object>

/** Connection to a channel, as `connect()` returns it. */
export interface Connection {
  /** Cursor of the next connection: the one after the newest event or bookmark; null before the first. */
  readonly cursor: string | null
  /** State at this moment. `onStateChange` is called with each new one. */
  readonly state: ConnectionState
  /** Resolves when the gateway has admitted this client, at once if it has. Rejects when the connection is closed finally. */
  readonly opened: Promise<void>
  /**
   * Calls a handler with each event of a type from now on, once and in order. A handler that is added twice is called twice.
   * @returns a function that removes the handler; a second call changes nothing
   */
  on(type: string, handler: (event: CloudEvent) => void): () => void
  /** Ends the connection finally; no callback is called, and no timer is left, afterwards. A second call changes nothing. */
  close(): void
  /** Drops the connection, if there is one, and connects at once, from the cursor; also after `closed`. */
  reconnect(): void
}

/** Connection that knows its events. A variable of the type `Connection` takes it. */
export interface TypedConnection<Events extends object> extends Connection {
  on<Type extends EventType<Events>>(type: Type, handler: (event: EventOf<Events, Type>) => void): () => void
}

/** State of a connection: connecting, open, waiting for the next attempt, or closed. */
export type ConnectionState =
  | { readonly kind: 'connecting'; readonly transport: Transport }
  /** The gateway has admitted this client. */
  | { readonly kind: 'open'; readonly transport: Transport }
  /** The connection ended, or did not open; the next attempt is planned. `code` is the close code, or the HTTP status of a refusal. */
  | { readonly kind: 'waiting'; readonly code: number; readonly reason: string; readonly retryInMs: number }
  /** No more attempts: `close()` was called (code 1000), or the gateway said not to come back (`reconnect()` still works). */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }

/** Report that events are lost for this client. Fetch the current state when it arrives. */
export interface Gap {
  /** Reason of the gateway (docs/protocol.md), or `bad-cursor`: the gateway refused the cursor, and delivery began at the latest event. */
  readonly reason: string
}
