import type { RealtimeChannel } from '../api/v1alpha1/realtime-channel.ts'

/** What of a channel is needed for its names. */
type Named = Pick<RealtimeChannel, 'metadata' | 'spec'>

/** The topic of a channel: the one that it names, else NAMESPACE.NAME. */
export function topicNameOf({ metadata, spec }: Named): string {
  return spec.topic.name ?? `${metadata.namespace ?? ''}.${metadata.name}`
}

/** The prefixes of the paths under which a channel is served. */
export function channelPaths({ metadata, spec }: Named): { readonly socket: string; readonly api: string } {
  return { socket: spec.route.paths.socket ?? `/wss/${metadata.name}`, api: spec.route.paths.api ?? `/api/${metadata.name}` }
}
