/**
 * The Carillon client receives the events of a channel in a browser or in Node 22 and later, and loses none of them on the way. It has no
 * dependencies. docs/protocol.md has its protocol, docs/browser.md its use.
 */
import { Client } from './client.ts'
import type { ConnectOptions, Connection } from './types.ts'

/**
 * Connects to a channel, and stays connected until `close()` or until the gateway says that reconnecting is of no use.
 *
 * @throws TypeError when neither `url` nor `channel` is given, or when they make no absolute URL. Callbacks get everything else.
 */
export function connect<T = unknown>(options: ConnectOptions<T>): Connection {
  return new Client<T>(options)
}

export type { CloudEvent, Connection, ConnectionState, ConnectOptions, Fetch, Gap, Transport, WebSocketConstructor } from './types.ts'
