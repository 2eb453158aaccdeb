/**
 * `@carillon/client/send`: the client, which also sends events, renews its token on the connection and changes its filters there
 * (docs/protocol.md, section 5.1). It works over WebSocket and over SSE.
 */
import type { SendingConnection, SendingOptions } from './send-types.ts'
import { SendingClient } from './send/sending-client.ts'

/**
 * Connects as `connect` of `@carillon/client` does, with the same options and one more.
 *
 * `Events` maps the types of events that arrive to their data, `Sends` those that the page sends.
 *
 * @throws TypeError as `connect` does
 */
export function connect<Events extends object = object, Sends extends object = object>(
  options: SendingOptions<Events>,
): SendingConnection<Events, Sends> {
  return new SendingClient<Events, Sends>(options)
}

export { SendError } from './send-error.ts'
export type { AttributeTexts, Filter } from './filters.ts'
export type { OutboxOptions, OutboxView, SendingConnection, SendingOptions, SendOptions, SendSignal } from './send-types.ts'
