/**
 * The Carillon client receives the events of a channel in a browser or in Node.js, and loses none of them on the way. It has no
 * dependencies. docs/protocol.md has its protocol, docs/browser.md its use.
 */
import { Client } from './client.ts'
import type { ConnectOptions, TypedConnection } from './types.ts'

/**
 * Connects to a channel, and stays connected until `close()` or until the gateway says that reconnecting is of no use.
 *
 * `Events` maps the types of events to their data: `connect<{ 'order.shipped': Order }>(...)`.
 *
 * @throws TypeError when neither `url` nor `channel` is given, when they make no absolute URL, or when `transport` is `websocket` in a
 * runtime without WebSockets. Callbacks get everything else.
 */
export function connect<Events extends object = object>(options: ConnectOptions<Events>): TypedConnection<Events> {
  return new Client<Events>(options)
}

export type {
  CloudEvent,
  Connection,
  ConnectionState,
  ConnectOptions,
  CursorStorage,
  DataOf,
  EventOf,
  EventType,
  Fetch,
  Gap,
  Transport,
  TypedConnection,
  WebSocketConstructor,
} from './types.ts'
