/** An event as it arrives (CloudEvents 1.0, JSON format). Extension attributes are members, `cursor` and `traceparent` among them. */
export interface CloudEvent<T = unknown> {
  readonly specversion: string
  readonly id: string
  readonly source: string
  readonly type: string
  /** RFC 3339. */
  readonly time?: string
  readonly subject?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly data?: T
  /** Where to resume after this event: opaque, for `ConnectOptions.cursor`. */
  readonly cursor?: string
  readonly [extension: string]: unknown
}

export type Transport = 'websocket' | 'sse'

export interface ConnectOptions<T = unknown> {
  /** The WebSocket endpoint, as `wss://host/wss/NAME/v1/ws` (http and https, and in a page relative URLs, are taken too). Or give `channel`. */
  readonly url?: string
  /** The channel's name: the endpoints are then `<base>/wss/NAME/v1/ws` and `<base>/api/NAME/v1/events`. */
  readonly channel?: string
  /** @default the page's origin */
  readonly base?: string
  /** The SSE endpoint. @default what `url` or `channel` say, with `/api/NAME/v1/events` as its path */
  readonly eventsUrl?: string
  /**
   * Gives a fresh token before each connection. It is the token alone, without `Bearer `. It travels as subprotocol `bearer.<token>` or as `Authorization` header, never in the URL.
   * Left out, or resolved empty: the cookie is who the user is. When it rejects, it is asked again after a back-off.
   */
  readonly token?: () => string | null | undefined | Promise<string | null | undefined>
  /** Where to resume: a cursor from an earlier page or process. Without one, delivery begins now. */
  readonly cursor?: string | null
  /** Each event, once and in order. */
  readonly onEvent: (event: CloudEvent<T>) => void
  /** Events are lost for good: fetch the current state. Delivery goes on from `connection.cursor`. */
  readonly onGap?: (gap: Gap) => void
  readonly onStateChange?: (state: ConnectionState) => void
  /** Control events (`dev.carillon.*`), for those who want to show them; the client has acted on them already. */
  readonly onControl?: (event: CloudEvent) => void
  /**
   * Called with a message that is no event, and with an error that a callback throws; neither ends the connection. Without `onStateChange` also, once, that the
   * connection is closed for good, and why. @default console.error
   */
  readonly onError?: (error: unknown) => void
  /** `auto`: WebSocket; SSE where WebSockets never get through, and back as soon as they do. @default 'auto' */
  readonly transport?: 'auto' | Transport
  /** The longest pause between two attempts, in milliseconds. @default 30000 */
  readonly maxBackoffMs?: number
  /** How long a connection may take to open, in milliseconds. @default 10000 */
  readonly openTimeoutMs?: number
  /** While on SSE, how often WebSockets are tried anew, in milliseconds. @default 300000 */
  readonly probeIntervalMs?: number
  /** @default the global WebSocket */
  readonly WebSocket?: typeof globalThis.WebSocket
  /** @default the global fetch */
  readonly fetch?: typeof globalThis.fetch
}

export interface Connection {
  /** Where the next connection would resume: the cursor after the newest event or bookmark; null before the first. */
  readonly cursor: string | null
  readonly state: ConnectionState
  /** Ends it for good; nothing is called, and no timer is left, afterwards. Calling it again changes nothing. */
  close(): void
  /** Drops the connection, if there is one, and connects at once, from the cursor; also after `closed`. */
  reconnect(): void
}

export type ConnectionState =
  | { readonly kind: 'connecting'; readonly transport: Transport }
  /** The gateway has admitted this client. */
  | { readonly kind: 'open'; readonly transport: Transport }
  /** The connection ended, or did not open; the next attempt is planned. `code` is the close code, or the HTTP status of a refusal. */
  | { readonly kind: 'waiting'; readonly code: number; readonly reason: string; readonly retryInMs: number }
  /** No more attempts: `close()` was called (code 1000), or the gateway said not to come back (`reconnect()` tries again all the same). */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }

export interface Gap {
  /** As the gateway says (docs/protocol.md), or `bad-cursor`: the cursor was refused, and delivery began anew. */
  readonly reason: string
}
