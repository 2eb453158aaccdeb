import type { Options } from './options.ts'

export type ChannelPathOptions = Pick<Options, 'channel' | 'socketPathPrefix' | 'apiPathPrefix'>

/** Paths of a channel on the public port: docs/protocol.md, section 1. */
export interface ChannelPaths {
  /** A route in front of the gateway must send everything below the two prefixes to it. */
  readonly socketPrefix: string
  readonly apiPrefix: string
  /** Path of the WebSocket. */
  readonly socket: string
  /** Path above `/events`, `/emit-message` and `/openapi.json`. */
  readonly api: string
}

/** Returns the paths of a channel. No other code builds them. */
export function channelPaths({ channel, socketPathPrefix, apiPathPrefix }: ChannelPathOptions): ChannelPaths {
  const socketPrefix = socketPathPrefix === '' ? `/wss/${channel}` : socketPathPrefix
  const apiPrefix = apiPathPrefix === '' ? `/api/${channel}` : apiPathPrefix
  return { socketPrefix, apiPrefix, socket: `${socketPrefix}/v1/ws`, api: `${apiPrefix}/v1` }
}
