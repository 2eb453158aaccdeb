import type { ConnectOptions, Transport } from './types.ts'

/** Returns the endpoints of the channel, by transport. @throws TypeError when the options make no absolute URL */
export function findEndpoints(options: Pick<ConnectOptions, 'url' | 'channel' | 'base' | 'eventsUrl'>): Readonly<Record<Transport, URL>> {
  const { channel, base = globalThis.location?.origin ?? '' } = options
  if (!options.url && !channel) throw new TypeError('connect() needs a url or a channel.')
  const url = options.url ?? `${base.replace(/\/$/, '')}/wss/${channel}/v1/ws`
  const websocket = new URL(url, globalThis.location?.href)
  const sse = new URL(options.eventsUrl ?? websocket.href.replace(/\/wss\/([^/]+)\/v1\/ws/, '/api/$1/v1/events'), globalThis.location?.href)
  return { websocket, sse }
}
