import type { Options } from './options.ts'

export type ChannelPathOptions = Pick<Options, 'channel' | 'socketPathPrefix' | 'apiPathPrefix'>

/** Where a channel is on the public port: docs/protocol.md, section 1. */
export interface ChannelPaths {
  /** What a route in front of the gateway must send to it: everything below these two. */
  readonly socketPrefix: string
  readonly apiPrefix: string
  /** Of the WebSocket. */
  readonly socket: string
  /** Below it are `/events`, `/emit-message` and `/openapi.json`. */
  readonly api: string
}

/** The only place that knows how the paths are made. */
export function channelPaths({ channel, socketPathPrefix, apiPathPrefix }: ChannelPathOptions): ChannelPaths {
  const socketPrefix = socketPathPrefix === '' ? `/wss/${channel}` : socketPathPrefix
  const apiPrefix = apiPathPrefix === '' ? `/api/${channel}` : apiPathPrefix
  return { socketPrefix, apiPrefix, socket: `${socketPrefix}/v1/ws`, api: `${apiPrefix}/v1` }
}
