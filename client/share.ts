/**
 * `@carillon/client/share`: the client that sends, with one connection for all tabs of an origin, a channel and a user. One tab has the connection and
 * passes on what it brings; another one takes over when that tab goes away or stands still.
 */
import type { SendingConnection } from './send-types.ts'
import { SendingClient } from './send/sending-client.ts'
import type { SharingOptions } from './share-types.ts'
import { runtimePlace } from './share/place.ts'
import { namelessUser, SharedConnection } from './share/shared-connection.ts'

/**
 * Connects as `connect` of `@carillon/client/send` does. With `share: true`, tabs whose endpoint and user are the same have one connection together. A
 * runtime without Web Locks or `BroadcastChannel` has a connection for each.
 *
 * @throws TypeError as `connect` does, and for `share` with neither `user` nor `token`
 */
export function connect<Events extends object = object, Sends extends object = object>(
  options: SharingOptions<Events>,
): SendingConnection<Events, Sends> {
  const place = runtimePlace()
  if (options.share && !options.user && !options.token) throw namelessUser()
  if (!options.share || !place.locks || !place.BroadcastChannel) return new SendingClient<Events, Sends>(options, options.filters)
  return new SharedConnection<Events, Sends>(options, place, { maxItems: 1_000, maxBytes: 1 << 20 })
}

export { SendError } from './send-error.ts'
export type { AttributeTexts, Filter } from './filters.ts'
export type { OutboxOptions, OutboxView, SendingConnection, SendingOptions, SendOptions, SendSignal } from './send-types.ts'
export type { SharingOptions } from './share-types.ts'
