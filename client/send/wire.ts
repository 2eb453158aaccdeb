import { type Filter, withFilters } from '../filters.ts'
import type { ConnectOptions } from '../types.ts'

/**
 * The sockets and requests of a client, watched from outside: the client itself only receives, and stays small. A message is handled before the next
 * one arrives, so that the socket which spoke last is the one that delivers.
 */
export interface Wire {
  /** Options that take the place of the caller's. */
  readonly options: Pick<ConnectOptions, 'WebSocket' | 'fetch' | 'token'>
  /** Socket of the newest message. */
  readonly speaker: { send(text: string): void } | undefined
  /** Token of the newest connection. */
  readonly newestToken: string | null | undefined
  /** Filters of the next connection; undefined: those of the caller's URL. */
  filters: readonly Filter[] | undefined
}

/**
 * @param isShared tabs compare the cursors of this connection with those of another. So the gateway must name each place in one way, and not by a
 *   short cursor behind an earlier one
 */
export function createWire(
  { WebSocket = globalThis.WebSocket, fetch = globalThis.fetch, token }: Wire['options'],
  isShared: boolean,
): Wire {
  const wire: { -readonly [Name in keyof Wire]: Wire[Name] } = {
    options: {},
    speaker: undefined,
    newestToken: undefined,
    filters: undefined,
  }
  const narrowed = (given: string): string => {
    // What is left of the parameter are the short cursors of an earlier connection, which now follow the whole one.
    const url = isShared ? given.replace('&cursors=short', '') : given
    return wire.filters ? withFilters(url, wire.filters) : url
  }
  // Undefined in a runtime that has none, such as Node.js 20: its type does not say so.
  const Watched =
    WebSocket &&
    class extends WebSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(narrowed(String(url)), protocols)
        this.addEventListener('message', () => (wire.speaker = this))
      }
    }
  wire.options = {
    WebSocket: Watched,
    fetch: (url, init) => fetch(narrowed(String(url)), init),
    ...(token && { token: async () => (wire.newestToken = await token()) }),
  }
  return wire
}
