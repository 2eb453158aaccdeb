import { channelPaths as pathsOfGateway } from '../../gateway/config/channel-paths.ts'
import type { StoredSpec } from './realtime-channel.ts'

/** Parts of a channel that decide its names. */
export interface Named {
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec: Pick<StoredSpec, 'topic' | 'route' | 'upstream'>
}

/** Returns the topic of a channel: the one that it names, else NAMESPACE.NAME. */
export function topicNameOf({ metadata, spec }: Named): string {
  return spec.topic.name ?? `${metadata.namespace ?? ''}.${metadata.name}`
}

/** Returns the topic of a channel's dead letters: the one that it names, else its topic's name with `.dlq` appended; null when it wants none. */
export function deadLetterTopicOf(channel: Named): string | null {
  const { enabled, name } = channel.spec.topic.deadLetters
  return enabled ? (name ?? `${topicNameOf(channel)}.dlq`) : null
}

/** Returns the topic of the events that browsers send: the one that the channel names, else its topic's name with `.upstream` appended; null when it takes none. */
export function upstreamTopicOf(channel: Named): string | null {
  const { upstream } = channel.spec
  return upstream === undefined ? null : (upstream.topic.name ?? `${topicNameOf(channel)}.upstream`)
}

/** Returns the topic of a channel's revocations: the one that it names, else its topic's name with `.control` appended; null when it wants none. */
export function controlTopicOf(channel: Named): string | null {
  const { enabled, name } = channel.spec.topic.control
  return enabled ? (name ?? `${topicNameOf(channel)}.control`) : null
}

/** Returns the prefixes of a channel's paths: those that it names, else the gateway's own. */
export function channelPaths({ metadata, spec }: Named): { readonly socket: string; readonly api: string } {
  const { socket = '', api = '' } = spec.route.paths
  const { socketPrefix, apiPrefix } = pathsOfGateway({ channel: metadata.name, socketPathPrefix: socket, apiPathPrefix: api })
  return { socket: socketPrefix, api: apiPrefix }
}

/** Returns the paths that a route leads to a channel: the one path of the WebSocket, and the prefix of the HTTP API. */
export function routePaths({ metadata, spec }: Named): { readonly socket: string; readonly api: string } {
  const { socket = '', api = '' } = spec.route.paths
  const paths = pathsOfGateway({ channel: metadata.name, socketPathPrefix: socket, apiPathPrefix: api })
  return { socket: paths.socket, api: paths.apiPrefix }
}

/** Returns the URLs at which browsers connect and services emit by the channel's route; null when it asks for no route. */
export function routeUrls(channel: Named): { readonly socket: string; readonly api: string } | null {
  const { type, host, tls } = channel.spec.route
  if (type === 'None' || host === undefined) return null
  const { socket, api } = routePaths(channel)
  const secure = tls === undefined ? '' : 's'
  return { socket: `ws${secure}://${host}${socket}`, api: `http${secure}://${host}${api}/v1` }
}
